// Package sweeper removes files that nothing uses, in the background. Every replica does; a file that is due is claimed
// for a while, so that one replica handles it. Begin with Sweeper.Run.
package sweeper

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/observe/telemetry"
)

const (
	every     = time.Minute
	sweepFor  = 5 * time.Minute
	storeWait = 10 * time.Second
)

// Service is the part of files.Service that a Sweeper uses.
type Service interface {
	Sweep(ctx context.Context) (int, error)
}

// Store is the part of the store that a Sweeper uses.
type Store interface {
	Overdue(ctx context.Context) (time.Time, error)
}

// Sweeper removes unused files.
type Sweeper struct {
	service Service
	store   Store
	tele    *telemetry.Telemetry
	overdue prometheus.Gauge
	swept   prometheus.Counter
}

// New returns a Sweeper.
func New(s Service, store Store, t *telemetry.Telemetry) *Sweeper {
	w := &Sweeper{
		service: s, store: store, tele: t,
		overdue: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fivechat_files_overdue_seconds",
			Help: "How long the oldest file that is due has been waiting to be removed or kept; 0 if none waits.",
		}),
		swept: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fivechat_files_swept_total",
			Help: "Files that were due, and were removed because nothing uses them, or kept because a message names them.",
		}),
	}
	t.Registry.MustRegister(w.overdue, w.swept)
	return w
}

// Run sweeps until ctx ends.
func (w *Sweeper) Run(ctx context.Context) error {
	again := time.NewTicker(every)
	defer again.Stop()
	for {
		w.sweep(ctx)
		w.measure(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

func (w *Sweeper) sweep(ctx context.Context) {
	sweeping, cancel := context.WithTimeout(ctx, sweepFor)
	defer cancel()
	for sweeping.Err() == nil {
		n, err := w.service.Sweep(sweeping)
		w.swept.Add(float64(n))
		if err != nil && ctx.Err() == nil {
			w.tele.Log.WarnContext(ctx, "files: sweeping failed; retrying in 1m", "error", err)
		}
		if err != nil || n == 0 {
			return
		}
	}
}

func (w *Sweeper) measure(ctx context.Context) {
	reading, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	since, err := w.store.Overdue(reading)
	if err != nil {
		return // the gauge keeps its value; the store's own alert names the cause
	}
	age := 0.0
	if !since.IsZero() {
		age = max(time.Since(since).Seconds(), 0)
	}
	w.overdue.Set(age)
}
