package conversations

import (
	"cmp"

	"fivechat.dev/libs/contract"
)

// Event records a change of a conversation. It is written in the transaction of that change.
type Event struct {
	Key  int64 // the conversation's id; 0 if the event concerns many
	Data contract.Data
	// VisitorID is the visitor that the event concerns if Data doesn't name them, else 0.
	VisitorID int64
}

// eventView is the conversation as events contain it: at the time of its last change, with the stored names of its
// tags.
func (c Conversation) eventView() View { return c.View(c.UpdatedAt, nil, "") }

func updated(c *Conversation, from Status) Event {
	d := contract.ConversationUpdatedData{Conversation: c.eventView(), From: from, Status: c.Status}
	if from == Open && c.ClosedAt != nil {
		seconds := c.ClosedAt.Sub(c.CreatedAt).Seconds()
		d.ResolutionSeconds = &seconds
	}
	return Event{Key: c.ID, Data: d}
}

func created(c *Conversation, m *Message, answered *float64) Event {
	d := contract.MessageCreatedData{
		Conversation:         c.eventView(),
		Message:              m.View(),
		Sender:               m.SenderType,
		FirstResponseSeconds: answered,
	}
	if m.SenderType == FromAgent {
		d.AgentID = cmp.Or(m.UserID, c.AssigneeID)
	}
	return Event{Key: c.ID, Data: d}
}

// rated is the event of a rating that has replaced previous, or nil.
func rated(c *Conversation, previous *contract.ConversationRatedPrevious) Event {
	return Event{Key: c.ID, Data: contract.ConversationRatedData{
		Conversation: c.eventView(),
		Rating:       *c.Rating,
		RatedAt:      c.RatedAt,
		AgentID:      c.RatedFor,
		Previous:     previous,
	}}
}

// currentRating returns the conversation's rating, or nil if it has none or if the time of the rating isn't known.
func (c Conversation) currentRating() *contract.ConversationRatedPrevious {
	if c.Rating == nil || c.RatedAt == nil {
		return nil
	}
	return &contract.ConversationRatedPrevious{Rating: *c.Rating, RatedAt: *c.RatedAt, AgentID: c.RatedFor}
}

// Erased returns the event of the erasure of the conversation.
func (c Conversation) Erased() Event {
	return Event{
		Key:       c.ID,
		VisitorID: c.VisitorID,
		Data:      contract.ConversationErasedData{ConversationID: c.ID, From: c.Status},
	}
}
