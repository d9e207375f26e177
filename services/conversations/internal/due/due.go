// Package due does what agents have put off for conversations, at its time: it ends snoozes, and sends scheduled
// replies. Begin with Task. It holds no state: it reads from the store which conversations are due, so that a task that
// was interrupted continues, and each conversation is settled once.
package due

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/services/conversations"
)

// interval is how often conversations that are due are looked for, so how late one may be.
const interval = 5 * time.Second

// Service knows the conversations that are due, and settles them.
type Service interface {
	DueSnoozes(ctx context.Context) ([]conversations.Conversation, error)
	Wake(ctx context.Context, due []conversations.Conversation) (woken int, err error)
	DueReplies(ctx context.Context) ([]conversations.Conversation, error)
	SendDue(ctx context.Context, due []conversations.Conversation) (settled int, err error)
}

// Task settles conversations on the leading replica.
type Task struct {
	find      func(ctx context.Context) ([]conversations.Conversation, error)
	settle    func(ctx context.Context, due []conversations.Conversation) (int, error)
	failure   string // what the log says
	settled   prometheus.CounterOpts
	leading   func(context.Context) (bool, error)
	telemetry *telemetry.Telemetry
}

// Snoozes returns the task that wakes snoozed conversations.
func Snoozes(s Service, leading func(context.Context) (bool, error), t *telemetry.Telemetry) Task {
	return Task{
		s.DueSnoozes, s.Wake, "waking snoozed conversations failed; retrying in 5s", prometheus.CounterOpts{
			Name: "fivechat_snoozes_ended_total",
			Help: "Conversations that came back to the inbox because the time until which they were snoozed has come.",
		}, leading, t,
	}
}

// Replies returns the task that sends scheduled replies.
func Replies(s Service, leading func(context.Context) (bool, error), t *telemetry.Telemetry) Task {
	return Task{
		s.DueReplies, s.SendDue, "sending scheduled replies failed; retrying in 5s", prometheus.CounterOpts{
			Name: "fivechat_scheduled_replies_total",
			Help: "Scheduled replies whose time has come, and which were sent or held.",
		}, leading, t,
	}
}

// Run settles conversations until ctx ends.
func (t Task) Run(ctx context.Context) error {
	settled := prometheus.NewCounter(t.settled)
	t.telemetry.Registry.MustRegister(settled)
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		n, err := t.round(ctx)
		settled.Add(float64(n))
		if err != nil && ctx.Err() == nil {
			t.telemetry.Log.WarnContext(ctx, t.failure, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// round settles all conversations that are due, if this replica leads. Without any, it needs one command.
func (t Task) round(ctx context.Context) (settled int, err error) {
	for {
		due, err := t.find(ctx)
		if err != nil || len(due) == 0 {
			return settled, err
		}
		if leading, err := t.leading(ctx); err != nil || !leading {
			return settled, err
		}
		n, err := t.settle(ctx, due)
		if settled += n; err != nil || len(due) < conversations.DueBatch {
			return settled, err
		}
	}
}
