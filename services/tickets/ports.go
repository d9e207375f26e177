package tickets

import (
	"context"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Store keeps tickets and their messages. Errors are faults: NotFound, Unavailable.
type Store interface {
	// TicketID gives the number of the next ticket.
	TicketID(ctx context.Context) (int64, error)
	// MessageID gives the number of the next message.
	MessageID(ctx context.Context) (int64, error)
	// Create stores a new ticket.
	Create(ctx context.Context, made Ticket) error
	// Get gives a ticket.
	Get(ctx context.Context, t tenant.ID, id int64) (Ticket, error)
	// List gives a window of the tickets that f matches, newest first or in the order of changes, without their Search.
	List(ctx context.Context, t tenant.ID, f Filter, w paging.Following) (paging.Slice[Ticket], error)
	// ByIDs gives those of several tickets that are there, without their Search. cut reports that some are left out, as they
	// have too many bytes for one read.
	ByIDs(ctx context.Context, t tenant.ID, ids []int64) (found []Ticket, cut bool, err error)
	// Messages gives a ticket's messages behind a number, oldest first, up to paging.MaxBytes, and whether more follow.
	Messages(ctx context.Context, t tenant.ID, ticketID, after int64) (found []Message, more bool, err error)
	// Save changes a ticket; change is given the stored one and may run more than once. Two at once both count.
	// PreconditionFailed where the context requires another revision, as for Delete.
	Save(ctx context.Context, t tenant.ID, id int64, change func(Ticket) Ticket) (Ticket, error)
	// AddMessage stores m and changes its ticket, both or neither; change is like Save's and may refuse.
	AddMessage(ctx context.Context, m Message, change func(Ticket) (Ticket, error)) error
	// Delete removes a ticket and its messages, all or nothing.
	Delete(ctx context.Context, t tenant.ID, id int64) error
}

// Filter says which tickets are wanted. A zero member matches all.
type Filter struct {
	Status     Status
	Priority   Priority
	AssigneeID int64
	VisitorID  int64
	Words      []string // all of them
}

// Website is what a ticket shows of its website, and the website's plan.
type Website struct {
	ID   int64         `json:"id"`
	Name string        `json:"name"`
	URL  string        `json:"url"`
	Plan identity.Plan `json:"-"`
}

// User is what a ticket shows of its assignee.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Visitor is what a ticket shows of its visitor.
type Visitor struct {
	ID    int64  `json:"id"`
	Token string `json:"token"`
	Name  string `json:"name"`
}

// Conversation is what a ticket needs of the conversation it came from.
type Conversation struct {
	ID        int64 `json:"id"`
	VisitorID int64 `json:"visitorId"`
}

// Accounts knows websites and their users.
type Accounts interface {
	// Website gives a website.
	Website(ctx context.Context, t tenant.ID) (Website, error)
	// Users gives those of up to 100 users that the website has.
	Users(ctx context.Context, t tenant.ID, ids []int64) ([]User, error)
}

// Visitors knows a website's visitors.
type Visitors interface {
	// Visitors gives those of up to 100 visitors that the website has.
	Visitors(ctx context.Context, t tenant.ID, ids []int64) ([]Visitor, error)
	// VisitorByToken gives the visitor of a token, or NotFound.
	VisitorByToken(ctx context.Context, t tenant.ID, token string) (Visitor, error)
}

// Conversations knows a website's conversations.
type Conversations interface {
	// ConversationByToken gives the conversation of a token, or NotFound.
	ConversationByToken(ctx context.Context, t tenant.ID, token string) (Conversation, error)
	// Say posts a visitor's message into the conversation of a token or, without one, into the visitor's newest open
	// conversation, else into a new one. It gives that conversation. A repeated key posts nothing.
	Say(ctx context.Context, t tenant.ID, visitorID int64, token *string, content, key string) (Conversation, error)
}
