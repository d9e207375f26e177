package tickets

import (
	"context"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores tickets and their messages. Errors are faults: NotFound, Unavailable.
type Store interface {
	// TicketID returns the id of the next ticket.
	TicketID(ctx context.Context) (id.Ticket, error)
	// MessageID returns the id of the next message.
	MessageID(ctx context.Context) (id.TicketMessage, error)
	// Create stores a new ticket. The error is Conflict if the same e-mail has opened another one.
	Create(ctx context.Context, made Ticket) error
	// OpenedBy returns the ticket that an e-mail with a Message-ID has opened.
	OpenedBy(ctx context.Context, t tenant.ID, identity string) (Ticket, error)
	// AtAddress returns the ticket of any website with a UniqueEmailAddress.
	AtAddress(ctx context.Context, address string) (Ticket, error)
	// Message returns a message of a ticket.
	Message(ctx context.Context, t tenant.ID, ticket id.Ticket, message id.TicketMessage) (Message, error)
	// Get returns a ticket.
	Get(ctx context.Context, t tenant.ID, ticket id.Ticket) (Ticket, error)
	// List returns a window of the tickets that f matches, in its order, without their Search.
	List(ctx context.Context, t tenant.ID, f Filter, w paging.Following) (paging.Slice[Ticket], error)
	// EachCount calls add with the number of the website's tickets that have the same status, priority and assignee. It
	// may call it several times with the same values.
	EachCount(ctx context.Context, t tenant.ID,
		add func(status Status, priority Priority, assignee *id.User, n int64)) error
	// ByIDs returns those tickets that exist, without their Search. cut reports that some are left out because they
	// have too many bytes for one read.
	ByIDs(ctx context.Context, t tenant.ID, ids []id.Ticket) (found []Ticket, cut bool, err error)
	// Messages returns a ticket's messages after an id, oldest first, up to paging.MaxBytes, and whether more follow.
	Messages(ctx context.Context, t tenant.ID, ticket id.Ticket, after id.TicketMessage) (found []Message, more bool,
		err error)
	// Save changes a ticket. change gets the stored one and may run more than once. Of concurrent calls none is lost.
	// The error is PreconditionFailed if the context requires another version, as for Delete.
	Save(ctx context.Context, t tenant.ID, ticket id.Ticket, change func(Ticket) (Ticket, error)) (Ticket, error)
	// AddMessage stores m and changes its ticket, in one transaction. change is like Save's and may refuse. If the ticket
	// has a message with the same MailID of the same sender, it returns that one and changes nothing.
	AddMessage(ctx context.Context, m Message, change func(Ticket) (Ticket, error)) (Message, error)
	// Analysed returns the next up to limit tickets after a number, of all websites, with what is needed to analyse them
	// again. more reports whether others follow.
	Analysed(ctx context.Context, after id.Ticket, limit int64) (rows []Ticket, more bool, err error)
	// Newest returns the number of the newest ticket of all websites, 0 if there is none.
	Newest(ctx context.Context) (int64, error)
	// Index replaces the terms of a ticket. change gets it with all its messages. It writes no event.
	Index(ctx context.Context, one Ticket, change func(Ticket, []Message) Ticket) error
	// Delete removes a ticket and its messages, in one transaction.
	Delete(ctx context.Context, t tenant.ID, ticket id.Ticket) error
}

// Filter selects tickets. A zero member matches all.
type Filter struct {
	Statuses   []Status   // one of them
	Priorities []Priority // one of them
	Assignees  id.Assignees
	VisitorID  id.Visitor
	Tags       []string  // one of them
	Channels   []Channel // one of them
	// Created from, and before, a time.
	CreatedFrom, CreatedBefore time.Time

	Me     id.User // the person who searches: assignee:me
	Search string  // the text of a search; List reads it into the fields below

	Query searchquery.Query // words of the ticket's texts and messages, tags, times
}

// Matches reports whether a ticket with these values meets the conditions on them.
func (f Filter) Matches(status Status, priority Priority, assignee *id.User) bool {
	return (len(f.Statuses) == 0 || slices.Contains(f.Statuses, status)) &&
		(len(f.Priorities) == 0 || slices.Contains(f.Priorities, priority)) && f.Assignees.Has(assignee)
}

// Website is the part of a website that a ticket shows, and the website's plan.
type Website struct {
	ID   tenant.ID     `json:"id"`
	Name string        `json:"name"`
	URL  string        `json:"url"`
	Plan identity.Plan `json:"-"`
}

// User is the part of an assignee that a ticket shows.
type User struct {
	ID       id.User `json:"id"`
	Name     string  `json:"name"`
	Email    string  `json:"email"`
	IsFormer bool    `json:"-"` // was removed: nothing can be assigned to them
}

// Visitor is the part of a visitor that a ticket shows.
type Visitor struct {
	ID    id.Visitor `json:"id"`
	Token string     `json:"token"`
	Name  string     `json:"name"`
	// nil if unknown
	Identity *Identity `json:"identity"`
}

// Identity is the part of a visitor's identity, the user of the website, that a ticket shows.
type Identity struct {
	Email    *string `json:"email"`
	Name     *string `json:"name"`
	Verified bool    `json:"verified"` // whether the website's backend has signed it
}

// Conversation is the part of the ticket's conversation that a ticket needs.
type Conversation struct {
	ID        id.Conversation `json:"id"`
	VisitorID id.Visitor      `json:"visitorId"`
}

// Accounts looks up websites and their users.
type Accounts interface {
	// Website returns a website.
	Website(ctx context.Context, t tenant.ID) (Website, error)
	// Users returns those of up to 100 users that belong to the website.
	Users(ctx context.Context, t tenant.ID, ids []id.User) ([]User, error)
}

// Visitors looks up a website's visitors.
type Visitors interface {
	// Visitors returns those of up to 100 visitors that belong to the website.
	Visitors(ctx context.Context, t tenant.ID, ids []id.Visitor) ([]Visitor, error)
	// VisitorByToken returns the visitor of a token, or NotFound.
	VisitorByToken(ctx context.Context, t tenant.ID, token string) (Visitor, error)
}

// Conversations looks up a website's conversations and posts into them.
type Conversations interface {
	// ConversationByToken returns the conversation of a token, or NotFound.
	ConversationByToken(ctx context.Context, t tenant.ID, token string) (Conversation, error)
	// Say posts a visitor's message into the conversation of a token. Without a token it posts into the visitor's
	// newest open conversation, or into a new one. It returns that conversation. A repeated key posts nothing.
	Say(ctx context.Context, t tenant.ID, visitor id.Visitor, token *string, content, key string) (Conversation, error)
}
