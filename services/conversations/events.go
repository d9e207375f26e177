package conversations

import (
	"cmp"
	"time"
)

// The types of the events that this service publishes.
const (
	ConversationOpened    = "conversation.opened"
	ConversationUpdated   = "conversation.updated"
	ConversationRated     = "conversation.rated"
	ConversationRead      = "conversation.read"
	ConversationErased    = "conversation.erased"
	ConversationsImported = "conversations.imported"
	MessageCreated        = "message.created"
	Typing                = "typing" // transient: never stored
)

// Event records a change of a conversation. It is written in the transaction of that change.
type Event struct {
	Type string
	Key  int64 // the conversation's id; 0 if the event concerns many
	Data any
	// VisitorID is the visitor that the event concerns if Data doesn't name them, else 0.
	VisitorID int64
}

// OpenedData is the data of ConversationOpened.
type OpenedData struct {
	Conversation View `json:"conversation"`
}

// CreatedData is the data of MessageCreated.
type CreatedData struct {
	Conversation         View        `json:"conversation"`
	Message              MessageView `json:"message"`
	Sender               Sender      `json:"sender"`
	FirstResponseSeconds *float64    `json:"firstResponseSeconds,omitzero"` // set if this message is the first response
	// the author or, if none is named, the assignee
	AgentID *int64 `json:"agentId,omitzero"`
}

// UpdatedData is the data of ConversationUpdated: the status before and after, which are equal if it didn't change.
type UpdatedData struct {
	Conversation View   `json:"conversation"`
	From         Status `json:"from"`
	Status       Status `json:"status"`
	// ResolutionSeconds is the time from creation to closing, set if this change closed the conversation.
	ResolutionSeconds *float64 `json:"resolutionSeconds,omitzero"`
}

// RatedData is the data of ConversationRated.
type RatedData struct {
	Conversation View `json:"conversation"`
	Rated
	Previous *Rated `json:"previous,omitzero"` // the rating that this one replaces
}

// Rated is a rating, its time, and the assignee at that time.
type Rated struct {
	Rating  int64     `json:"rating"`
	RatedAt time.Time `json:"ratedAt"`
	AgentID *int64    `json:"agentId,omitzero"`
}

// ReadData is the data of ConversationRead: the reader has read everything that the other side has written so far.
type ReadData struct {
	Conversation View      `json:"conversation"`
	Reader       Sender    `json:"reader"`
	ReadAt       time.Time `json:"readAt"`
	MessageIDs   []int64   `json:"messageIds"` // the messages that were unread
}

// ErasedData is the data of ConversationErased: the conversation no longer exists. Its status was From.
type ErasedData struct {
	ConversationID int64  `json:"conversationId"`
	From           Status `json:"from"`
}

// TypingData is the data of Typing.
type TypingData struct {
	ConversationToken string `json:"conversationToken"`
	ConversationID    int64  `json:"conversationId"`
	Sender            Sender `json:"sender"`
	Typing            bool   `json:"typing"`
}

// Imported is the data of ConversationsImported: the imported conversations and sums over them.
type Imported struct {
	Conversations   int64   `json:"conversations"   bson:"conversations"`
	Open            int64   `json:"open"            bson:"-"`
	Messages        int64   `json:"messages"        bson:"messages"`
	Answered        int64   `json:"answered"        bson:"answered"`
	ResponseSeconds float64 `json:"responseSeconds" bson:"responseSeconds"`
	ConversationIDs []int64 `json:"conversationIds,omitzero" bson:"-"`
}

// shown is the conversation as events contain it: at the time of its last change, with the stored names of its tags.
func (c Conversation) shown() View { return c.View(c.UpdatedAt, nil, "") }

func updated(c *Conversation, from Status) Event {
	d := UpdatedData{c.shown(), from, c.Status, nil}
	if from == Open && c.ClosedAt != nil {
		seconds := c.ClosedAt.Sub(c.CreatedAt).Seconds()
		d.ResolutionSeconds = &seconds
	}
	return Event{Type: ConversationUpdated, Key: c.ID, Data: d}
}

func created(c *Conversation, m *Message, answered *float64) Event {
	d := CreatedData{c.shown(), m.View(), m.SenderType, answered, nil}
	if m.SenderType == FromAgent {
		d.AgentID = cmp.Or(m.UserID, c.AssigneeID)
	}
	return Event{Type: MessageCreated, Key: c.ID, Data: d}
}
