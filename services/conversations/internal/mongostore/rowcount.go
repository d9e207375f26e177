package mongostore

import (
	"context"
	"log/slog"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/conversations"
)

// key is the key of the row counts: the filters of lists, except for visitors, who have few conversations, and words.
type key struct {
	Status   conversations.Status `bson:"status"`
	Assignee id.User              `bson:"assignee,omitempty"` // zero: unassigned
}

func keyOf(c conversations.Conversation) key {
	k := key{Status: c.Status}
	if c.AssigneeID != nil {
		k.Assignee = *c.AssigneeID
	}
	return k
}

func keysOf(cs []conversations.Conversation) []key {
	keys := make([]key, len(cs))
	for i, c := range cs {
		keys[i] = keyOf(c)
	}
	return keys
}

func (s *Store) count(ctx context.Context, t tenant.ID, add func(key)) error {
	return s.conversations.Each(ctx, t, nil, mongokit.Query{Only: []string{"status", "assigneeId"}},
		func(c conversations.Conversation) { add(keyOf(c)) })
}

func (s *Store) countTexts(ctx context.Context, t tenant.ID, add func(int64)) error {
	return s.conversations.Each(ctx, t, nil, mongokit.Query{Only: []string{"bytes"}},
		func(c conversations.Conversation) { add(c.Bytes) })
}

func bytesOf(cs []conversations.Conversation) []int64 {
	texts := make([]int64, len(cs))
	for i, c := range cs {
		texts[i] = c.Bytes
	}
	return texts
}

// Stored measures the bytes that conversations use.
func (s *Store) Stored() rowcount.Stored[key] {
	return rowcount.Stored[key]{Rows: s.counts, Texts: s.texts}
}

// total returns a function that reads the number of conversations matching a filter from the row counts. It is nil if
// only a count query can tell.
func (s *Store) total(t tenant.ID, f conversations.Filter) func(context.Context) (int64, error) {
	if f.VisitorID != 0 || len(f.Words) > 0 {
		return nil
	}
	return func(ctx context.Context) (int64, error) {
		return s.counts.Sum(ctx, t, func(k key) bool {
			return (f.Status == "" || k.Status == f.Status) && (!f.Unassigned || k.Assignee == 0) &&
				(f.Unassigned || f.AssigneeID == 0 || k.Assignee == f.AssigneeID)
		})
	}
}

// Tend compacts the row counts until ctx ends. Every replica runs it.
func (s *Store) Tend(ctx context.Context, log *slog.Logger) error { return s.Stored().Run(ctx, log) }
