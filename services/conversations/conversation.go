package conversations

import (
	"crypto/rand"
	"strings"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// Status is the state of a conversation: open or closed.
type Status = contract.ConversationStatus

// The statuses.
const (
	Open   = contract.ConversationStatusOpen
	Closed = contract.ConversationStatusClosed
)

// The bounds of a conversation.
const (
	MaxMessages = 10_000   // messages in one conversation; after that the visitor has to open a new one
	MaxBytes    = 16 << 20 // bytes of its messages' content
	MaxTags     = 20
	maxTag      = 64      // bytes
	maxSummary  = 4 << 10 // bytes
	maxFeedback = 4 << 10 // bytes
	MaxStars    = 5       // of a rating
	MaxTerms    = 6_000   // terms of a conversation by which searches find it: those of its newest messages
	// terms of the facts about a visitor, without marks
	maxVisitorTerms = 100
	typingPeriod    = 6 * time.Second
)

// Conversation is a chat between one visitor and the agents of a website.
type Conversation struct {
	ID              id.Conversation `bson:"_id"`
	WebsiteID       tenant.ID       `bson:"websiteId"`
	Token           string          `bson:"token"`
	VisitorID       id.Visitor      `bson:"visitorId"`
	AssigneeID      *id.User        `bson:"assigneeId"`
	TeamID          *id.Team        `bson:"teamId,omitempty"` // the group of agents that it is assigned to
	Status          Status          `bson:"status"`
	Rating          *int64          `bson:"rating"` // 1 to 5
	Feedback        *string         `bson:"feedback"`
	RatedAt         *time.Time      `bson:"ratedAt,omitempty"`
	RatedFor        *id.User        `bson:"ratedFor"` // the assignee at that time
	Summary         *string         `bson:"summary"`
	Tags            []string        `bson:"tags"` // stored names
	CreatedAt       time.Time       `bson:"createdAt"`
	UpdatedAt       time.Time       `bson:"updatedAt"`
	ClosedAt        *time.Time      `bson:"closedAt"`
	FirstVisitorAt  *time.Time      `bson:"firstVisitorAt"` // first visitor message
	FirstAgentAt    *time.Time      `bson:"firstAgentAt"`   // first agent message
	VisitorTypingTo time.Time       `bson:"visitorTypingTo"`
	AgentTypingTo   time.Time       `bson:"agentTypingTo"`
	Messages        int64           `bson:"messages"` // count, and the sequence number of the last one
	// Bytes of the messages' content. A row that was stored before bytes were counted starts counting at its next message.
	Bytes   int64 `bson:"bytes,omitempty"`
	Version int64 `bson:"version"` // incremented by every change
	// The newest message, how many of the visitor's messages no agent has read, and since when the visitor waits for an
	// answer. A row that was stored before these were has them from its next message on.
	Last         *Excerpt   `bson:"last,omitempty"`
	Unread       int64      `bson:"unread,omitempty"`
	WaitingSince *time.Time `bson:"waitingSince,omitempty"`
	// How many messages of the visitor count as news for agents, and how many of those each agent has read. A row that was
	// stored before these counts from its next message on.
	Heard  int64     `bson:"heard,omitempty"`
	ReadTo Positions `bson:"readTo,omitempty"`
	// Its private notes: their number and the bytes of their texts, and the users who haven't seen that one mentions them.
	Notes     int64     `bson:"notes,omitempty"`
	NoteBytes int64     `bson:"noteBytes,omitempty"`
	Mentions  []id.User `bson:"mentions,omitempty"`
	// Where agents have put it, since when, and until when it is snoozed.
	Folder       Folder     `bson:"folder,omitempty"`
	FolderSince  *time.Time `bson:"folderSince,omitempty"`
	SnoozedUntil *time.Time `bson:"snoozedUntil,omitempty"`
	Scheduled    *Scheduled `bson:"scheduled,omitempty"` // a reply to send later
	QueuedAt     *time.Time `bson:"queuedAt,omitempty"`  // since when it waits to be assigned automatically
	// Until when something should happen by the website's targets, and the times that don't count towards them.
	Due       *Due    `bson:"due,omitempty"`
	Pauses    []Pause `bson:"pauses,omitempty"`
	OpenKey   string  `bson:"openKey,omitempty"`   // the client's id of the message that opened it
	ImportKey string  `bson:"importKey,omitempty"` // the row it was imported from
	// The terms of its messages and its visitor, for search, which reads don't return, and the version of their analysis.
	Terms        []string `bson:"terms,omitempty"`
	TermsVersion int64    `bson:"termsVersion,omitempty"`
	// The order of its events: see outbox.Order.
	EventAt  int64 `bson:"eventAt,omitempty"`
	EventSeq int64 `bson:"eventSeq,omitempty"`
}

// SortKey implements the order of lists: by creation.
func (c Conversation) SortKey() (time.Time, int64) { return c.CreatedAt, int64(c.ID) }

// ChangeKey implements the order of change lists: by last change.
func (c Conversation) ChangeKey() (time.Time, int64) { return c.UpdatedAt, int64(c.ID) }

// KeyIn implements the order of lists by waiting time, whose rows all wait, and by rating, whose rows are all rated.
func (c Conversation) KeyIn(order paging.Order) (time.Time, int64) {
	at := c.WaitingSince
	if order == paging.Rated {
		at = c.RatedAt
	}
	if at == nil {
		return time.Time{}, int64(c.ID)
	}
	return *at, int64(c.ID)
}

// Revision is the version of the conversation with its messages, for ETags. Typing and reading don't change it.
func (c Conversation) Revision() version.Of { return version.Of{ID: int64(c.ID), Version: c.Version} }

// VisitorTyping reports whether the visitor is typing: the last notification is less than typingPeriod old.
func (c Conversation) VisitorTyping(now time.Time) bool { return c.VisitorTypingTo.After(now) }

// AgentTyping reports whether an agent is typing: the last notification is less than typingPeriod old.
func (c Conversation) AgentTyping(now time.Time) bool { return c.AgentTypingTo.After(now) }

// FirstResponse is the time from the first visitor message to the first agent message. It reports false unless both
// exist and the visitor wrote first.
func (c Conversation) FirstResponse() (time.Duration, bool) {
	if c.FirstVisitorAt == nil || c.FirstAgentAt == nil || c.FirstAgentAt.Before(*c.FirstVisitorAt) {
		return 0, false
	}
	return c.FirstAgentAt.Sub(*c.FirstVisitorAt), true
}

// newConversation opens a conversation for a visitor.
func newConversation(number id.Conversation, t tenant.ID, visitor id.Visitor, now time.Time) Conversation {
	return Conversation{
		ID:        number,
		WebsiteID: t,
		Token:     newToken(),
		VisitorID: visitor,
		Status:    Open,
		Tags:      []string{},
		CreatedAt: now,
		UpdatedAt: now,
	}
}

// newToken returns a token with 260 random bits, which can't be guessed.
func newToken() string { return "conv_" + strings.ToLower(rand.Text()+rand.Text()) }

// addMessage counts a message and assigns its number. A message of type Text reopens a closed conversation, except that
// of a visitor in one marked as spam. A visitor's message wakes a snoozed one. answered is the first response time in
// seconds if this message is the first response, else nil.
func (c *Conversation) addMessage(m *Message) (answered *float64, err error) {
	if c.Messages >= MaxMessages {
		return nil, fault.Coded(fault.Conflict, "conversation_full",
			"the conversation has reached its 10000 messages; open a new one")
	}
	if c.Bytes+int64(len(m.Content)) > MaxBytes {
		return nil, fault.Coded(fault.Conflict, "conversation_full",
			"the conversation has reached its 16 MiB of text; open a new one")
	}
	_, hadResponse := c.FirstResponse()
	c.Messages++
	c.Bytes += int64(len(m.Content))
	m.ID, m.ConversationID, m.WebsiteID = messageID(c.ID, c.Messages), c.ID, c.WebsiteID
	last := m.Excerpt()
	c.Last = &last
	c.noteWaiting(m)
	if m.CreatedAt.After(c.UpdatedAt) {
		c.UpdatedAt = m.CreatedAt
	}
	switch m.SenderType {
	case FromVisitor:
		c.VisitorTypingTo = time.Time{}
		if c.FirstVisitorAt == nil {
			c.FirstVisitorAt = &m.CreatedAt
		}
		if c.Folder == Snoozed {
			c.put(NoFolder, nil, m.CreatedAt)
		}
	case FromAgent:
		c.AgentTypingTo = time.Time{}
		if c.FirstAgentAt == nil {
			c.FirstAgentAt = &m.CreatedAt
		}
	}
	if d, has := c.FirstResponse(); has && !hadResponse {
		seconds := d.Seconds()
		answered = &seconds
	}
	if m.Type == Text && c.Status == Closed && !(c.Folder == Spam && m.SenderType == FromVisitor) {
		c.setStatus(Open, m.CreatedAt)
	}
	return answered, nil
}

func (c *Conversation) setStatus(s Status, now time.Time) {
	if c.Status == s {
		return
	}
	if s == Open {
		c.addPause(c.ClosedAt, now)
	}
	c.Status, c.ClosedAt = s, nil
	if s == Closed {
		c.ClosedAt, c.WaitingSince = &now, nil
	}
	if c.Folder != NoFolder { // closing ends a snooze, and reopening takes out of spam
		c.put(NoFolder, nil, now)
	}
}

// same reports whether two optional values are equal.
func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func distinct[T comparable](names []T) []T {
	out := []T{}
	seen := map[T]bool{}
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// Rating is a visitor's rating of a conversation.
type Rating struct {
	Stars    int64 // 1 to 5
	Feedback *string
}

// Validate returns an Invalid fault that lists every wrong field.
func (r Rating) Validate() error {
	var wrong fault.Problems
	r.check("rating", "feedback", &wrong)
	return wrong.Err()
}

// check adds what is wrong under the names that the fields have in the request.
func (r Rating) check(stars, feedback string, wrong *fault.Problems) {
	wrong.Check(r.Stars >= 1 && r.Stars <= MaxStars, stars, "must be a whole number from 1 to 5")
	wrong.Check(r.Feedback == nil || len(*r.Feedback) <= maxFeedback, feedback, "must be at most 4096 bytes")
}
