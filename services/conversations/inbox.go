package conversations

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/excerpt"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Excerpt is the beginning of a message, for lists.
type Excerpt struct {
	Content    string    `bson:"content"` // at most excerpt.MaxBytes, in one line
	SenderType Sender    `bson:"senderType"`
	UserID     *id.User  `bson:"userId"`
	CreatedAt  time.Time `bson:"createdAt"`
}

// Excerpt returns the beginning of the message.
func (m Message) Excerpt() Excerpt {
	return Excerpt{excerpt.Of(m.Content), m.SenderType, m.UserID, m.CreatedAt}
}

// noteWaiting counts a visitor's message as unread. The visitor waits for an answer from their first message on, until
// an agent writes. In a conversation marked as spam, nothing is unread and no visitor waits.
func (c *Conversation) noteWaiting(m *Message) {
	switch m.SenderType {
	case FromVisitor:
		if c.Folder == Spam {
			return
		}
		c.Unread++
		c.Heard++
		if c.WaitingSince == nil {
			c.WaitingSince = &m.CreatedAt
		}
	case FromAgent:
		c.WaitingSince = nil
	}
}

// InboxCounts is how many rows the views of the inbox have. Snoozed rows are in no view but their own and Mentioned,
// and spam is in its own alone.
type InboxCounts struct {
	Mine       *int64 // open; nil for a program, which is no user
	Unassigned int64  // open
	Open       int64
	Waiting    int64 // the visitors wait for an answer
	Overdue    int64 // something was due before now
	Snoozed    int64
	Mentioned  *int64 // a note mentions the user, who hasn't seen that; nil for a program
	Closed     int64
	Spam       int64
	AtLeast    []string // the names of those that are counted no further than MaxCounted, and have more rows
}

// MaxCounted is how many rows are counted where the number isn't kept up to date. Counting reads an index entry for
// each.
const MaxCounted = 10_000

// InboxCounts returns the number of rows of each view for the user me, or for a program, which is 0.
func (s *Service) InboxCounts(ctx context.Context, t tenant.ID, me id.User) (InboxCounts, error) {
	return s.store.InboxCounts(ctx, t, me, s.now())
}

// InboxRow is a conversation as lists for agents show it.
type InboxRow struct {
	Conversation
	Visitor  *Visitor // nil if they don't exist any more
	Assignee *Agent   // nil without one
	Snippet  *Snippet // nil if no search with snippets has found it by a message
}

// Inbox is List with the visitors and the assignees, and, if withSnippets is true, with what a search has found.
func (s *Service) Inbox(
	ctx context.Context, t tenant.ID, f Filter, w paging.Following, withSnippets bool,
) (paging.Slice[InboxRow], error) {
	f, err := f.read()
	if err != nil {
		return paging.Slice[InboxRow]{}, err
	}
	found, err := s.list(ctx, t, f, w)
	if err != nil {
		return paging.Slice[InboxRow]{}, err
	}
	rows, err := s.inboxRows(ctx, t, found.Rows)
	if err == nil && withSnippets && len(f.Query.Clauses) > 0 {
		var snippets []*Snippet
		snippets, err = s.snippets(ctx, t, f.Query, found.Rows)
		for i := range rows {
			rows[i].Snippet = snippets[i]
		}
	}
	return paging.Slice[InboxRow]{
		Rows: rows, Total: found.Total, Above: found.Above, Next: found.Next, More: found.More,
	}, err
}

// InboxRow returns one row of the inbox.
func (s *Service) InboxRow(ctx context.Context, t tenant.ID, token string) (InboxRow, error) {
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return InboxRow{}, err
	}
	rows, err := s.inboxRows(ctx, t, []Conversation{c})
	if err != nil {
		return InboxRow{}, err
	}
	return rows[0], nil
}

// inboxRows adds visitors and assignees to at most 100 conversations.
func (s *Service) inboxRows(ctx context.Context, t tenant.ID, cs []Conversation) ([]InboxRow, error) {
	visitorIDs, agentIDs := map[id.Visitor]bool{}, map[id.User]bool{}
	for _, c := range cs {
		visitorIDs[c.VisitorID] = true
		if c.AssigneeID != nil {
			agentIDs[*c.AssigneeID] = true
		}
	}
	visitors, err := s.visitors.Visitors(ctx, t, keys(visitorIDs))
	if err != nil {
		return nil, err
	}
	agents, err := s.accounts.Agents(ctx, t, keys(agentIDs))
	if err != nil {
		return nil, err
	}
	visitorByID, agentByID := map[id.Visitor]*Visitor{}, map[id.User]*Agent{}
	for i, v := range visitors {
		visitorByID[v.ID] = &visitors[i]
	}
	for i, a := range agents {
		agentByID[a.ID] = &agents[i]
	}
	rows := make([]InboxRow, len(cs))
	for i, c := range cs {
		rows[i] = InboxRow{Conversation: c, Visitor: visitorByID[c.VisitorID]}
		if c.AssigneeID != nil {
			rows[i].Assignee = agentByID[*c.AssigneeID]
		}
	}
	return rows, nil
}

func keys[K comparable](set map[K]bool) []K {
	all := make([]K, 0, len(set))
	for k := range set {
		all = append(all, k)
	}
	return all
}

// OwnList returns a window of a visitor's conversations, newest first.
func (s *Service) OwnList(
	ctx context.Context, t tenant.ID, visitor id.Visitor, w paging.Window,
) (paging.Slice[Conversation], error) {
	return s.store.List(ctx, t, Filter{VisitorID: visitor}, paging.Following{Window: w})
}
