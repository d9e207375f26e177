package conversations

import (
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fileaddress"
)

// View is a conversation as clients see it, in responses and in events.
type View = contract.Conversation

// View returns the conversation as clients see it at the time now. Tags are shown in the language lang, with the names
// of the catalogue.
func (c Conversation) View(now time.Time, tags Catalogue, lang string) View {
	return View{
		ID:             c.ID,
		WebsiteID:      c.WebsiteID,
		Token:          c.Token,
		Rating:         c.Rating,
		AssigneeID:     c.AssigneeID,
		VisitorID:      c.VisitorID,
		VisitorTyping:  c.VisitorTyping(now),
		UserTyping:     c.AgentTyping(now),
		CreatedAt:      c.CreatedAt,
		Status:         c.Status,
		FirstMessageAt: c.FirstAgentAt,
		ClosedAt:       c.ClosedAt,
		Summary:        c.Summary,
		Tags:           tags.Display(c.Tags, lang),
	}
}

// MessageView is a message as clients see it, in responses and in events.
type MessageView = contract.Message

// view returns the message as clients see it.
func (m Message) view(addresses fileaddress.Signer) MessageView {
	v := MessageView{
		ID:             m.ID,
		ConversationID: m.ConversationID,
		Content:        m.Content,
		Type:           m.Type,
		SenderType:     m.SenderType,
		UserID:         m.UserID,
		VisitorID:      m.VisitorID,
		Read:           m.ReadAt != nil,
		ReadAt:         m.ReadAt,
		CreatedAt:      m.CreatedAt,
		UpdatedAt:      m.UpdatedAt,
	}
	if m.ByProgram {
		v.ByProgram = &m.ByProgram
	}
	for _, a := range m.Attachments {
		v.Attachments = append(v.Attachments, a.view(addresses, m.WebsiteID))
	}
	return v
}
