package tickets

import (
	"context"
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Service implements the use cases.
type Service struct {
	store         Store
	accounts      Accounts
	visitors      Visitors
	conversations Conversations
	mailDomain    string
	now           func() time.Time
}

// New makes a Service. Tickets get e-mail addresses at mailDomain. now is the clock; its times are truncated to the
// precision of the database.
func New(store Store, a Accounts, v Visitors, c Conversations, mailDomain string, now func() time.Time) *Service {
	return &Service{
		store:         store,
		accounts:      a,
		visitors:      v,
		conversations: c,
		mailDomain:    mailDomain,
		now:           timestamp.Clock(now),
	}
}

// List returns a window of the tickets that f matches, without messages.
func (s *Service) List(
	ctx context.Context, t tenant.ID, f Filter, w paging.Following,
) (paging.Slice[Detail], error) {
	f, err := f.read()
	if err != nil {
		return paging.Slice[Detail]{}, err
	}
	if len(f.Query.Clauses) > 0 && (w.Order == paging.Active || w.Order == paging.Urgent) { // no index has both
		return paging.Slice[Detail]{}, fault.Bad("sort", "must be best, newest or oldest in a search for words")
	}
	found, err := s.list(ctx, t, f, w)
	if err != nil {
		return paging.Slice[Detail]{}, err
	}
	details := paging.Slice[Detail]{Total: found.Total, Above: found.Above, Next: found.Next, More: found.More}
	details.Rows, err = s.details(ctx, t, found.Rows)
	return details, err
}

// ByIDs returns those of up to 100 tickets that exist, without messages. cut reports that some are left out because
// they have too many bytes for one read.
func (s *Service) ByIDs(ctx context.Context, t tenant.ID, ids []id.Ticket) (_ []Detail, cut bool, err error) {
	found, cut, err := s.store.ByIDs(ctx, t, ids)
	if err != nil || cut {
		return nil, cut, err
	}
	details, err := s.details(ctx, t, found)
	return details, false, err
}

func (s *Service) details(ctx context.Context, t tenant.ID, found []Ticket) ([]Detail, error) {
	if len(found) == 0 {
		return nil, nil
	}
	r, err := s.related(ctx, t, found...)
	details := make([]Detail, len(found))
	for i, one := range found {
		details[i] = r.detail(one)
	}
	return details, err
}

// Get returns a ticket with its messages after the id after, and with their authors if withAuthors is true. If after is
// zero, the first messages.
func (s *Service) Get(
	ctx context.Context, t tenant.ID, ticket id.Ticket, after id.TicketMessage, withAuthors bool,
) (Detail, error) {
	one, err := s.store.Get(ctx, t, ticket)
	if err != nil {
		return Detail{}, err
	}
	r, err := s.related(ctx, t, one)
	if err != nil {
		return Detail{}, err
	}
	d, err := s.withMessages(ctx, r.detail(one), after)
	if err != nil || !withAuthors {
		return d, err
	}
	return s.withAuthors(ctx, d)
}

func (s *Service) withMessages(ctx context.Context, d Detail, after id.TicketMessage) (_ Detail, err error) {
	d.Messages, d.HasMore, err = s.store.Messages(ctx, d.WebsiteID, d.ID, after)
	return d, err
}

// Create makes a ticket for a website. If the draft names a conversation and no visitor, the visitor is the
// conversation's.
func (s *Service) Create(ctx context.Context, t tenant.ID, d Draft) (Detail, error) {
	if err := d.Validate(); err != nil {
		return Detail{}, err
	}
	var visitorID *id.Visitor
	conversation, err := s.conversation(ctx, t, d.ConversationToken)
	if err != nil {
		return Detail{}, err
	}
	if conversation != nil {
		visitorID = &conversation.VisitorID
	}
	if d.VisitorToken != nil {
		if visitorID, err = s.visitor(ctx, t, *d.VisitorToken); err != nil {
			return Detail{}, err
		}
	}
	made, related, err := s.prepare(ctx, t, d, conversation, visitorID)
	if err != nil {
		return Detail{}, err
	}
	return related.detail(made), s.store.Create(ctx, made)
}

// CreateByVisitor makes a ticket that a visitor requests, for itself. The conversation must belong to the visitor, and
// no agent is assigned.
//
// Agents read tickets only with the plan PRO. Without it, the ticket's text is also posted as the visitor's message in
// a conversation, before the ticket is stored. So agents see every ticket that gets 201. If storing the ticket fails
// and the visitor tries again, they see its text twice.
func (s *Service) CreateByVisitor(ctx context.Context, t tenant.ID, visitorID id.Visitor, d Draft) (Detail, error) {
	d.VisitorToken, d.AssigneeID = nil, nil
	if err := d.Validate(); err != nil {
		return Detail{}, err
	}
	conversation, err := s.conversation(ctx, t, d.ConversationToken)
	if err != nil {
		return Detail{}, err
	}
	if conversation != nil && conversation.VisitorID != visitorID {
		return Detail{}, fault.Bad("conversationToken", unknownConversation)
	}
	made, related, err := s.prepare(ctx, t, d, conversation, &visitorID)
	if err != nil {
		return Detail{}, err
	}
	if related.website != nil && related.website.Plan == identity.Free {
		if err := s.say(ctx, &made, visitorID, d.ConversationToken); err != nil {
			return Detail{}, err
		}
	}
	return related.detail(made), s.store.Create(ctx, made)
}

// say posts a ticket's text as its visitor's message and sets the conversation.
func (s *Service) say(ctx context.Context, made *Ticket, visitorID id.Visitor, token *string) error {
	for i, content := range made.asMessages() {
		c, err := s.conversations.Say(
			ctx, made.WebsiteID, visitorID, token, content, fmt.Sprintf("ticket-%d-%d", made.ID, i),
		)
		if fault.Is(err, fault.NotFound) { // the previous version of conversations lacks this operation
			return nil
		}
		if err != nil {
			return err
		}
		made.ConversationID = &c.ID
	}
	return nil
}

// prepare makes a ticket without storing it, and returns the objects that it refers to.
func (s *Service) prepare(
	ctx context.Context, t tenant.ID, d Draft, c *Conversation, visitorID *id.Visitor,
) (Ticket, related, error) {
	number, err := s.store.TicketID(ctx)
	if err != nil {
		return Ticket{}, related{}, err
	}
	made := d.ticket(t, number, s.mailDomain, s.now())
	made.VisitorID = visitorID
	if c != nil {
		made.ConversationID = &c.ID
	}
	// Looked up before the ticket is stored: if a service is unavailable, nothing is stored.
	r, err := s.related(ctx, t, made)
	if err == nil && made.AssigneeID != nil && !r.hasColleague(made.AssigneeID) {
		err = fault.Bad("assigneeId", unknownUser)
	}
	return made, r, err
}

// Update changes a ticket.
func (s *Service) Update(ctx context.Context, t tenant.ID, ticket id.Ticket, p Patch) (Detail, error) {
	err := p.Validate()
	if err != nil {
		return Detail{}, err
	}
	if v := p.VisitorToken.Ptr(); v != nil {
		if p.visitorID, err = s.visitor(ctx, t, *v); err != nil {
			return Detail{}, err
		}
	}
	current, err := s.store.Get(ctx, t, ticket)
	if err != nil {
		return Detail{}, err
	}
	// Looked up before the change is stored: if a service is unavailable, nothing is changed.
	r, err := s.related(ctx, t, current, p.apply(current, current.UpdatedAt))
	if err != nil {
		return Detail{}, err
	}
	if user := p.AssigneeID.Ptr(); user != nil && !r.hasColleague(user) {
		return Detail{}, fault.Bad("assigneeId", unknownUser)
	}
	at := s.now()
	saved, err := s.store.Save(ctx, t, ticket, func(stored Ticket) (Ticket, error) { return p.apply(stored, at), nil })
	if err != nil {
		return Detail{}, err
	}
	if !r.has(saved) { // changed concurrently, or refers to a removed object
		if r, err = s.related(ctx, t, saved); err != nil {
			return Detail{}, err
		}
	}
	return s.withMessages(ctx, r.detail(saved), 0)
}

// unassignBatch is how many tickets of a status Unassign changes.
const unassignBatch = 50

// Unassign takes some open tickets from a user who has left, and reports whether there may be more.
func (s *Service) Unassign(ctx context.Context, t tenant.ID, user id.User) (more bool, err error) {
	for _, status := range []Status{StatusNew, StatusOpen, StatusPending} {
		found, err := s.store.List(ctx, t, Filter{
			Statuses: []Status{status}, Assignees: id.Assignees{Users: []id.User{user}},
		},
			paging.Following{Window: paging.Window{Limit: unassignBatch}})
		if err != nil {
			return false, err
		}
		at := s.now()
		for _, row := range found.Rows {
			_, err := s.store.Save(ctx, t, row.ID, func(stored Ticket) (Ticket, error) {
				if stored.AssigneeID == nil || *stored.AssigneeID != user {
					return stored, nil
				}
				return Patch{AssigneeID: optional.Value[id.User]{Set: true, Null: true}}.apply(stored, at), nil
			})
			if err != nil && !fault.Is(err, fault.NotFound) {
				return false, err
			}
		}
		more = more || found.More
	}
	return more, nil
}

// Delete removes a ticket and its messages.
func (s *Service) Delete(ctx context.Context, t tenant.ID, ticket id.Ticket) error {
	return s.store.Delete(ctx, t, ticket)
}

// AddMessage adds a message to a ticket. An e-mail that the ticket has already, by its Message-ID, isn't added again:
// the stored message is returned. The error is Conflict if the ticket is full.
func (s *Service) AddMessage(ctx context.Context, t tenant.ID, ticket id.Ticket, p Post) (Message, error) {
	if err := p.Validate(); err != nil {
		return Message{}, err
	}
	if p.AuthorID != nil {
		authors, err := s.accounts.Users(ctx, t, []id.User{*p.AuthorID})
		if err != nil {
			return Message{}, err
		}
		if len(authors) == 0 || authors[0].IsFormer {
			return Message{}, fault.Bad("authorId", unknownUser)
		}
	}
	number, err := s.store.MessageID(ctx)
	if err != nil {
		return Message{}, err
	}
	m := p.message(t, ticket, number, s.now())
	return s.store.AddMessage(ctx, m, func(stored Ticket) (Ticket, error) { return stored.with(m) })
}

func (s *Service) visitor(ctx context.Context, t tenant.ID, token string) (*id.Visitor, error) {
	v, err := s.visitors.VisitorByToken(ctx, t, token)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		return nil, fault.Bad("visitorToken", unknownVisitor)
	}
	return &v.ID, err
}

func (s *Service) conversation(ctx context.Context, t tenant.ID, token *string) (*Conversation, error) {
	if token == nil {
		return nil, nil
	}
	c, err := s.conversations.ConversationByToken(ctx, t, *token)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) {
		return nil, fault.Bad("conversationToken", unknownConversation)
	}
	return &c, err
}
