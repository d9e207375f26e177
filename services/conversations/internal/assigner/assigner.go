// Package assigner assigns conversations to agents by the rules of websites, on the leading replica. Begin with Task.
// Apply follows the service's own log: a conversation that a visitor opens, that is open again, or that gets a team,
// without an assignee, waits for an agent. Run looks every few seconds whether an agent has got room for those.
//
//	conversation.opened ────► Apply ──► queue of the website ──► an agent with room
//	conversation.updated                      ▲
//	inbox.updated (team)                      │
//	                         Run, every 3 s ──┘
//
// The queues are stored, so a task that was interrupted continues. Two replicas that both believe to lead assign each
// conversation once, and exceed no capacity: the store serialises the assignments of a website.
package assigner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/conversations"
)

// Interval is the time between two looks of Run for agents with room.
const Interval = 3 * time.Second

// Service assigns conversations.
type Service interface {
	Enqueue(ctx context.Context, t tenant.ID, tokens []string) (assigned int, err error)
	Waiting(ctx context.Context, after tenant.ID) ([]tenant.ID, error)
	AssignQueued(ctx context.Context, t tenant.ID) (assigned int, err error)
}

// Task assigns conversations. Make it with New.
type Task struct {
	service   Service
	leading   func(context.Context) (bool, error)
	telemetry *telemetry.Telemetry
	assigned  prometheus.Counter
}

// New returns a Task, and registers its metric.
func New(s Service, leading func(context.Context) (bool, error), t *telemetry.Telemetry) Task {
	assigned := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fivechat_conversations_assigned_total",
		Help: "Conversations that the rule of a website has assigned to an agent.",
	})
	t.Registry.MustRegister(assigned)
	return Task{s, leading, t, assigned}
}

// Concerns reports whether a record may be of a conversation that waits for an agent.
func Concerns(r outbox.Record) bool {
	return r.Type == contract.ConversationOpened || r.Type == contract.ConversationUpdated ||
		r.Type == contract.InboxUpdated
}

// Apply assigns what records have opened. Applying a record twice changes nothing, unless a person has taken the
// assignee away in between.
func (t Task) Apply(ctx context.Context, records []outbox.Record) error {
	opened := map[tenant.ID][]string{}
	for _, r := range records {
		if token := waitingIn(r); token != "" {
			opened[r.Website] = append(opened[r.Website], token)
		}
	}
	var failures []error
	for website, tokens := range opened {
		n, err := t.service.Enqueue(ctx, website, tokens)
		t.assigned.Add(float64(n))
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// waitingIn returns the token of the conversation that a record has opened, or given to a team, without an assignee, or
// "". What an agent has opened is that agent's matter.
func waitingIn(r outbox.Record) string {
	var c contract.Conversation
	switch r.Type {
	case contract.ConversationOpened:
		var d contract.ConversationOpenedData
		if r.Decode(&d) != nil || d.Conversation.FirstMessageAt != nil {
			return ""
		}
		c = d.Conversation
	case contract.ConversationUpdated:
		var d contract.ConversationUpdatedData
		if r.Decode(&d) != nil || d.From == d.Status {
			return ""
		}
		c = d.Conversation
	case contract.InboxUpdated:
		var d contract.InboxUpdatedData
		if r.Decode(&d) != nil || d.TeamChanged == nil || d.TeamID == nil || d.SnoozedUntil != nil {
			return ""
		}
		c = d.Conversation
	}
	if c.Status != conversations.Open || c.AssigneeID != nil {
		return ""
	}
	return c.Token
}

// Run assigns what waits until ctx ends.
func (t Task) Run(ctx context.Context) error {
	ticks := time.NewTicker(Interval)
	defer ticks.Stop()
	var last tenant.ID
	for {
		var err error
		if last, err = t.assign(ctx, last); err != nil && ctx.Err() == nil {
			t.telemetry.Log.WarnContext(ctx, "assigning conversations failed; retrying in 3s", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// assign assigns what waits in the next websites after one, if this replica leads, and returns the last of them, or the
// zero one if they were the last. If nothing waits, it needs one command. A website that fails doesn't hold up the
// others.
func (t Task) assign(ctx context.Context, after tenant.ID) (last tenant.ID, err error) {
	waiting, err := t.service.Waiting(ctx, after)
	if err != nil || len(waiting) == 0 {
		return tenant.ID{}, err
	}
	if leading, err := t.leading(ctx); err != nil || !leading {
		return tenant.ID{}, err
	}
	var failures []error
	for _, website := range waiting {
		n, err := t.service.AssignQueued(ctx, website)
		t.assigned.Add(float64(n))
		if err != nil {
			failures = append(failures, fmt.Errorf("website %s: %w", website, err))
		}
	}
	if len(waiting) == conversations.WaitingBatch {
		last = waiting[len(waiting)-1]
	}
	return last, errors.Join(failures...)
}
