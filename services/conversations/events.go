package conversations

import (
	"cmp"
	"time"
)

// The types of the events this service tells, and their data.
const (
	ConversationOpened    = "conversation.opened"
	ConversationUpdated   = "conversation.updated"
	ConversationRated     = "conversation.rated"
	ConversationRead      = "conversation.read"
	ConversationErased    = "conversation.erased"
	ConversationsImported = "conversations.imported"
	MessageCreated        = "message.created"
	Typing                = "typing" // fleeting
)

// Event is something that happened to a conversation, written in the transaction that made it happen.
type Event struct {
	Type string
	Key  int64 // the conversation; 0 for many at once
	Data any
	// VisitorID is whom the event is about if Data does not name them, else 0.
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
	FirstResponseSeconds *float64    `json:"firstResponseSeconds,omitzero"` // where this message was the first response
	AgentID              *int64      `json:"agentId,omitzero"`              // who wrote it or, where nobody is named, has the conversation
}

// UpdatedData is the data of ConversationUpdated: the status before and after, equal where it stayed.
type UpdatedData struct {
	Conversation View   `json:"conversation"`
	From         Status `json:"from"`
	Status       Status `json:"status"`
	// ResolutionSeconds is how long the conversation had been there, where it was closed.
	ResolutionSeconds *float64 `json:"resolutionSeconds,omitzero"`
}

// RatedData is the data of ConversationRated.
type RatedData struct {
	Conversation View `json:"conversation"`
	Rated
	Previous *Rated `json:"previous,omitzero"` // the rating whose place it takes
}

// Rated is a rating, when it was given, and who had the conversation then.
type Rated struct {
	Rating  int64     `json:"rating"`
	RatedAt time.Time `json:"ratedAt"`
	AgentID *int64    `json:"agentId,omitzero"`
}

// ReadData is the data of ConversationRead: all that the other side has written so far has been read.
type ReadData struct {
	Conversation View      `json:"conversation"`
	Reader       Sender    `json:"reader"`
	ReadAt       time.Time `json:"readAt"`
	MessageIDs   []int64   `json:"messageIds"` // those that had not been read before
}

// ErasedData is the data of ConversationErased: nothing is left of the conversation, whose status was From.
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

// Imported is the data of ConversationsImported: which they are, and sums over them.
type Imported struct {
	Conversations   int64   `json:"conversations"   bson:"conversations"`
	Open            int64   `json:"open"            bson:"-"`
	Messages        int64   `json:"messages"        bson:"messages"`
	Answered        int64   `json:"answered"        bson:"answered"`
	ResponseSeconds float64 `json:"responseSeconds" bson:"responseSeconds"`
	ConversationIDs []int64 `json:"conversationIds,omitzero" bson:"-"` // which
}

// shown is the conversation as events tell of it: at the moment of its last change, with its tags' stored names.
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
