package conversations

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
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
	MaxMessages  = 10_000   // messages in one conversation; after that the visitor has to open a new one
	MaxBytes     = 16 << 20 // bytes of its messages' content
	MaxTags      = 20
	maxTag       = 64      // bytes
	maxSummary   = 4 << 10 // bytes
	maxFeedback  = 4 << 10 // bytes
	MaxTerms     = 1_000   // distinct words of a conversation that are indexed for search
	typingPeriod = 6 * time.Second
)

// Conversation is a chat between one visitor and the agents of a website.
type Conversation struct {
	ID              id.Conversation `bson:"_id"`
	WebsiteID       tenant.ID       `bson:"websiteId"`
	Token           string          `bson:"token"`
	VisitorID       id.Visitor      `bson:"visitorId"`
	AssigneeID      *id.User        `bson:"assigneeId"`
	Status          Status          `bson:"status"`
	Rating          *int64          `bson:"rating"` // 1 to 5
	Feedback        *string         `bson:"feedback"`
	RatedAt         *time.Time      `bson:"ratedAt"`
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
	Bytes     int64    `bson:"bytes,omitempty"`
	Version   int64    `bson:"version"`             // incremented by every change
	OpenKey   string   `bson:"openKey,omitempty"`   // the client's id of the message that opened it
	ImportKey string   `bson:"importKey,omitempty"` // the row it was imported from
	Terms     []string `bson:"terms,omitempty"`     // words of its messages, for search
	// The order of its events: see outbox.Order.
	EventAt  int64 `bson:"eventAt,omitempty"`
	EventSeq int64 `bson:"eventSeq,omitempty"`
}

// SortKey implements the order of lists: by creation.
func (c Conversation) SortKey() (time.Time, int64) { return c.CreatedAt, int64(c.ID) }

// ChangeKey implements the order of change lists: by last change.
func (c Conversation) ChangeKey() (time.Time, int64) { return c.UpdatedAt, int64(c.ID) }

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

// addMessage counts a message and assigns its number. A message of type Text reopens a closed conversation. answered is
// the first response time in seconds if this message is the first response, else nil.
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
	if m.CreatedAt.After(c.UpdatedAt) {
		c.UpdatedAt = m.CreatedAt
	}
	switch m.SenderType {
	case FromVisitor:
		c.VisitorTypingTo = time.Time{}
		if c.FirstVisitorAt == nil {
			c.FirstVisitorAt = &m.CreatedAt
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
	if m.Type == Text && c.Status == Closed {
		c.setStatus(Open, m.CreatedAt)
	}
	return answered, nil
}

func (c *Conversation) setStatus(s Status, now time.Time) {
	if c.Status == s {
		return
	}
	c.Status, c.ClosedAt = s, nil
	if s == Closed {
		c.ClosedAt = &now
	}
}

// Patch is a partial update by an agent.
type Patch struct {
	Status     optional.Value[Status]
	AssigneeID optional.Value[id.User] // null unassigns
	Tags       optional.Value[[]string]
	Summary    optional.Value[string] // null removes
}

// Validate returns an Invalid fault that lists every wrong field.
func (p Patch) Validate() error {
	var wrong fault.Problems
	wrong.Check(!p.Status.Set || p.Status.V.Valid(), "status", "must be OPEN or CLOSED")
	wrong.Check(len(p.Tags.V) <= MaxTags, "tags", "must be at most 20")
	for _, tag := range p.Tags.V {
		if !validTag(tag) {
			wrong.Add("tags", "must be names of 1 to 64 bytes")
			break
		}
	}
	wrong.Check(len(p.Summary.V) <= maxSummary, "summary", "must be at most 4096 bytes")
	return wrong.Err()
}

// apply changes c and reports whether anything differs; if nothing does, UpdatedAt stays too. The caller has checked
// that the assignee exists.
func (p Patch) apply(c *Conversation, now time.Time) bool {
	before := *c
	if p.Status.Set {
		c.setStatus(p.Status.V, now)
	}
	if p.AssigneeID.Set {
		c.AssigneeID = p.AssigneeID.Ptr()
	}
	if p.Tags.Set {
		c.Tags = distinct(p.Tags.V)
	}
	if p.Summary.Set {
		c.Summary = p.Summary.Ptr()
	}
	if c.Status == before.Status && same(c.AssigneeID, before.AssigneeID) && slices.Equal(c.Tags, before.Tags) &&
		same(c.Summary, before.Summary) {
		return false
	}
	c.UpdatedAt = now
	return true
}

// same reports whether two optional values are equal.
func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func distinct(names []string) []string {
	out := []string{}
	seen := map[string]bool{}
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
	wrong.Check(r.Stars >= 1 && r.Stars <= 5, "rating", "must be a whole number from 1 to 5")
	wrong.Check(r.Feedback == nil || len(*r.Feedback) <= maxFeedback, "feedback", "must be at most 4096 bytes")
	return wrong.Err()
}
