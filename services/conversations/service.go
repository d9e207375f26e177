package conversations

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Service has the use cases of conversations.
type Service struct {
	store     Store
	accounts  Accounts
	visitors  Visitors
	notifier  Notifier
	files     Files
	assistant Assistant
	now       func() time.Time
}

// New returns a Service. now is the clock; its times are truncated to milliseconds, the precision of the database.
func New(
	store Store, accounts Accounts, visitors Visitors, files Files, notifier Notifier, assistant Assistant,
	now func() time.Time,
) *Service {
	return &Service{
		store:     store,
		accounts:  accounts,
		visitors:  visitors,
		notifier:  notifier,
		files:     files,
		assistant: assistant,
		now:       timestamp.Clock(now),
	}
}

// Thread is a conversation with its messages, or a part of them.
type Thread struct {
	Conversation Conversation
	Messages     []Message // oldest first
	HasMore      bool      // more messages follow the last one
	Visitor      *Visitor
	Agents       []Agent // the authors and the assignee
}

// List returns a page of the website's conversations, newest first or in the order of changes.
func (s *Service) List(
	ctx context.Context, t tenant.ID, f Filter, w paging.Following,
) (paging.Slice[Conversation], error) {
	f, err := f.read()
	if err != nil {
		return paging.Slice[Conversation]{}, err
	}
	return s.list(ctx, t, f, w)
}

// ByIDs returns the conversations that exist among ids.
func (s *Service) ByIDs(ctx context.Context, t tenant.ID, ids []id.Conversation) ([]Conversation, error) {
	return s.store.ByIDs(ctx, t, ids)
}

// Messages returns up to limit messages of a conversation with numbers greater than after, oldest first, and whether
// more follow.
func (s *Service) Messages(
	ctx context.Context, t tenant.ID, conversation id.Conversation, after id.Message, limit int64,
) ([]Message, bool, error) {
	return s.store.Messages(ctx, t, conversation, after, limit)
}

// MessagesBehind returns up to limit messages of the website with numbers greater than after, in the order of numbers,
// and whether more follow.
func (s *Service) MessagesBehind(
	ctx context.Context, t tenant.ID, after id.Message, limit int64,
) ([]Message, bool, error) {
	return s.store.MessagesBehind(ctx, t, after, limit)
}

// MessagesByIDs returns the messages that exist among ids. cut reports that some are left out because all of them
// exceed the byte limit of one read.
func (s *Service) MessagesByIDs(
	ctx context.Context, t tenant.ID, ids []id.Message,
) (found []Message, cut bool, err error) {
	return s.store.MessagesByIDs(ctx, t, ids)
}

// Counts returns the number of unassigned conversations, and how many were opened and closed since a time.
func (s *Service) Counts(ctx context.Context, t tenant.ID, since time.Time) (Counts, error) {
	return s.store.Counts(ctx, t, since)
}

// Get returns the conversation that has a token.
func (s *Service) Get(ctx context.Context, t tenant.ID, token string) (Conversation, error) {
	return s.store.Get(ctx, t, token)
}

// Thread returns a conversation with its visitor, its agents, and its messages with numbers greater than after; 0
// begins with the first.
func (s *Service) Thread(ctx context.Context, t tenant.ID, token string, after id.Message) (Thread, error) {
	c, err := s.store.Get(ctx, t, token)
	if err != nil {
		return Thread{}, err
	}
	th := Thread{Conversation: c}
	var wg sync.WaitGroup
	var visitorErr error
	wg.Go(func() {
		var visitors []Visitor
		if visitors, visitorErr = s.visitors.Visitors(ctx, t, []id.Visitor{c.VisitorID}); len(visitors) > 0 {
			th.Visitor = &visitors[0]
		}
	})
	if th.Messages, th.HasMore, err = s.store.Messages(ctx, t, c.ID, after, MaxMessages); err == nil {
		th.Agents, err = s.accounts.Agents(ctx, t, agentsIn(c, th.Messages))
	}
	wg.Wait()
	return th, cmp.Or(err, visitorErr)
}

// Since returns up to limit messages with numbers greater than after, oldest first, and the agents who wrote them. Only
// the conversation's own visitor may read them; for others the error is NotFound.
func (s *Service) Since(
	ctx context.Context, t tenant.ID, token string, visitor id.Visitor, after id.Message, limit int64,
) (Thread, error) {
	c, err := s.ofVisitor(ctx, t, token, visitor)
	if err != nil {
		return Thread{}, err
	}
	th := Thread{Conversation: c}
	if th.Messages, th.HasMore, err = s.store.Messages(ctx, t, c.ID, after, limit); err != nil {
		return Thread{}, err
	}
	th.Agents, err = s.accounts.Agents(ctx, t, agentsIn(c, th.Messages))
	return th, err
}

func agentsIn(c Conversation, messages []Message) []id.User {
	var ids []id.User
	if c.AssigneeID != nil {
		ids = append(ids, *c.AssigneeID)
	}
	for _, m := range messages {
		if m.UserID != nil && !slices.Contains(ids, *m.UserID) {
			ids = append(ids, *m.UserID)
		}
	}
	return ids
}

// ofVisitor returns the conversation that has a token. The error is NotFound if it belongs to another visitor.
func (s *Service) ofVisitor(ctx context.Context, t tenant.ID, token string, visitor id.Visitor) (Conversation, error) {
	c, err := s.store.Get(ctx, t, token)
	if err == nil && c.VisitorID != visitor {
		err = fault.Missing("conversation")
	}
	return c, err
}

// Open starts a conversation with a visitor's first message. If the client id is a repetition, it returns what the
// first call stored, and false.
func (s *Service) Open(
	ctx context.Context, t tenant.ID, visitor id.Visitor, d Draft,
) (Conversation, Message, bool, error) {
	return s.open(ctx, t, visitor, d, d.ClientID)
}

// open is Open with the key of the opening, which the store accepts once.
func (s *Service) open(
	ctx context.Context, t tenant.ID, visitor id.Visitor, d Draft, key string,
) (Conversation, Message, bool, error) {
	if err := d.Validate(); err != nil {
		return Conversation{}, Message{}, false, err
	}
	m := d.message(FromVisitor, &visitor, s.now())
	if err := s.attach(ctx, t, &m, d, visitor); err != nil {
		return Conversation{}, Message{}, false, err
	}
	return s.start(ctx, t, visitor, m, key, nil)
}

// start stores a new conversation with its first message. The store accepts the key once for the visitor.
func (s *Service) start(
	ctx context.Context, t tenant.ID, visitor id.Visitor, m Message, key string, assignee *id.User,
) (Conversation, Message, bool, error) {
	number, err := s.store.NextID(ctx, 1)
	if err != nil {
		return Conversation{}, Message{}, false, err
	}
	c := newConversation(number, t, visitor, m.CreatedAt)
	c.OpenKey, c.AssigneeID = key, assignee
	if _, err := c.addMessage(&m); err != nil {
		return Conversation{}, Message{}, false, err
	}
	return s.store.Open(ctx, c, m, []Event{opened(&c), created(&c, &m, s.View(m), nil)})
}

// PostAsVisitor adds a visitor's message to one of their conversations.
func (s *Service) PostAsVisitor(
	ctx context.Context, t tenant.ID, token string, visitor id.Visitor, d Draft,
) (Message, bool, error) {
	if err := d.Validate(); err != nil {
		return Message{}, false, err
	}
	m := d.message(FromVisitor, &visitor, s.now())
	if err := s.attach(ctx, t, &m, d, visitor); err != nil {
		return Message{}, false, err
	}
	return s.post(ctx, t, token, m, func(c *Conversation) error {
		if c.VisitorID != visitor {
			return fault.Missing("conversation")
		}
		return nil
	}, func(*Conversation) error { return nil })
}

// post adds a message to a conversation that allow admits. finish changes the conversation after it.
func (s *Service) post(
	ctx context.Context, t tenant.ID, token string, m Message, allow, finish func(*Conversation) error,
) (Message, bool, error) {
	return s.store.Post(ctx, t, token, m, func(c Conversation, m Message) (Conversation, Message, []Event, error) {
		before := c
		if err := allow(&c); err != nil {
			return c, m, nil, err
		}
		answered, err := c.addMessage(&m)
		if err == nil {
			err = finish(&c)
		}
		if err != nil {
			return c, m, nil, err
		}
		return c, m, append([]Event{created(&c, &m, s.View(m), answered)}, c.changes(before)...), nil
	})
}

// knownAgent returns an error that names the field if a user isn't one of the website. A conversation that doesn't
// exist is reported first.
func (s *Service) knownAgent(ctx context.Context, t tenant.ID, token string, user *id.User, field string) error {
	if user == nil {
		return nil
	}
	if _, err := s.store.Get(ctx, t, token); err != nil {
		return err
	}
	return s.checkAgent(ctx, t, user, field)
}

// checkAgent returns an Invalid fault that names the field if a user isn't one of the website. nil is no user.
func (s *Service) checkAgent(ctx context.Context, t tenant.ID, user *id.User, field string) error {
	if user == nil {
		return nil
	}
	agents, err := s.accounts.Agents(ctx, t, []id.User{*user})
	if err == nil && (len(agents) == 0 || agents[0].IsFormer) {
		err = fault.Bad(field, "is not a user of this website")
	}
	return err
}

// Update changes a conversation as an agent.
func (s *Service) Update(ctx context.Context, t tenant.ID, token string, p Patch) (Conversation, error) {
	if err := p.Validate(); err != nil {
		return Conversation{}, err
	}
	if err := s.knownAgent(ctx, t, token, p.AssigneeID.Ptr(), "assigneeId"); err != nil {
		return Conversation{}, err
	}
	if err := s.knownTeam(ctx, t, token, p.TeamID.Ptr()); err != nil {
		return Conversation{}, err
	}
	if err := p.validateAt(s.now()); err != nil {
		return Conversation{}, err
	}
	return s.store.Save(ctx, t, token, func(c Conversation) (Conversation, []Event, error) {
		events, err := p.change(&c, s.now())
		return c, events, err
	})
}

// Close closes a conversation for its visitor.
func (s *Service) Close(ctx context.Context, t tenant.ID, token string, visitor id.Visitor) (Conversation, error) {
	return s.changeOwn(ctx, t, token, visitor, func(c *Conversation) ([]Event, error) {
		return Patch{Status: optional.Of(Closed)}.change(c, s.now())
	})
}

// Rate stores the visitor's rating of their conversation. A later rating replaces it.
func (s *Service) Rate(
	ctx context.Context, t tenant.ID, token string, visitor id.Visitor, r Rating,
) (Conversation, error) {
	if err := r.Validate(); err != nil {
		return Conversation{}, err
	}
	return s.changeOwn(ctx, t, token, visitor, func(c *Conversation) ([]Event, error) {
		previous, now := c.currentRating(), s.now()
		c.Rating, c.Feedback, c.RatedAt, c.RatedFor, c.UpdatedAt = &r.Stars, r.Feedback, &now, c.AssigneeID, now
		return []Event{rated(c, previous)}, nil
	})
}

func (s *Service) changeOwn(
	ctx context.Context, t tenant.ID, token string, visitor id.Visitor, change func(*Conversation) ([]Event, error),
) (Conversation, error) {
	return s.store.Save(ctx, t, token, func(c Conversation) (Conversation, []Event, error) {
		if c.VisitorID != visitor {
			return c, nil, fault.Missing("conversation")
		}
		events, err := change(&c)
		return c, events, err
	})
}

// SetTyping notes that an agent is typing (for typingPeriod) or has stopped. agent is 0 for a program.
func (s *Service) SetTyping(ctx context.Context, t tenant.ID, token string, agent id.User, isTyping bool) error {
	return s.setTyping(ctx, t, token, nil, agent, isTyping)
}

// SetTypingByVisitor is SetTyping for the conversation's visitor.
func (s *Service) SetTypingByVisitor(
	ctx context.Context, t tenant.ID, token string, visitor id.Visitor, isTyping bool,
) error {
	return s.setTyping(ctx, t, token, &visitor, 0, isTyping)
}

func (s *Service) setTyping(
	ctx context.Context, t tenant.ID, token string, visitor *id.Visitor, agent id.User, isTyping bool,
) error {
	var until time.Time
	if isTyping {
		until = s.now().Add(typingPeriod)
	}
	c, err := s.store.SetTyping(ctx, t, token, visitor, until)
	if err == nil {
		side := FromAgent
		if visitor != nil {
			side = FromVisitor
		}
		s.notifier.Notify(ctx, t, c.VisitorID, typing(&c, side, agent, isTyping))
	}
	return err
}

// SetViewing notifies all agents that one of them looks at a conversation or has left it. Nothing is stored.
func (s *Service) SetViewing(ctx context.Context, t tenant.ID, token string, agent id.User, isViewing bool) error {
	c, err := s.store.Get(ctx, t, token)
	if err == nil {
		s.notifier.Notify(ctx, t, c.VisitorID, inboxViewed(&c, agent, isViewing))
	}
	return err
}

// Tags returns the website's catalogue, ordered by name.
func (s *Service) Tags(ctx context.Context, t tenant.ID) ([]Tag, error) { return s.store.Tags(ctx, t) }

// Catalogue returns the website's tags by name.
func (s *Service) Catalogue(ctx context.Context, t tenant.ID) (Catalogue, error) {
	tags, err := s.store.Tags(ctx, t)
	c := make(Catalogue, len(tags))
	for _, tag := range tags {
		c[tag.Name] = tag
	}
	return c, err
}

// PutTag creates or replaces an entry of the catalogue.
func (s *Service) PutTag(ctx context.Context, t tenant.ID, name string, names map[string]string) (Tag, error) {
	tag, err := NewTag(t, name, names)
	if err != nil {
		return Tag{}, err
	}
	c, err := s.Catalogue(ctx, t)
	if err != nil {
		return Tag{}, err
	}
	if _, known := c[name]; !known && len(c) >= MaxCatalogue {
		return Tag{}, fault.Coded(fault.Conflict, "catalogue_full", "the catalogue has reached its 500 tags")
	}
	return tag, s.store.PutTag(ctx, tag)
}

// DeleteTag removes an entry of the catalogue. Conversations keep the stored name.
func (s *Service) DeleteTag(ctx context.Context, t tenant.ID, name string) error {
	return s.store.DeleteTag(ctx, t, name)
}
