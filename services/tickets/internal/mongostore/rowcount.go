package mongostore

import (
	"context"
	"log/slog"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/tickets"
)

// key is the key of the row counts of tickets: the fields that lists are filtered by. It leaves out visitors, who have
// few tickets, and search words.
type key struct {
	Status   tickets.Status   `bson:"status"`
	Priority tickets.Priority `bson:"priority"`
	Assignee id.User          `bson:"assignee,omitempty"` // zero for unassigned
}

// assignee returns the user that the rows are assigned to, or nil for none.
func (k key) assignee() *id.User {
	if k.Assignee == 0 {
		return nil
	}
	return &k.Assignee
}

func keyOf(one tickets.Ticket) key {
	k := key{Status: one.Status, Priority: one.Priority}
	if one.AssigneeID != nil {
		k.Assignee = *one.AssigneeID
	}
	return k
}

func (s *Store) count(ctx context.Context, t tenant.ID, add func(key)) error {
	return s.tickets.Each(ctx, t, nil, mongokit.Query{
		Only: []string{"status", "priority", "assigneeId"},
	}, func(one tickets.Ticket) {
		add(keyOf(one))
	})
}

// textOf is the number of bytes of a ticket's text and its messages.
func textOf(one tickets.Ticket) int64 {
	return one.MessageBytes + int64(len(one.Title)+len(one.Description))
}

func (s *Store) countTexts(ctx context.Context, t tenant.ID, add func(int64)) error {
	return s.tickets.Each(ctx, t, nil, mongokit.Query{
		Only: []string{"messageBytes", "title", "description"},
	}, func(one tickets.Ticket) {
		add(textOf(one))
	})
}

// Stored counts the bytes that tickets take.
func (s *Store) Stored() rowcount.Stored[key] {
	return rowcount.Stored[key]{Rows: s.counts, Texts: s.texts}
}

// total returns the function that returns the number of tickets a filter matches, or nil if only a count query can.
func (s *Store) total(t tenant.ID, f tickets.Filter) func(context.Context) (int64, error) {
	if f.VisitorID != 0 || len(f.Tags) > 0 || len(f.Channels) > 0 || f.Query.Restricts() {
		return nil
	}
	return func(ctx context.Context) (int64, error) {
		return s.counts.Sum(ctx, t, func(k key) bool {
			return f.Matches(k.Status, k.Priority, k.assignee())
		})
	}
}

// Tend compacts the counters until ctx ends. Every replica runs it.
func (s *Store) Tend(ctx context.Context, log *slog.Logger) error { return s.Stored().Run(ctx, log) }
