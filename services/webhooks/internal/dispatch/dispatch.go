// Package dispatch makes deliveries: it finds the webhooks for which something waits, works at each by itself, and so
// lets none wait for another.
//
// Of many replicas one works at a webhook: the one that holds its lease, which it keeps while it works and which runs
// out by itself where it dies. A delivery that was being made then is made again, with the same id.
package dispatch

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/webhooks"
)

// The bounds of a dispatcher.
const (
	lookEvery  = 500 * time.Millisecond // for what another replica stored, and what has come to its time
	lease      = 15 * time.Second       // how long a replica that died keeps others from a webhook
	renewEvery = 5 * time.Second
	workers    = 256 // webhooks that are worked at at once
	perWebhook = 8   // requests to one webhook at once
	storeWait  = 10 * time.Second
	sweepEvery = 10 * time.Minute // between looks for bodies without deliveries
)

// Store is what a dispatcher needs of a store.
type Store interface {
	Due(ctx context.Context, now time.Time, except []int64) ([]webhooks.Delivery, error)
	Claim(ctx context.Context, t tenant.ID, webhookID int64, holder string, now, until time.Time) (webhooks.Webhook, bool, error)
	Release(ctx context.Context, t tenant.ID, webhookID int64, holder string) error
	Ready(ctx context.Context, t tenant.ID, webhookID int64, now time.Time) ([]webhooks.Delivery, error)
	Load(ctx context.Context, d webhooks.Delivery) (webhooks.Delivery, error)
	Sweep(ctx context.Context, now time.Time) (more bool, err error)
	Record(ctx context.Context, d webhooks.Delivery, a webhooks.Attempt) error
	Standing(ctx context.Context) (waiting, disabled int64, err error)
}

// Sender makes one attempt. What goes wrong stands in the Attempt.
type Sender interface {
	Send(ctx context.Context, w webhooks.Webhook, d webhooks.Delivery) webhooks.Attempt
}

// Dispatcher makes deliveries.
type Dispatcher struct {
	store    Store
	sender   Sender
	schedule webhooks.Schedule
	tele     *telemetry.Telemetry
	holder   string
	told     chan struct{}
	memory   *budget

	mu   sync.Mutex
	busy map[int64]bool // webhooks that are worked at, here

	attempts *prometheus.CounterVec
	took     prometheus.Histogram
	overdue  prometheus.Gauge
	waiting  prometheus.Gauge
	disabled prometheus.Gauge
}

// New makes a Dispatcher.
func New(store Store, sender Sender, s webhooks.Schedule, t *telemetry.Telemetry) *Dispatcher {
	host, _ := os.Hostname()
	d := &Dispatcher{
		store: store, sender: sender, schedule: s, tele: t, holder: host + "/" + uuid.NewString(),
		told: make(chan struct{}, 1), memory: newBudget(memory, websiteMemory), busy: map[int64]bool{},
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_webhook_attempts_total",
			Help: "Attempts to deliver, by outcome: delivered, refused (the receiver answered otherwise) or unanswered.",
		}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "fivechat_webhook_attempt_duration_seconds",
			Help:    "How long an attempt to deliver took.",
			Buckets: telemetry.Durations(),
		}),
		overdue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fivechat_webhook_overdue_seconds",
			Help: "By how much the delivery that is longest overdue is; one that waits for its time is not.",
		}),
	}
	d.waiting = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_webhook_deliveries_waiting",
		Help: "Deliveries that are still to be made, of all replicas.",
	})
	d.disabled = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_webhooks_disabled",
		Help: "Webhooks that we have disabled, of all replicas.",
	})
	for _, o := range []string{delivered, refused, unanswered} {
		d.attempts.WithLabelValues(o) // so that the first of each counts in a rate
	}
	t.Registry.MustRegister(d.attempts, d.took, d.overdue, d.waiting, d.disabled)
	return d
}

// Wake says that there may be something to deliver.
func (d *Dispatcher) Wake() {
	select {
	case d.told <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends, and then lets what is being delivered come to its end.
func (d *Dispatcher) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { d.measure(ctx) })
	all.Go(func() { d.sweep(ctx) })
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		if err := d.look(ctx, &all); err != nil && ctx.Err() == nil {
			d.tele.Log.WarnContext(ctx, "delivering will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.told:
		case <-again.C:
		}
	}
}

// measureEvery is between looks at how all webhooks stand.
const measureEvery = 15 * time.Second

// measure looks at how all webhooks stand until ctx ends.
func (d *Dispatcher) measure(ctx context.Context) {
	again := time.NewTicker(measureEvery)
	defer again.Stop()
	for {
		reading, cancel := context.WithTimeout(ctx, storeWait)
		waiting, disabled, err := d.store.Standing(reading)
		cancel()
		if err == nil {
			d.waiting.Set(float64(waiting))
			d.disabled.Set(float64(disabled))
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// sweep removes bodies without deliveries until ctx ends.
func (d *Dispatcher) sweep(ctx context.Context) {
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = d.store.Sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
				d.tele.Log.WarnContext(
					ctx, "webhooks: removing unused bodies failed; retrying later", "retry_in", sweepEvery, "error",
					err,
				)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// look has a worker work at each webhook for which something is due.
func (d *Dispatcher) look(ctx context.Context, all *sync.WaitGroup) error {
	var overdue time.Duration
	defer func() { d.overdue.Set(overdue.Seconds()) }()
	except := d.working()
	for range workers { // each time at least one more webhook is left out
		now := time.Now()
		reading, cancel := context.WithTimeout(ctx, storeWait)
		due, err := d.store.Due(reading, now, except)
		cancel()
		if err != nil || len(due) == 0 {
			return err
		}
		overdue = max(overdue, now.Sub(due[0].NextAt))
		for _, one := range due {
			if d.begin(one.WebhookID) {
				except = append(except, one.WebhookID)
				all.Go(func() { d.work(ctx, one.WebsiteID, one.WebhookID) })
			}
		}
	}
	return nil
}

func (d *Dispatcher) working() []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]int64, 0, len(d.busy))
	for id := range d.busy {
		ids = append(ids, id)
	}
	return ids
}

// begin notes that a webhook is worked at, and says whether it was not.
func (d *Dispatcher) begin(webhook int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[webhook] || len(d.busy) == workers {
		return false
	}
	d.busy[webhook] = true
	return true
}

// work makes the deliveries of a webhook until none is due.
func (d *Dispatcher) work(ctx context.Context, t tenant.ID, webhook int64) {
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.busy, webhook)
	}()
	claimed, err := d.deliver(ctx, t, webhook)
	if err != nil && ctx.Err() == nil {
		d.tele.Log.WarnContext(ctx, "delivering to a webhook will be tried again", "webhook", webhook, "error", err)
	}
	if claimed {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = d.store.Release(ctx, t, webhook, d.holder) // or it runs out
	}
}

func (d *Dispatcher) deliver(ctx context.Context, t tenant.ID, webhook int64) (claimed bool, err error) {
	w, claimed, err := d.claim(ctx, t, webhook)
	if err != nil || !claimed {
		return claimed, err
	}
	ctx, lost := context.WithCancel(ctx)
	defer lost()
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer lost()
	renewing.Go(func() { d.renew(ctx, t, webhook, lost) })
	for ctx.Err() == nil {
		reading, cancel := context.WithTimeout(ctx, storeWait)
		ready, err := d.store.Ready(reading, t, webhook, time.Now())
		cancel()
		if err != nil || len(ready) == 0 {
			return true, err
		}
		if err := d.attempt(ctx, w, ready); err != nil {
			return true, err
		}
		// Its owner may have changed it, or we have disabled it.
		if w, claimed, err = d.claim(ctx, t, webhook); err != nil || !claimed {
			return claimed, err
		}
	}
	return true, nil
}

func (d *Dispatcher) claim(ctx context.Context, t tenant.ID, webhook int64) (webhooks.Webhook, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	now := time.Now()
	return d.store.Claim(ctx, t, webhook, d.holder, now, now.Add(lease))
}

// renew keeps the lease until ctx ends, and calls lost where it cannot.
func (d *Dispatcher) renew(ctx context.Context, t tenant.ID, webhook int64, lost func()) {
	again := time.NewTicker(renewEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		if _, claimed, err := d.claim(ctx, t, webhook); err != nil || !claimed {
			lost()
			return
		}
	}
}

// attempt makes deliveries of different keys side by side, and gives the first error of recording what became of them.
func (d *Dispatcher) attempt(ctx context.Context, w webhooks.Webhook, ready []webhooks.Delivery) error {
	var side sync.WaitGroup
	slots, failures := make(chan struct{}, perWebhook), make(chan error, len(ready))
	for _, one := range ready {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		side.Go(func() {
			defer func() { <-slots }()
			failures <- d.make(ctx, w, one)
		})
	}
	side.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// make makes one attempt. What the receiver has answered is recorded also where we are told to stop meanwhile.
func (d *Dispatcher) make(ctx context.Context, w webhooks.Webhook, queued webhooks.Delivery) error {
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
		return ctx.Err() // it is us who gave up
	}
	d.took.Observe(a.Took.Seconds())
	d.attempts.WithLabelValues(outcome(a)).Inc()
	after := one.After(
		a, d.schedule, time.Now().UTC().Truncate(time.Millisecond), rand.Float64(),
	) //nolint:gosec // nobody is harmed who guesses it
	d.tele.Log.InfoContext(
		ctx, "delivered", "website", one.WebsiteID.Int64(), "webhook", w.ID, "delivery", one.ID, "event", one.EventID,
		"type", one.Type, "try", after.Tries, "status", a.Status, "error", a.Error, "ms", a.Took.Milliseconds(),
		"became", string(after.Status),
	)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWait)
	defer cancel()
	return d.store.Record(ctx, after, a)
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
