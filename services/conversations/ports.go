package conversations

import (
	"context"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Counts is how many conversations wait for an agent now, and how many were opened and closed since a given time.
type Counts struct {
	Unassigned int64 `json:"unassigned"` // open, without an assignee
	Opened     int64 `json:"opened"`
	Closed     int64 `json:"closed"` // closed since then, and still closed
}

// Store stores conversations. Errors are faults: NotFound ("conversation"), Unavailable. Events are stored in the
// transaction of their change.
type Store interface {
	NoteStore
	UnsentStore
	QueueStore
	// NextID reserves n consecutive conversation numbers and returns the first.
	NextID(ctx context.Context, n int64) (id.Conversation, error)
	// Get returns the conversation that has a token.
	Get(ctx context.Context, t tenant.ID, token string) (Conversation, error)
	// List returns a page of the website's conversations, newest first or in the order of changes.
	List(ctx context.Context, t tenant.ID, f Filter, w paging.Following) (paging.Slice[Conversation], error)
	// ByIDs returns the conversations that exist among ids.
	ByIDs(ctx context.Context, t tenant.ID, ids []id.Conversation) ([]Conversation, error)
	// Counts returns the website's counts; Opened and Closed count from since on.
	Counts(ctx context.Context, t tenant.ID, since time.Time) (Counts, error)
	// InboxCounts returns the number of rows of the inbox's views for the user me, or for a program, which is 0.
	InboxCounts(ctx context.Context, t tenant.ID, me id.User, now time.Time) (InboxCounts, error)
	// Messages returns messages of a conversation with numbers greater than after, oldest first: up to limit messages
	// and paging.MaxBytes. more reports whether others follow.
	Messages(ctx context.Context, t tenant.ID, conversation id.Conversation, after id.Message, limit int64) (
		found []Message, more bool, err error)
	// NewestMessages returns up to limit messages of a conversation, newest first, and up to 256 KiB of them.
	NewestMessages(ctx context.Context, t tenant.ID, conversation id.Conversation, limit int64) ([]Message, error)
	// MessagesBehind is Messages for the whole website, in the order of message numbers.
	MessagesBehind(ctx context.Context, t tenant.ID, after id.Message, limit int64) (found []Message, more bool,
		err error)
	// MessagesByIDs returns the messages that exist among ids. cut reports that some are left out because all of them
	// exceed the byte limit of one read.
	MessagesByIDs(ctx context.Context, t tenant.ID, ids []id.Message) (found []Message, cut bool, err error)
	// Open stores a new conversation and its first message. If the visitor has already used the conversation's OpenKey,
	// it returns the conversation that was stored then with its message of m's ClientID, if there is one, and false.
	Open(ctx context.Context, c Conversation, m Message, events []Event) (Conversation, Message, bool, error)
	// ByClientID returns the message of a conversation that has a client id.
	ByClientID(ctx context.Context, t tenant.ID, conversation id.Conversation, clientID string) (Message, error)
	// Post changes a conversation and stores a message; change sets the message's number. If the message's ClientID has
	// already been used in the conversation, it returns the message that was stored then, and false.
	Post(ctx context.Context, t tenant.ID, token string, m Message,
		change func(Conversation, Message) (Conversation, Message, []Event, error)) (Message, bool, error)
	// Save changes a conversation. change gets the stored one and may run more than once. The error is
	// PreconditionFailed if the context requires another version.
	Save(ctx context.Context, t tenant.ID, token string,
		change func(Conversation) (Conversation, []Event, error)) (Conversation, error)
	// SetTyping stores until when the conversation's visitor or, if visitor is nil, an agent is typing, and returns the
	// conversation. It writes no event and doesn't change the version.
	SetTyping(ctx context.Context, t tenant.ID, token string, visitor *id.Visitor, until time.Time) (Conversation, error)
	// MarkRead marks the messages of the other side as read, and stores the event that newEvent makes of those that were
	// unread by that side. It moves the position of the reader, only forwards, and reports whether it did. If nothing was
	// unread, it does nothing.
	MarkRead(ctx context.Context, t tenant.ID, conversation id.Conversation, r Reading,
		newEvent func(ids []id.Message) Event) (moved bool, err error)
	// DeleteReader removes the positions of a user in all conversations.
	DeleteReader(ctx context.Context, t tenant.ID, user id.User) error
	// NamedFiles returns those of some files that messages name.
	NamedFiles(ctx context.Context, t tenant.ID, files []id.File) ([]id.File, error)
	// ImportedKeys returns those of keys that have been imported.
	ImportedKeys(ctx context.Context, t tenant.ID, keys []string) (map[string]bool, error)
	// Import stores conversations with their messages, all or none. The error is Conflict if another import has stored
	// one of them in the meantime.
	Import(ctx context.Context, t tenant.ID, cs []Conversation, ms []Message, e Event) error
	// AddVisitorTerms makes searches find a visitor's conversations by further terms.
	AddVisitorTerms(ctx context.Context, t tenant.ID, visitor id.Visitor, terms []string) error
	// Analysed returns the next up to limit conversations after a number, of all websites, with what is needed to
	// analyse them again. more reports whether others follow.
	Analysed(ctx context.Context, after id.Conversation, limit int64) (rows []Conversation, more bool, err error)
	// Newest returns the number of the newest conversation of all websites, 0 if there is none.
	Newest(ctx context.Context) (int64, error)
	// SetTerms replaces the terms of a conversation, unless it has got another message since c was read: then it reports
	// false.
	SetTerms(ctx context.Context, c Conversation, terms []string) (bool, error)
	// DueSnoozes returns up to limit conversations of all websites that are snoozed until now or earlier, the earliest
	// first, with their websites and tokens.
	DueSnoozes(ctx context.Context, now time.Time, limit int64) ([]Conversation, error)
	// DueReplies returns up to limit conversations of all websites whose scheduled reply is due now or earlier, the
	// earliest first, with their websites, tokens and replies.
	DueReplies(ctx context.Context, now time.Time, limit int64) ([]Conversation, error)
	// Tags returns the website's catalogue.
	Tags(ctx context.Context, t tenant.ID) ([]Tag, error)
	// PutTag creates or replaces an entry of the catalogue.
	PutTag(ctx context.Context, tag Tag) error
	// DeleteTag removes an entry. The error is NotFound ("tag") if there is none.
	DeleteTag(ctx context.Context, t tenant.ID, name string) error
}

// Agent is one of a website's users, as the API shows users.
type Agent struct {
	ID        id.User   `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	Theme     string    `json:"theme"`
	AvatarURL *string   `json:"avatarUrl"`
	Language  string    `json:"language"`
	Online    bool      `json:"online"`
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	IsFormer  bool      `json:"-"` // was removed: nothing can be assigned to them
}

// Visitor is a visitor, as the API shows visitors.
type Visitor struct {
	ID        id.Visitor `json:"id"`
	Name      string     `json:"name"`
	Token     string     `json:"token"`
	IP        string     `json:"ip"`
	Context   string     `json:"context"`
	WebsiteID tenant.ID  `json:"websiteId"`
	Country   *string    `json:"country"`
	City      *string    `json:"city"`
	Online    bool       `json:"online"`
	CreatedAt time.Time  `json:"createdAt"`
	UpdatedAt time.Time  `json:"updatedAt"`
	Identity  *Identity  `json:"identity"`  // nil if unknown
	BlockedAt *time.Time `json:"blockedAt"` // nil if the team hasn't blocked them
}

// Identity is the user of the website that a visitor is, as the API shows it.
type Identity struct {
	UserID   string  `json:"userId"`
	Email    *string `json:"email"`
	Name     *string `json:"name"`
	Verified bool    `json:"verified"` // whether the website's backend has signed it
}

// Addressee is the visitor that an agent wants to write to.
type Addressee struct {
	ID        id.Visitor `json:"id"`
	IsRefused bool       `json:"identityRequired"` // the website serves verified visitors only, and they aren't
}

// Accounts reads agents. Errors are faults.
type Accounts interface {
	// Agents returns those of up to 100 agents that exist.
	Agents(ctx context.Context, t tenant.ID, ids []id.User) ([]Agent, error)
	// AgentsByEmail returns those of up to MaxImportAgents agents that exist, by e-mail address in lower case.
	AgentsByEmail(ctx context.Context, t tenant.ID, addresses []string) (map[string]id.User, error)
	// Teams returns the groups of a website's agents.
	Teams(ctx context.Context, t tenant.ID) ([]Team, error)
	// Assignment returns how a website assigns new conversations.
	Assignment(ctx context.Context, t tenant.ID) (Assignment, error)
	// Targets returns how fast a website wants to answer.
	Targets(ctx context.Context, t tenant.ID) (Targets, error)
}

// Visitors reads and imports visitors. Errors are faults.
type Visitors interface {
	// Visitors returns those of up to 100 visitors that exist.
	Visitors(ctx context.Context, t tenant.ID, ids []id.Visitor) ([]Visitor, error)
	// VisitorByToken returns the visitor of a token. The error is NotFound ("visitor") if there is none.
	VisitorByToken(ctx context.Context, t tenant.ID, token string) (Addressee, error)
	// AgentBegan notifies a visitor's pages of a conversation that an agent has begun, if they have no event stream.
	AgentBegan(ctx context.Context, t tenant.ID, visitor id.Visitor, conversation string) error
	// ImportVisitors returns the ids of up to MaxImportRows visitors, and creates those whose keys are new.
	ImportVisitors(ctx context.Context, t tenant.ID, rows []ImportVisitor) ([]id.Visitor, error)
}

// Files is the service files, with the addresses at which browsers open its files.
type Files struct {
	Claimer   Claimer
	Addresses fileaddress.Signer
}

// Claimer claims files of the service files. Errors are faults.
type Claimer interface {
	// Claim claims uploaded files for a message, and returns what is known of them. byVisitor says who names them: a
	// visitor may only name their own. The error is Invalid if one can't be used.
	Claim(ctx context.Context, t tenant.ID, visitor id.Visitor, byVisitor bool, files []id.File) ([]Attachment, error)
}

// Assistant describes conversations: a summary, and tags of the catalogue.
type Assistant interface {
	// Digest reads a conversation's messages, oldest first, and the website's catalogue of tags.
	Digest(ctx context.Context, messages []Message, catalogue Catalogue) (Digest, error)
}

// Notifier publishes transient events (typing, presence) to connected streams. They aren't stored.
type Notifier interface {
	// Notify publishes an event about a visitor. It reports no error: if delivery fails, no stored data is lost.
	Notify(ctx context.Context, t tenant.ID, visitor id.Visitor, data contract.Data)
}
