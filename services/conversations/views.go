package conversations

import (
	"time"

	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/libs/kernel/tenant"
)

// View is a conversation as clients see it, in answers and in events.
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

// View gives the conversation as clients see it at a moment, its tags in a language of the catalogue's.
func (c Conversation) View(now time.Time, tags Catalogue, lang string) View {
	return View{
		c.ID, c.WebsiteID, c.Token, c.Rating, c.AssigneeID, c.VisitorID, c.VisitorTyping(now), c.AgentTyping(now), c.CreatedAt, c.Status,
		c.FirstAgentAt, c.ClosedAt, c.Summary, tags.Display(c.Tags, lang),
	}
}

// ForVisitor gives the conversation as its own visitor sees it: the agents' summary and tags are left empty.
func (v View) ForVisitor() View {
	v.Summary, v.Tags = nil, nil
	return v
}

// MessageView is a message as clients see it, in answers and in events.
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
	Attachments    []string    `json:"attachments"` // none yet
	CreatedAt      time.Time   `json:"createdAt" writer:"kept"`
	UpdatedAt      time.Time   `json:"updatedAt" writer:"kept"`
}

// View gives the message as clients see it.
func (m Message) View() MessageView {
	return MessageView{
		m.ID, m.ConversationID, m.Content, m.Type, m.SenderType, m.UserID, m.VisitorID, m.ReadAt != nil, m.ReadAt, nil, m.CreatedAt, m.UpdatedAt,
	}
}

// messageBytes is about what a MessageView has as JSON beside its content.
const messageBytes = 512

// JSONBytes implements paging.Sized.
func (m MessageView) JSONBytes() int { return messageBytes + searchterms.JSONLength(m.Content) }
