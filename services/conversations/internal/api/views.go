package api

import (
	"time"

	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/conversations"
)

// conversation is a conversation as clients see it.
type conversation struct {
	ID             int64                `json:"id"`
	WebsiteID      tenant.ID            `json:"websiteId"`
	Token          string               `json:"token"`
	Rating         *int64               `json:"rating"`
	AssigneeID     *int64               `json:"assigneeId"`
	VisitorID      int64                `json:"visitorId"`
	VisitorTyping  bool                 `json:"visitorTyping"`
	UserTyping     bool                 `json:"userTyping"`
	CreatedAt      time.Time            `json:"createdAt"`
	Status         conversations.Status `json:"status"`
	FirstMessageAt *time.Time           `json:"firstMessageAt"` // the first agent message
	ClosedAt       *time.Time           `json:"closedAt"`
	Summary        *string              `json:"summary"`
	Tags           []string             `json:"tags"` // display names
}

func viewOf(c conversations.Conversation, tags conversations.Catalogue, lang string) conversation {
	now := time.Now()
	return conversation{
		c.ID, c.WebsiteID, c.Token, c.Rating, c.AssigneeID, c.VisitorID, c.VisitorTyping(now), c.AgentTyping(now), c.CreatedAt, c.Status,
		c.FirstAgentAt, c.ClosedAt, c.Summary, tags.Display(c.Tags, lang),
	}
}

// message is a message as clients see it.
type message struct {
	ID             int64                     `json:"id"`
	ConversationID int64                     `json:"conversationId"`
	Content        string                    `json:"content"`
	Type           conversations.MessageType `json:"type"`
	SenderType     conversations.Sender      `json:"senderType"`
	UserID         *int64                    `json:"userId"`
	VisitorID      *int64                    `json:"visitorId"`
	Read           bool                      `json:"read"`
	ReadAt         *time.Time                `json:"readAt"`
	Attachments    []string                  `json:"attachments"` // none yet
	CreatedAt      time.Time                 `json:"createdAt"`
	UpdatedAt      time.Time                 `json:"updatedAt"`
}

func messageOf(m conversations.Message) message {
	return message{
		m.ID, m.ConversationID, m.Content, m.Type, m.SenderType, m.UserID, m.VisitorID, m.ReadAt != nil, m.ReadAt, nil, m.CreatedAt, m.UpdatedAt,
	}
}

func messagesOf(ms []conversations.Message) []message {
	out := make([]message, len(ms))
	for i, m := range ms {
		out[i] = messageOf(m)
	}
	return out
}

// thread is a conversation with all that is in it, for agents.
type thread struct {
	Conversation conversation           `json:"conversation"`
	Messages     []message              `json:"messages"`
	Visitor      *conversations.Visitor `json:"visitor"`
	Users        []conversations.Agent  `json:"users"`
}

// agent is what a visitor sees of an agent.
type agent struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	AvatarURL *string `json:"avatarUrl"`
}

// news is what came behind a message, for visitors.
type news struct {
	Conversation conversation `json:"conversation"`
	Messages     []message    `json:"messages"`
	Users        []agent      `json:"users"`
	HasMore      bool         `json:"hasMore"` // ask again behind the last message
}

// posted is a message that answers 201, or 200 where it had been posted before.
type posted struct {
	message
	fresh bool
}

// HTTPStatus tells a new message from a repeated one.
func (p posted) HTTPStatus() int { return createdOr200(p.fresh) }

// opened is a new conversation and its first message.
type opened struct {
	Conversation conversation `json:"conversation"`
	Message      message      `json:"message"`
	fresh        bool
}

// HTTPStatus tells a new conversation from a repeated one.
func (o opened) HTTPStatus() int { return createdOr200(o.fresh) }

func createdOr200(fresh bool) int {
	if fresh {
		return 201
	}
	return 200
}

// tag is an entry of the catalogue.
type tag struct {
	Name  string            `json:"name"`
	Names map[string]string `json:"names"`
}

func tagOf(t conversations.Tag) tag { return tag{t.Name, t.Names} }
