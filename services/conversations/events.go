package conversations

// The types of the events this service tells, and their data.
const (
	ConversationOpened    = "conversation.opened"
	ConversationUpdated   = "conversation.updated"
	ConversationRated     = "conversation.rated"
	ConversationsImported = "conversations.imported"
	MessageCreated        = "message.created"
)

// Event is something that happened to a conversation, written in the transaction that made it happen.
type Event struct {
	Type string
	Key  int64 // the conversation; 0 for an import
	Data any
}

// Created is the data of MessageCreated.
type Created struct {
	Sender               Sender   `json:"sender"`
	FirstResponseSeconds *float64 `json:"firstResponseSeconds,omitzero"` // where this message was the first response
}

// Updated is the data of ConversationUpdated: the status before and after, equal where it stayed.
type Updated struct {
	From   Status `json:"from"`
	Status Status `json:"status"`
}

// Rated is the data of ConversationRated.
type Rated struct {
	Rating int64 `json:"rating"`
}

// Imported is the data of ConversationsImported: sums over one batch.
type Imported struct {
	Conversations   int64   `json:"conversations"`
	Open            int64   `json:"open"`
	Messages        int64   `json:"messages"`
	Answered        int64   `json:"answered"`
	ResponseSeconds float64 `json:"responseSeconds"`
}
