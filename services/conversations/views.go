package conversations

import (
	"time"

	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// View is a conversation as clients see it, in responses and in events.
type View struct {
	ID             int64      `json:"id" writer:"kept"`
	WebsiteID      tenant.ID  `json:"websiteId" writer:"kept"`
	Token          string     `json:"token" writer:"kept"`
	Rating         *int64     `json:"rating"`
	AssigneeID     *int64     `json:"assigneeId"`
	VisitorID      int64      `json:"visitorId"`
	VisitorTyping  bool       `json:"visitorTyping"`
	UserTyping     bool       `json:"userTyping"`
	CreatedAt      time.Time  `json:"createdAt" writer:"kept"`
	Status         Status     `json:"status" writer:"kept"`
	FirstMessageAt *time.Time `json:"firstMessageAt"` // the first agent message
	ClosedAt       *time.Time `json:"closedAt"`
	Summary        *string    `json:"summary"`
	Tags           []string   `json:"tags"` // display names
}

// View returns the conversation as clients see it at the time now. Tags are shown in the language lang, with the names
// of the catalogue.
func (c Conversation) View(now time.Time, tags Catalogue, lang string) View {
	return View{
		c.ID, c.WebsiteID, c.Token, c.Rating, c.AssigneeID, c.VisitorID, c.VisitorTyping(now), c.AgentTyping(now),
		c.CreatedAt, c.Status,
		c.FirstAgentAt, c.ClosedAt, c.Summary, tags.Display(c.Tags, lang),
	}
}

// ForVisitor returns the view for the conversation's own visitor, without the agents' summary and tags.
func (v View) ForVisitor() View {
	v.Summary, v.Tags = nil, nil
	return v
}

// MessageView is a message as clients see it, in responses and in events.
type MessageView struct {
	ID             int64       `json:"id" writer:"kept"`
	ConversationID int64       `json:"conversationId" writer:"kept"`
	Content        string      `json:"content"`
	Type           MessageType `json:"type" writer:"kept"`
	SenderType     Sender      `json:"senderType" writer:"kept"`
	UserID         *int64      `json:"userId"`
	VisitorID      *int64      `json:"visitorId"`
	Read           bool        `json:"read"`
	ReadAt         *time.Time  `json:"readAt"`
	Attachments    []string    `json:"attachments"` // always empty
	CreatedAt      time.Time   `json:"createdAt" writer:"kept"`
	UpdatedAt      time.Time   `json:"updatedAt" writer:"kept"`
}

// View returns the message as clients see it.
func (m Message) View() MessageView {
	return MessageView{
		m.ID, m.ConversationID, m.Content, m.Type, m.SenderType, m.UserID, m.VisitorID, m.ReadAt != nil, m.ReadAt, nil,
		m.CreatedAt, m.UpdatedAt,
	}
}

// messageBytes approximates the JSON size of a MessageView without its content.
const messageBytes = 512

// JSONBytes implements paging.Sized.
func (m MessageView) JSONBytes() int { return messageBytes + searchterms.JSONLength(m.Content) }
