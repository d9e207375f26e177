// Package work files received mails and sends answers in the background. Every replica works: a mail is claimed for a
// while before a step, so that one replica makes it.
//
// Begin with Worker.Run. The package decides neither where a mail belongs nor what an outcome means: see package mail.
package work

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/mail"
)

// The times and bounds of a Worker.
const (
	lookEvery    = 30 * time.Second // for mails that become due, or that other replicas stored and haven't handled
	measureEvery = 30 * time.Second
	sweepEvery   = 10 * time.Minute
	stepTimeout  = 30 * time.Second // of filing
	storeWait    = 10 * time.Second
	concurrent   = 4 // mails of each direction
)

// Service is the part of mail.Service that a Worker uses.
type Service interface {
	ToFile(ctx context.Context) ([]mail.Received, error)
	File(ctx context.Context, r mail.Received) (mail.Rule, error)
	ToSend(ctx context.Context) ([]mail.Sent, error)
	Send(ctx context.Context, m mail.Sent) (mail.Outcome, error)
}

// Store is the part of the store that a Worker uses.
type Store interface {
	Waiting(ctx context.Context) (toFile, toSend time.Time, err error)
	Sweep(ctx context.Context, before time.Time) (more bool, err error)
}

// Worker files and sends mails.
type Worker struct {
	service Service
	store   Store
	tele    *telemetry.Telemetry
	file    chan struct{}
	send    chan struct{}

	filed   *prometheus.CounterVec
	sent    *prometheus.CounterVec
	waiting *prometheus.GaugeVec
}

// New returns a Worker.
func New(s Service, store Store, t *telemetry.Telemetry) *Worker {
	w := &Worker{
		service: s, store: store, tele: t, file: make(chan struct{}, 1), send: make(chan struct{}, 1),
		filed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_mail_filed_total",
			Help: "Received mails that were filed, by the rule that found their ticket, or failed, which is repeated.",
		}, []string{"rule"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_mail_submissions_total",
			Help: "Submissions of answers to the relay, by outcome.",
		}, []string{"outcome"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fivechat_mail_waiting_seconds",
			Help: "How long the oldest mail has been waiting to be filed or to be sent; 0 if none waits.",
		}, []string{"queue"}),
	}
	t.Registry.MustRegister(w.filed, w.sent, w.waiting)
	for _, rule := range append(mail.Rules, failed) {
		w.filed.WithLabelValues(string(rule)) // the series exist from the start, so that a rate sees the first one
	}
	for _, o := range []mail.State{mail.Accepted, mail.Deferred, mail.Undelivered, mail.Uncertain} {
		w.sent.WithLabelValues(string(o))
	}
	return w
}

// failed is the label of an attempt to file a mail that failed.
const failed mail.Rule = "failed"

// Wake starts a search for mails to file and to send.
func (w *Worker) Wake() {
	for _, wakeups := range []chan struct{}{w.file, w.send} {
		select {
		case wakeups <- struct{}{}:
		default:
		}
	}
}

// Run works until ctx ends, and then waits for steps in progress.
func (w *Worker) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { loop(ctx, w, w.file, "filing received mails", w.service.ToFile, w.fileOne) })
	all.Go(func() { loop(ctx, w, w.send, "sending answers", w.service.ToSend, w.sendOne) })
	all.Go(func() { w.every(ctx, measureEvery, w.measure) })
	all.Go(func() { w.every(ctx, sweepEvery, w.sweep) })
	all.Wait()
	return nil
}

// loop makes a step for each mail that find returns, until ctx ends.
func loop[M any](
	ctx context.Context, w *Worker, wakeups <-chan struct{}, doing string,
	find func(context.Context) ([]M, error), step func(context.Context, M),
) {
	for {
		found := lookFor(ctx, w, doing, find)
		var all sync.WaitGroup
		slots := make(chan struct{}, concurrent)
		for _, m := range found {
			slots <- struct{}{}
			all.Go(func() {
				defer func() { <-slots }()
				step(ctx, m)
			})
		}
		all.Wait()
		if len(found) > 0 && ctx.Err() == nil {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return
		case <-wakeups:
		case <-time.After(lookEvery):
		}
	}
}

func lookFor[M any](ctx context.Context, w *Worker, doing string, find func(context.Context) ([]M, error)) []M {
	reading, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	found, err := find(reading)
	if err != nil && ctx.Err() == nil {
		w.tele.Log.WarnContext(ctx, "mail: "+doing+" failed; retrying in 30s", "error", err)
	}
	return found
}

func (w *Worker) fileOne(ctx context.Context, r mail.Received) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	rule, err := w.service.File(ctx, r)
	if err != nil {
		w.filed.WithLabelValues(string(failed)).Inc()
		w.tele.Log.WarnContext(ctx, "mail: filing a mail failed; retrying later",
			"website", r.WebsiteID.Int64(), "mail", r.ID, "tries", r.Tries+1, "error", err)
		return
	}
	w.filed.WithLabelValues(string(rule)).Inc()
}

func (w *Worker) sendOne(ctx context.Context, m mail.Sent) {
	o, err := w.service.Send(ctx, m)
	if err != nil {
		if ctx.Err() == nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			w.tele.Log.WarnContext(ctx, "mail: sending a mail failed; retrying later",
				"website", m.WebsiteID.Int64(), "mail", m.ID, "tries", m.Tries, "error", err)
		}
		return
	}
	if o.State == "" {
		return
	}
	w.sent.WithLabelValues(string(o.State)).Inc()
	if o.State != mail.Accepted {
		w.tele.Log.InfoContext(ctx, "mail wasn't sent", "website", m.WebsiteID.Int64(), "mail", m.ID,
			"state", string(o.State), "reason", o.Reason)
	}
}

// every calls do at once and after each interval, until ctx ends.
func (w *Worker) every(ctx context.Context, interval time.Duration, do func(context.Context)) {
	again := time.NewTicker(interval)
	defer again.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

func (w *Worker) measure(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	toFile, toSend, err := w.store.Waiting(ctx)
	if err != nil {
		return // the gauges keep their values; the store's own alert names the cause
	}
	for queue, since := range map[string]time.Time{"file": toFile, "send": toSend} {
		age := 0.0
		if !since.IsZero() {
			age = max(time.Since(since).Seconds(), 0)
		}
		w.waiting.WithLabelValues(queue).Set(age)
	}
}

func (w *Worker) sweep(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = w.store.Sweep(ctx, time.Now().Add(-mail.KeepOriginals)); err != nil {
			if ctx.Err() == nil {
				w.tele.Log.WarnContext(ctx, "mail: removing old originals failed; retrying in 10m", "error", err)
			}
			return
		}
	}
}
