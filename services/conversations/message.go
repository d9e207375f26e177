package conversations

import (
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// Sender says who wrote a message.
type Sender string

// The senders. USER is the API's word for an agent.
const (
	FromVisitor Sender = "VISITOR"
	FromAgent   Sender = "USER"
	FromSystem  Sender = "SYSTEM"
)

// MessageType tells what people wrote from what the system notes.
type MessageType string

// The types.
const (
	Text   MessageType = "TEXT"
	System MessageType = "SYSTEM"
)

// MaxContent is the longest message in bytes.
const MaxContent = 64 << 10

const maxClientID = 128 // bytes of a client's message id

// Message is one message of a conversation.
type Message struct {
	ID             int64       `bson:"_id"`
	WebsiteID      tenant.ID   `bson:"websiteId"`
	ConversationID int64       `bson:"conversationId"`
	Content        string      `bson:"content"`
	Type           MessageType `bson:"type"`
	SenderType     Sender      `bson:"senderType"`
	UserID         *int64      `bson:"userId"`
	VisitorID      *int64      `bson:"visitorId"`
	ReadAt         *time.Time  `bson:"readAt"`
	CreatedAt      time.Time   `bson:"createdAt"`
	UpdatedAt      time.Time   `bson:"updatedAt"`
	ClientID       string      `bson:"clientMessageId,omitempty"` // the client's own id: a repeat is the same message
}

// placeBits is how much of a message's number is its place in the conversation: MaxMessages < 2^14. The rest is the
// conversation's number, which leaves 2^39 conversations below 2^53. So numbers are unique without a sequence, ascend in
// the order of commits, and a conversation's messages stand together.
const placeBits = 14

func messageID(conversation, place int64) int64 { return conversation<<placeBits | place }

// ConversationOf gives the conversation of a message's number; a negative number is a conversation's own, which stands for
// all of its messages.
func ConversationOf(message int64) int64 {
	if message < 0 {
		return -message
	}
	return message >> placeBits
}

// Draft is a message before it has its place.
type Draft struct {
	Content  string
	AuthorID *int64 // the agent, where one is named
	ClientID string
}

// Check gives an Invalid fault that names every member that is wrong.
func (d Draft) Check() error {
	var wrong fault.Problems
	wrong.Check(strings.TrimSpace(d.Content) != "", "content", "must not be blank")
	wrong.Check(len(d.Content) <= MaxContent, "content", "must be at most 65536 bytes")
	wrong.Check(len(d.ClientID) <= maxClientID, "clientMessageId", "must be at most 128 bytes")
	return wrong.Err()
}

func (d Draft) message(from Sender, visitorID *int64, now time.Time) Message {
	return Message{
		Content: d.Content, Type: Text, SenderType: from, UserID: d.AuthorID, VisitorID: visitorID, CreatedAt: now, UpdatedAt: now, ClientID: d.ClientID,
	}
}
