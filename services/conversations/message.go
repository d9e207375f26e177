package conversations

import (
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Sender is the side that wrote a message.
type Sender = contract.Sender

// The senders. USER is the API's word for an agent.
const (
	FromVisitor = contract.SenderVisitor
	FromAgent   = contract.SenderUser
	FromSystem  = contract.SenderSystem
)

// MessageType distinguishes messages written by people from notes written by the system.
type MessageType = contract.MessageType

// The types.
const (
	Text   = contract.MessageTypeText
	System = contract.MessageTypeSystem
)

// MaxContent is the maximum length of a message in bytes.
const MaxContent = 64 << 10

const maxClientID = 128 // bytes of a client's message id

// Message is one message of a conversation.
type Message struct {
	ID             id.Message      `bson:"_id"`
	WebsiteID      tenant.ID       `bson:"websiteId"`
	ConversationID id.Conversation `bson:"conversationId"`
	Content        string          `bson:"content"`
	Type           MessageType     `bson:"type"`
	SenderType     Sender          `bson:"senderType"`
	UserID         *id.User        `bson:"userId"`
	VisitorID      *id.Visitor     `bson:"visitorId"`
	ReadAt         *time.Time      `bson:"readAt"`
	CreatedAt      time.Time       `bson:"createdAt"`
	UpdatedAt      time.Time       `bson:"updatedAt"`
	ByProgram      bool            `bson:"byProgram,omitempty"` // a program posted it, with an API token
	Attachments    []Attachment    `bson:"attachments,omitempty"`
	// the client's own id: posting it again doesn't store a second message
	ClientID string `bson:"clientMessageId,omitempty"`
}

// sequenceBits is how many bits of a message's number hold its sequence number in the conversation: MaxMessages < 2^14.
// The other bits hold the conversation's number, which leaves 2^39 conversations below 2^53, the largest exact integer
// in JSON. So numbers are unique without a database sequence, ascend in the order of commits, and a conversation's
// messages are adjacent.
const sequenceBits = 14

func messageID(conversation id.Conversation, sequence int64) id.Message {
	return id.Message(int64(conversation)<<sequenceBits | sequence)
}

// ConversationOf returns the conversation that a message belongs to.
func ConversationOf(message id.Message) id.Conversation {
	return id.Conversation(message >> sequenceBits)
}

// Draft is a message that has no number yet.
type Draft struct {
	Content   string
	AuthorID  *id.User // the agent, if one is named
	ByProgram bool     // a program posts it, not a person
	ClientID  string

	Attachments []id.File // files that were uploaded
}

// Validate returns an Invalid fault that lists every wrong field.
func (d Draft) Validate() error {
	var wrong fault.Problems
	wrong.Check(strings.TrimSpace(d.Content) != "", "content", "must not be blank")
	wrong.Check(len(d.Content) <= MaxContent, "content", "must be at most 65536 bytes")
	wrong.Check(len(d.ClientID) <= maxClientID, "clientMessageId", "must be at most 128 bytes")
	wrong.Check(len(d.Attachments) <= MaxAttachments, "attachments", "must be at most 10 files")
	for i, file := range d.Attachments {
		wrong.Check(file > 0, "attachments", "must be ids of files")
		wrong.Check(!slices.Contains(d.Attachments[:i], file), "attachments", "must not name a file twice")
	}
	return wrong.Err()
}

func (d Draft) message(from Sender, visitor *id.Visitor, now time.Time) Message {
	return Message{
		Content:    d.Content,
		Type:       Text,
		SenderType: from,
		UserID:     d.AuthorID,
		VisitorID:  visitor,
		ByProgram:  d.ByProgram,
		CreatedAt:  now,
		UpdatedAt:  now,
		ClientID:   d.ClientID,
	}
}
