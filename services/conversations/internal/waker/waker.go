// Package waker ends the snooze of conversations at their times. Begin with Task. It holds no state: it reads from the
// store which conversations are due, so that a task that was interrupted continues, and each conversation wakes once.
package waker

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/conversations"
)

// Interval is how often conversations that are due are looked for, so how late one may wake.
const Interval = 5 * time.Second

// Service knows the conversations that are due, and wakes them.
type Service interface {
	DueSnoozes(ctx context.Context) ([]conversations.Conversation, error)
	Wake(ctx context.Context, due []conversations.Conversation) (woken int, err error)
}

// Task wakes conversations on the leading replica.
type Task struct {
	Service   Service
	Leading   func(context.Context) (bool, error)
	Telemetry *telemetry.Telemetry
	Interval  time.Duration
}

// Run wakes conversations until ctx ends.
func (t Task) Run(ctx context.Context) error {
	ended := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fivechat_snoozes_ended_total",
		Help: "Conversations that came back to the inbox because the time until which they were snoozed has come.",
	})
	t.Telemetry.Registry.MustRegister(ended)
	ticks := time.NewTicker(t.Interval)
	defer ticks.Stop()
	for {
		woken, err := t.wake(ctx)
		ended.Add(float64(woken))
		if err != nil && ctx.Err() == nil {
			t.Telemetry.Log.WarnContext(ctx, "waking snoozed conversations failed; retrying in 5s", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// wake wakes all conversations that are due, if this replica leads. Without any, it needs one command.
func (t Task) wake(ctx context.Context) (woken int, err error) {
	for {
		due, err := t.Service.DueSnoozes(ctx)
		if err != nil || len(due) == 0 {
			return woken, err
		}
		if leading, err := t.Leading(ctx); err != nil || !leading {
			return woken, err
		}
		n, err := t.Service.Wake(ctx, due)
		if woken += n; err != nil || len(due) < conversations.WakeBatch {
			return woken, err
		}
	}
}
