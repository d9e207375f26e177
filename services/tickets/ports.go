package tickets

import (
	"context"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores tickets and their messages. Errors are faults: NotFound, Unavailable.
type Store interface {
	// TicketID returns the id of the next ticket.
	TicketID(ctx context.Context) (id.Ticket, error)
	// MessageID returns the id of the next message.
	MessageID(ctx context.Context) (id.TicketMessage, error)
	// Create stores a new ticket.
	Create(ctx context.Context, made Ticket) error
	// Get returns a ticket.
	Get(ctx context.Context, t tenant.ID, ticket id.Ticket) (Ticket, error)
	// List returns a window of the tickets that f matches, newest first or in the order of changes, without their
	// Search.
	List(ctx context.Context, t tenant.ID, f Filter, w paging.Following) (paging.Slice[Ticket], error)
	// ByIDs returns those tickets that exist, without their Search. cut reports that some are left out because they
	// have too many bytes for one read.
	ByIDs(ctx context.Context, t tenant.ID, ids []id.Ticket) (found []Ticket, cut bool, err error)
	// Messages returns a ticket's messages after an id, oldest first, up to paging.MaxBytes, and whether more follow.
	Messages(ctx context.Context, t tenant.ID, ticket id.Ticket, after id.TicketMessage) (found []Message, more bool,
		err error)
	// Save changes a ticket. change gets the stored one and may run more than once. Of concurrent calls none is lost.
	// The error is PreconditionFailed if the context requires another version, as for Delete.
	Save(ctx context.Context, t tenant.ID, ticket id.Ticket, change func(Ticket) (Ticket, error)) (Ticket, error)
	// AddMessage stores m and changes its ticket, in one transaction. change is like Save's and may refuse.
	AddMessage(ctx context.Context, m Message, change func(Ticket) (Ticket, error)) error
	// Delete removes a ticket and its messages, in one transaction.
	Delete(ctx context.Context, t tenant.ID, ticket id.Ticket) error
}

// Filter selects tickets. A zero member matches all.
type Filter struct {
	Status     Status
	Priority   Priority
	AssigneeID id.User
	VisitorID  id.Visitor
	Words      []string // the ticket has all of them
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
