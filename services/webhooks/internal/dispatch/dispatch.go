// Package dispatch makes deliveries. It finds the webhooks that have due deliveries, and works on each independently,
// so that no webhook waits for another.
//
// Begin with Dispatcher.Run and the interfaces Store and Sender. Of all replicas one works on a webhook: the holder of
// its lease, which it renews while it works and which expires if it crashes. A delivery that was being made then is
// made again, with the same id.
//
// The package decides neither schedules and order (package webhooks and the store) nor which addresses may be reached
// (sender).
package dispatch

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/webhooks"
)

// The bounds of a dispatcher.
const (
	lookEvery   = time.Second      // polls for deliveries that become due, at least
	lookIdle    = 5 * time.Second  // polls for deliveries that other replicas stored and have not made, at most
	lease       = 15 * time.Second // how long a crashed replica blocks a webhook
	renewEvery  = 5 * time.Second
	workers     = 256 // webhooks worked on concurrently
	perWebhook  = 8   // concurrent requests to one webhook
	maxRecorded = 32  // results that are recorded in one transaction
	storeWait   = 10 * time.Second
	sweepEvery  = 10 * time.Minute // interval for removing bodies without deliveries
)

// Store is the part of the store that a dispatcher uses.
type Store interface {
	Waiting(ctx context.Context, except []id.Webhook) ([]webhooks.Delivery, error)
	Claim(
		ctx context.Context, t tenant.ID, webhookID id.Webhook, holder string, now, until time.Time,
	) (webhooks.Webhook, bool, error)
	Release(ctx context.Context, t tenant.ID, webhookID id.Webhook, holder string) error
	Ready(ctx context.Context, t tenant.ID, webhookID id.Webhook, now time.Time) ([]webhooks.Delivery, error)
	Load(ctx context.Context, d webhooks.Delivery) (webhooks.Delivery, error)
	Sweep(ctx context.Context, now time.Time) (more bool, err error)
	Record(ctx context.Context, t tenant.ID, webhookID id.Webhook, results []webhooks.Result) error
	Standing(ctx context.Context) (waiting, disabled int64, err error)
}

// Sender makes one attempt. Errors are in the Attempt.
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
	wakeups  chan struct{}
	memory   *budget

	mu   sync.Mutex
	busy map[id.Webhook]bool // webhooks that this replica works on

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
		wakeups: make(chan struct{}, 1), memory: newBudget(memory, websiteMemory), busy: map[id.Webhook]bool{},
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_webhook_attempts_total",
			Help: "Attempts to deliver, by outcome: delivered, refused (a response other than 2xx) " +
				"or unanswered (no response).",
		}, []string{"outcome"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "fivechat_webhook_attempt_duration_seconds",
			Help:    "How long an attempt to deliver took.",
			Buckets: telemetry.Durations(),
		}),
		overdue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fivechat_webhook_overdue_seconds",
			Help: "How long the oldest due delivery has been waiting; one whose time hasn't come isn't due.",
		}),
	}
	d.waiting = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_webhook_deliveries_waiting",
		Help: "Pending deliveries, of all replicas.",
	})
	d.disabled = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_webhooks_disabled",
		Help: "Webhooks that the system has disabled, of all replicas.",
	})
	for _, o := range []string{delivered, refused, unanswered} {
		d.attempts.WithLabelValues(o) // the series exist from the start, so that a rate sees the first one
	}
	t.Registry.MustRegister(d.attempts, d.took, d.overdue, d.waiting, d.disabled)
	return d
}

// Wake starts a search for due deliveries.
func (d *Dispatcher) Wake() {
	select {
	case d.wakeups <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends, and then waits for deliveries in progress.
func (d *Dispatcher) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { d.measure(ctx) })
	all.Go(func() { d.sweep(ctx) })
	for {
		next, err := d.look(ctx, &all)
		if err != nil && ctx.Err() == nil {
			d.tele.Log.WarnContext(
				ctx, "webhooks: looking for due deliveries failed; retrying", "retry_in", lookEvery, "error", err,
			)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.wakeups:
		case <-time.After(min(max(next, lookEvery), lookIdle)):
		}
	}
}

// measureEvery is the interval between measurements of the state of all webhooks.
const measureEvery = 15 * time.Second

// measure exports the state of all webhooks until ctx ends.
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

// look starts a worker for each webhook that has a due delivery. It returns the time until the next delivery of the
// other webhooks is due.
func (d *Dispatcher) look(ctx context.Context, all *sync.WaitGroup) (next time.Duration, err error) {
	var overdue time.Duration
	defer func() { d.overdue.Set(overdue.Seconds()) }()
	except := d.working()
	for range workers { // each round excludes at least one more webhook
		now := time.Now()
		reading, cancel := context.WithTimeout(ctx, storeWait)
		waiting, err := d.store.Waiting(reading, except)
		cancel()
		switch {
		case err != nil:
			return 0, err
		case len(waiting) == 0 && len(except) > 0:
			return 0, nil // a webhook that is worked on may get another delivery
		case len(waiting) == 0:
			return lookIdle, nil
		case waiting[0].NextAt.After(now):
			return waiting[0].NextAt.Sub(now), nil
		}
		overdue = max(overdue, now.Sub(waiting[0].NextAt))
		for _, one := range waiting {
			if !one.NextAt.After(now) && d.begin(one.WebhookID) {
				except = append(except, one.WebhookID)
				all.Go(func() { d.work(ctx, one.WebsiteID, one.WebhookID) })
			}
		}
	}
	return 0, nil
}

func (d *Dispatcher) working() []id.Webhook {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]id.Webhook, 0, len(d.busy))
	for webhook := range d.busy {
		ids = append(ids, webhook)
	}
	return ids
}

// begin marks a webhook as busy, and reports whether it wasn't.
func (d *Dispatcher) begin(webhook id.Webhook) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[webhook] || len(d.busy) == workers {
		return false
	}
	d.busy[webhook] = true
	return true
}

// work makes the deliveries of a webhook until none is due.
func (d *Dispatcher) work(ctx context.Context, t tenant.ID, webhook id.Webhook) {
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.busy, webhook)
	}()
	claimed, err := d.deliver(ctx, t, webhook)
	if err != nil && ctx.Err() == nil {
		d.tele.Log.WarnContext(ctx, "webhooks: delivering failed; retrying later", "webhook", webhook, "error", err)
	}
	if claimed {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = d.store.Release(ctx, t, webhook, d.holder) // otherwise the lease expires
	}
}

func (d *Dispatcher) deliver(ctx context.Context, t tenant.ID, webhook id.Webhook) (claimed bool, err error) {
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
		// The owner may have changed it, or it was disabled.
		if w, claimed, err = d.claim(ctx, t, webhook); err != nil || !claimed {
			return claimed, err
		}
	}
	return true, nil
}

func (d *Dispatcher) claim(ctx context.Context, t tenant.ID, webhook id.Webhook) (webhooks.Webhook, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	now := time.Now()
	return d.store.Claim(ctx, t, webhook, d.holder, now, now.Add(lease))
}

// renew renews the lease until ctx ends, and calls lost if it can't.
func (d *Dispatcher) renew(ctx context.Context, t tenant.ID, webhook id.Webhook, lost func()) {
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
