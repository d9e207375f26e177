package conversations

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Filter says which conversations a list holds. Zero members do not filter.
type Filter struct {
	Status     Status
	AssigneeID int64
	Unassigned bool // instead of an assignee
	VisitorID  int64
	Words      []string // all of them in the conversation's messages
}

// Counts says how a website's conversations stand, and what has happened since a moment.
type Counts struct {
	Unassigned int64 `json:"unassigned"` // open, and nobody's
	Opened     int64 `json:"opened"`
	Closed     int64 `json:"closed"` // and not opened again
}

// Store keeps conversations. Errors are faults: NotFound ("conversation"), Unavailable. Events are stored with the
// change or not at all.
type Store interface {
	// NextID draws n conversation numbers in a row and gives the first.
	NextID(ctx context.Context, n int64) (int64, error)
	// Get gives the conversation of a token.
	Get(ctx context.Context, t tenant.ID, token string) (Conversation, error)
	// List gives a window of the website's conversations, newest first or in the order of changes.
	List(ctx context.Context, t tenant.ID, f Filter, w paging.Following) (paging.Slice[Conversation], error)
	// ByIDs gives those of several conversations that are there.
	ByIDs(ctx context.Context, t tenant.ID, ids []int64) ([]Conversation, error)
	// Counts counts what its members say.
	Counts(ctx context.Context, t tenant.ID, since time.Time) (Counts, error)
	// Messages gives messages of a conversation behind the number after, oldest first: up to limit and paging.MaxBytes. more
	// reports that others follow.
	Messages(ctx context.Context, t tenant.ID, conversationID, after, limit int64) (found []Message, more bool, err error)
	// MessagesBehind is Messages of the whole website, in the order of numbers.
	MessagesBehind(ctx context.Context, t tenant.ID, after, limit int64) (found []Message, more bool, err error)
	// MessagesByIDs gives those of several messages that are there. cut reports that some are left out, as they have too many
	// bytes for one read.
	MessagesByIDs(ctx context.Context, t tenant.ID, ids []int64) (found []Message, cut bool, err error)
	// Open stores a new conversation and its first message. Where the visitor's key for it (OpenKey) has been used, it
	// gives what was stored then, and false.
	Open(ctx context.Context, c Conversation, m Message, events []Event) (Conversation, Message, bool, error)
	// Post changes a conversation and stores the message that change makes, whose number it sets. Where the message's
	// ClientID has been used in the conversation, it gives what was stored then, and false.
	Post(ctx context.Context, t tenant.ID, token string, m Message, change func(*Conversation, *Message) ([]Event, error)) (Message, bool, error)
	// Change changes a conversation. change may run more than once. PreconditionFailed where the context requires another
	// revision.
	Change(ctx context.Context, t tenant.ID, token string, change func(*Conversation) ([]Event, error)) (Conversation, error)
	// SetTyping notes until when a side is typing, and gives the conversation. It is no change that an event tells of.
	SetTyping(ctx context.Context, t tenant.ID, token string, visitorID int64, side Sender, until time.Time) (Conversation, error)
	// MarkRead notes that the messages which from wrote have been read, and stores the event of those that had not been. Where
	// none was unread, nothing happens.
	MarkRead(ctx context.Context, t tenant.ID, conversationID int64, from Sender, at time.Time, tell func(ids []int64) Event) error
	// ImportedKeys gives those of keys that have been imported.
	ImportedKeys(ctx context.Context, t tenant.ID, keys []string) (map[string]bool, error)
	// Import stores conversations with their messages, all or none; a Conflict where one of them was imported meanwhile.
	Import(ctx context.Context, t tenant.ID, cs []Conversation, ms []Message, e Event) error
	// Tags gives the website's catalogue.
	Tags(ctx context.Context, t tenant.ID) ([]Tag, error)
	// PutTag stores an entry of the catalogue.
	PutTag(ctx context.Context, tag Tag) error
	// DeleteTag removes an entry; NotFound ("tag").
	DeleteTag(ctx context.Context, t tenant.ID, name string) error
}

// Agent is one of a website's users, as the API shows users.
type Agent struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	Theme     string    `json:"theme"`
	AvatarURL *string   `json:"avatarUrl"`
	Language  string    `json:"language"`
	Online    bool      `json:"online"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Visitor is a visitor, as the API shows visitors.
type Visitor struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Token     string    `json:"token"`
	IP        string    `json:"ip"`
	Context   string    `json:"context"`
	WebsiteID tenant.ID `json:"websiteId"`
	Country   *string   `json:"country"`
	City      *string   `json:"city"`
	Online    bool      `json:"online"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// People are the visitors and agents, whom other services own. Errors are faults; who is not there is left out.
type People interface {
	// Visitor gives a visitor, or nil.
	Visitor(ctx context.Context, t tenant.ID, id int64) (*Visitor, error)
	// Agents gives the agents with these numbers.
	Agents(ctx context.Context, t tenant.ID, ids []int64) ([]Agent, error)
	// ImportVisitors gives a visitor's number for each key, made where there is none yet.
	ImportVisitors(ctx context.Context, t tenant.ID, keys []string) ([]int64, error)
}

// Assistant says what conversations were about.
type Assistant interface {
	// Digest reads a conversation's messages, oldest first, and the website's catalogue of tags.
	Digest(ctx context.Context, messages []Message, catalogue Catalogue) (Digest, error)
}

// Notifier publishes transient events (typing, presence) to connected streams. They are not stored.
type Notifier interface {
	// Tell tells of what happened to a visitor; where it is not heard, nothing is lost that is kept.
	Notify(ctx context.Context, t tenant.ID, visitorID int64, typ string, data any)
}
