package conversations

import "time"

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
	Key  int64 // the conversation; 0 for an import
	Data any
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
}

// UpdatedData is the data of ConversationUpdated: the status before and after, equal where it stayed.
type UpdatedData struct {
	Conversation View   `json:"conversation"`
	From         Status `json:"from"`
	Status       Status `json:"status"`
}

// RatedData is the data of ConversationRated.
type RatedData struct {
	Conversation View  `json:"conversation"`
	Rating       int64 `json:"rating"`
}

// ReadData is the data of ConversationRead: all that the other side has written so far has been read.
type ReadData struct {
	Conversation View      `json:"conversation"`
	Reader       Sender    `json:"reader"`
	ReadAt       time.Time `json:"readAt"`
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
	Conversations   int64   `json:"conversations"`
	Open            int64   `json:"open"`
	Messages        int64   `json:"messages"`
	Answered        int64   `json:"answered"`
	ResponseSeconds float64 `json:"responseSeconds"`
	ConversationIDs []int64 `json:"conversationIds,omitzero"` // which
}

// shown is the conversation as events tell of it: at the moment of its last change, with its tags' stored names.
func (c Conversation) shown() View { return c.View(c.UpdatedAt, nil, "") }

func updated(c *Conversation, from Status) Event {
	return Event{ConversationUpdated, c.ID, UpdatedData{c.shown(), from, c.Status}}
}

func created(c *Conversation, m *Message, answered *float64) Event {
	return Event{MessageCreated, c.ID, CreatedData{c.shown(), m.View(), m.SenderType, answered}}
}
