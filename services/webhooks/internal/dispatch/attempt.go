package dispatch

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/timestamp"
	"fivechat.dev/services/webhooks"
)

// attempt makes deliveries of different keys concurrently, and records their results. It returns the first error of
// recording.
func (d *Dispatcher) attempt(ctx context.Context, w webhooks.Webhook, ready []webhooks.Delivery) error {
	var side, recording sync.WaitGroup
	slots, results, failures := make(chan struct{}, perWebhook), make(chan webhooks.Result), make(chan error, len(ready)+1)
	recording.Go(func() { failures <- d.record(ctx, w, results) })
	for _, one := range ready {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		side.Go(func() {
			defer func() { <-slots }()
			failures <- d.make(ctx, w, one, results)
		})
	}
	side.Wait()
	close(results)
	recording.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// record stores the results of a webhook's attempts until there are no more: one transaction at a time, each with all
// results that arrived during the one before. Receivers' responses are recorded even if the process is stopping.
func (d *Dispatcher) record(ctx context.Context, w webhooks.Webhook, results <-chan webhooks.Result) (failed error) {
	for first := range results {
		batch := []webhooks.Result{first}
		for more := true; more && len(batch) < maxRecorded; {
			select {
			case r, open := <-results:
				if more = open; open {
					batch = append(batch, r)
				}
			default:
				more = false
			}
		}
		storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWait)
		if err := d.store.Record(storing, w.WebsiteID, w.ID, batch); err != nil && failed == nil {
			failed = err
		}
		cancel()
	}
	return failed
}

// make makes one attempt, and sends its result.
func (d *Dispatcher) make(
	ctx context.Context, w webhooks.Webhook, queued webhooks.Delivery, results chan<- webhooks.Result,
) error {
	release, err := d.memory.acquire(ctx, queued.WebsiteID, weight(queued))
	if err != nil {
		return err
	}
	defer release()
	one, err := d.load(ctx, queued)
	if fault.Is(err, fault.NotFound) {
		return nil // deleted, erased or delivered meanwhile
	}
	if err != nil {
		return err
	}
	a := d.sender.Send(ctx, w, one)
	if a.Status == 0 && ctx.Err() != nil {
		return ctx.Err() // the attempt was aborted by us
	}
	d.took.Observe(a.Took.Seconds())
	d.attempts.WithLabelValues(outcome(a)).Inc()
	one.Body = ""            // it has been sent
	chance := rand.Float64() //nolint:gosec // guessing it harms no one
	after := one.After(a, d.schedule, timestamp.Of(time.Now()), chance)
	d.tele.Log.InfoContext(
		ctx, "delivery attempt", "website", one.WebsiteID.Int64(), "webhook", w.ID, "delivery", one.ID, "event", one.EventID,
		"type", one.Type, "try", after.Tries, "status", a.Status, "error", a.Error, "ms", a.Took.Milliseconds(),
		"became", string(after.Status),
	)
	results <- webhooks.Result{Before: one, After: after, Attempt: a}
	return nil
}

func (d *Dispatcher) load(ctx context.Context, queued webhooks.Delivery) (webhooks.Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	return d.store.Load(ctx, queued)
}

// The outcomes of attempts, as labels.
const (
	delivered  = "delivered"
	refused    = "refused"
	unanswered = "unanswered"
)

func outcome(a webhooks.Attempt) string {
	switch {
	case a.Status == 0:
		return unanswered
	case a.Succeeded():
		return delivered
	default:
		return refused
	}
}
