package conversations

import (
	"cmp"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
)

// Event records a change of a conversation. It is written in the transaction of that change.
type Event struct {
	Conversation *id.Conversation // nil if the event concerns many
	Visitor      *id.Visitor      // the visitor that the event concerns, if Data doesn't name them
	Data         contract.Data
}

// eventView is the conversation as events contain it: at the time of its last change, with the stored names of its
// tags.
func (c Conversation) eventView() View { return c.View(c.UpdatedAt, nil, "") }

// opened is the event of a new conversation.
func opened(c *Conversation) Event {
	return Event{Conversation: &c.ID, Data: contract.ConversationOpenedData{Conversation: c.eventView()}}
}

func updated(c *Conversation, from Status) Event {
	d := contract.ConversationUpdatedData{Conversation: c.eventView(), From: from, Status: c.Status}
	if from == Open && c.ClosedAt != nil {
		seconds := c.ClosedAt.Sub(c.CreatedAt).Seconds()
		d.ResolutionSeconds = &seconds
	}
	return Event{Conversation: &c.ID, Data: d}
}

// assignedAutomatically is the event of a conversation that the website's rule has assigned.
func assignedAutomatically(c *Conversation) Event {
	isAutomatic := true
	return Event{Conversation: &c.ID, Data: contract.ConversationUpdatedData{
		Conversation:          c.eventView(),
		From:                  c.Status,
		Status:                c.Status,
		AssignedAutomatically: &isAutomatic,
	}}
}

// inboxUpdated is the event that a conversation has another folder, is snoozed until another time, or has another
// scheduled reply, team or due time. Visitors don't receive it.
func inboxUpdated(c *Conversation, hasOtherTeam bool) Event {
	d := contract.InboxUpdatedData{
		Conversation:   c.eventView(),
		SnoozedUntil:   c.SnoozeEnd(),
		Spam:           c.In() == Spam,
		ScheduledReply: c.Scheduled.Times(),
		TeamID:         c.TeamID,
	}
	d.ResponseDueAt, d.ResolutionDueAt = c.Due.times()
	if hasOtherTeam {
		d.TeamChanged = &hasOtherTeam
	}
	return Event{Conversation: &c.ID, Data: d}
}

func created(c *Conversation, m *Message, view MessageView, answered *float64) Event {
	d := contract.MessageCreatedData{
		Conversation:         c.eventView(),
		Message:              view,
		Sender:               m.SenderType,
		FirstResponseSeconds: answered,
	}
	if m.SenderType == FromAgent {
		d.AgentID = cmp.Or(m.UserID, c.AssigneeID)
		d.ByProgram = d.Message.ByProgram
	}
	return Event{Conversation: &c.ID, Data: d}
}

// rated is the event of a rating that has replaced previous, or nil.
func rated(c *Conversation, previous *contract.ConversationRatedPrevious) Event {
	return Event{Conversation: &c.ID, Data: contract.ConversationRatedData{
		Conversation: c.eventView(),
		Rating:       *c.Rating,
		Feedback:     c.Feedback,
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

// markedRead is the event of messages that reader has read.
func markedRead(c *Conversation, reader Sender, at time.Time, messages []id.Message) Event {
	return Event{Conversation: &c.ID, Data: contract.ConversationReadData{
		Conversation: c.eventView(),
		Reader:       reader,
		ReadAt:       at,
		MessageIDs:   messages,
	}}
}

// importedEvent is the event of an import of conversations with these sums.
func importedEvent(sums Sums, conversations []Conversation) Event {
	ids := make([]id.Conversation, len(conversations))
	for i, c := range conversations {
		ids[i] = c.ID
	}
	return Event{Data: contract.ConversationsImportedData{
		Conversations:   sums.Conversations,
		Open:            sums.Open,
		Messages:        sums.Messages,
		Answered:        sums.Answered,
		ResponseSeconds: sums.ResponseSeconds,
		ConversationIDs: ids,
	}}
}

// noted is the event of a new note.
func noted(c *Conversation, n Note) Event {
	return Event{Conversation: &c.ID, Data: contract.NoteCreatedData{Conversation: c.eventView(), Note: n.View()}}
}

func noteChanged(c *Conversation, n Note) Event {
	return Event{Conversation: &c.ID, Data: contract.NoteUpdatedData{Conversation: c.eventView(), Note: n.View()}}
}

// noteDeleted names nothing but numbers, because receivers must get it after an erasure too.
func noteDeleted(n Note) Event {
	return Event{
		Conversation: &n.ConversationID,
		Data:         contract.NoteDeletedData{ConversationID: n.ConversationID, NoteID: n.ID},
	}
}

// inboxRead is the transient event that an agent has read a conversation, for their other windows.
func inboxRead(c *Conversation, reader id.User) contract.Data {
	return contract.InboxReadData{ConversationToken: c.Token, ConversationID: c.ID, UserID: reader}
}

// inboxViewed is the transient event that an agent looks at a conversation or has left it.
func inboxViewed(c *Conversation, agent id.User, isViewing bool) contract.Data {
	return contract.InboxViewedData{ConversationToken: c.Token, ConversationID: c.ID, UserID: agent, Viewing: isViewing}
}

// typing is the transient event that a side is typing or has stopped. agent is 0 for visitors and programs.
func typing(c *Conversation, side Sender, agent id.User, isTyping bool) contract.Data {
	d := contract.TypingData{
		ConversationToken: c.Token,
		ConversationID:    c.ID,
		Sender:            side,
		Typing:            isTyping,
	}
	if agent != 0 {
		d.UserID = &agent
	}
	return d
}

// Erased returns the event of the erasure of the conversation.
func (c Conversation) Erased() Event {
	return Event{
		Conversation: &c.ID,
		Visitor:      &c.VisitorID,
		Data:         contract.ConversationErasedData{ConversationID: c.ID, From: c.Status},
	}
}
