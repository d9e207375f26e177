package mail

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores mails. Errors are faults: NotFound, Unavailable.
type Store interface {
	// Address returns a website's own address. It stores made if there is none.
	Address(ctx context.Context, made Address) (Address, error)
	// FindAddress returns a website's own address, or NotFound.
	FindAddress(ctx context.Context, t tenant.ID) (Address, error)

	// MailIDs returns the first of n consecutive ids.
	MailIDs(ctx context.Context, n int64) (id.Mail, error)
	// Receive stores a mail with its original. It stores nothing and returns false if a mail with the same key is stored.
	Receive(ctx context.Context, r Received, original []byte) (bool, error)
	// Original returns a received mail of a ticket as it came, or NotFound: originals are stored for a limited time.
	Original(ctx context.Context, t tenant.ID, ticket id.Ticket, number id.Mail) ([]byte, error)
	// OfTicket returns the newest mails of a ticket, up to limit of each direction, newest first, without their texts.
	OfTicket(ctx context.Context, t tenant.ID, ticket id.Ticket, limit int64) ([]Received, []Sent, error)
	// Answered returns the ticket of the first of Message-IDs that a mail of the website has, and whether there is one.
	Answered(ctx context.Context, t tenant.ID, messageIDs []string) (id.Ticket, bool, error)
	// SentAs returns the mail that was sent with a Message-ID, or NotFound.
	SentAs(ctx context.Context, t tenant.ID, messageID string) (Sent, error)

	// ToFile returns received mails that are due, the oldest first, and claims them until a time.
	ToFile(ctx context.Context, now, until time.Time) ([]Received, error)
	// SaveReceived changes a received mail.
	SaveReceived(ctx context.Context, t tenant.ID, number id.Mail,
		change func(Received) (Received, error)) (Received, error)
	// ToSend returns sent mails whose next step is due, the oldest first, and claims them until a time.
	ToSend(ctx context.Context, now, until time.Time) ([]Sent, error)
	// SaveSent changes a sent mail.
	SaveSent(ctx context.Context, t tenant.ID, number id.Mail, change func(Sent) (Sent, error)) (Sent, error)
	// Unsend removes a sent mail that isn't sent.
	Unsend(ctx context.Context, t tenant.ID, number id.Mail) error
}

// Tickets is the service tickets.
type Tickets interface {
	// AtAddress returns the ticket with an address, or NotFound.
	AtAddress(ctx context.Context, address string) (Target, error)
	// Check returns NotFound if a website has no such ticket.
	Check(ctx context.Context, t tenant.ID, ticket id.Ticket) error
	// File puts a mail into a ticket of a website. The error is NotFound if the ticket doesn't exist, and Conflict if it
	// is full.
	File(ctx context.Context, r Received) (Filed, error)
	// Answer returns a message of a ticket, or NotFound.
	Answer(ctx context.Context, t tenant.ID, ticket id.Ticket, message id.TicketMessage) (Answer, error)
}

// Filed is where the service tickets has put a mail.
type Filed struct {
	TicketID  id.Ticket
	MessageID id.TicketMessage
	VisitorID *id.Visitor
}

// Answer is a message of a ticket with what its mail needs.
type Answer struct {
	ForRequester bool // an agent wrote it, and the requester has an e-mail address
	Content      string
	AuthorName   string
	WebsiteName  string
	Title        string
	Address      string // of the ticket
	VisitorID    *id.Visitor
	Requester    Mailbox
}

// Accounts is the service accounts.
type Accounts interface {
	// Plan returns the plan of a website, or NotFound.
	Plan(ctx context.Context, t tenant.ID) (identity.Plan, error)
	// HasRoom returns an error of the kind TooLarge if the website has reached its storage limit.
	HasRoom(ctx context.Context, t tenant.ID) error
}

// Limiter limits how many mails are received.
type Limiter interface {
	// Take counts a mail. The error is Limited if name, a website or a server, has had too many.
	Take(ctx context.Context, name string) error
}

// Composer makes the bytes of a mail.
type Composer interface {
	Compose(c Composition) ([]byte, error)
}

// Composition is the content of a mail. Message-IDs have no angle brackets.
type Composition struct {
	From, To   Mailbox
	Subject    string
	MessageID  string
	InReplyTo  string   // "" for none
	References []string // oldest first
	Date       time.Time
	Website    string // its name, shown above the text; "" for none
	Text       string
}

// Relay submits mails to an SMTP server.
type Relay interface {
	// Submit submits a mail. It calls start once the relay has accepted the sender and the recipient, before the content;
	// if start fails, it doesn't send the content, and returns that error.
	Submit(ctx context.Context, from, to string, content []byte, start func() error) (Outcome, error)
}

// Authenticator checks which domain a mail comes from.
type Authenticator interface {
	// Authenticate checks a mail with the address in From, or "". It takes a bounded time, and doesn't fail: a domain that
	// can't be checked isn't verified.
	Authenticate(ctx context.Context, d Delivery, headerFrom string) Authentication
}

// Parser parses raw mails. It fails only for mails that are empty or too large.
type Parser interface {
	Parse(raw []byte) (Message, error)
}
