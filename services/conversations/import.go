package conversations

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Sums are sums over conversations: those of one import, or those that were erased with their visitors.
type Sums struct {
	Conversations   int64   `bson:"conversations"`
	Open            int64   `bson:"-"`
	Messages        int64   `bson:"messages"`
	Answered        int64   `bson:"answered"`
	ResponseSeconds float64 `bson:"responseSeconds"`
}

// Add adds a conversation to the sums.
func (s *Sums) Add(c Conversation) {
	s.Conversations++
	s.Messages += c.Messages
	if c.Status == Open {
		s.Open++
	}
	if d, ok := c.FirstResponse(); ok {
		s.Answered++
		s.ResponseSeconds += d.Seconds()
	}
}

// Import stores the rows whose keys haven't been imported yet. It returns how many it stored and how many existed
// before.
func (s *Service) Import(ctx context.Context, t tenant.ID, rows Rows) (imported, existing int, err error) {
	if err := rows.Validate(); err != nil {
		return 0, 0, err
	}
	if err := rows.notAfter(s.now()); err != nil {
		return 0, 0, err
	}
	// A Conflict means that another import has stored some of these rows in the meantime: check the keys again.
	for range 3 {
		imported, err = s.importNew(ctx, t, rows)
		if !fault.Is(err, fault.Conflict) {
			break
		}
	}
	return imported, len(rows) - imported, err
}

func (s *Service) importNew(ctx context.Context, t tenant.ID, rows Rows) (int, error) {
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	there, err := s.store.ImportedKeys(ctx, t, keys)
	if err != nil {
		return 0, err
	}
	var fresh Rows
	for _, r := range rows {
		if !there[r.Key] {
			there[r.Key] = true // also drops a key that occurs twice in the request
			fresh = append(fresh, r)
		}
	}
	if len(fresh) == 0 {
		return 0, nil
	}
	visitors := make([]ImportVisitor, len(fresh))
	for i, r := range fresh {
		visitors[i] = r.visitor()
	}
	visitorIDs, err := s.visitors.ImportVisitors(ctx, t, visitors)
	if err != nil {
		return 0, err
	}
	agents := map[string]id.User{}
	if named := fresh.agents(); len(named) > 0 {
		if agents, err = s.accounts.AgentsByEmail(ctx, t, named); err != nil {
			return 0, err
		}
	}
	first, err := s.store.NextID(ctx, int64(len(fresh)))
	if err != nil {
		return 0, err
	}
	now := s.now()
	var sums Sums
	conversations := make([]Conversation, len(fresh))
	var messages []Message
	for i, r := range fresh {
		c, ms, err := r.build(first+id.Conversation(i), t, visitorIDs[i], agents, now)
		if err != nil {
			return 0, err
		}
		conversations[i], messages = c, append(messages, ms...)
		sums.Add(c)
	}
	return len(fresh), s.store.Import(ctx, t, conversations, messages, importedEvent(sums, conversations))
}
