package clients

import (
	"context"
	"net/url"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/tickets"
)

// Conversations implements tickets.Conversations.
type Conversations struct{ Client *httpkit.Client }

// ConversationByToken implements tickets.Conversations.
func (c Conversations) ConversationByToken(
	ctx context.Context, t tenant.ID, token string,
) (tickets.Conversation, error) {
	return httpkit.Call[tickets.Conversation](
		ctx, c.Client, t, "GET", "/internal/conversations/by-token/"+url.PathEscape(token), nil,
	)
}

// Say implements tickets.Conversations.
func (c Conversations) Say(
	ctx context.Context, t tenant.ID, visitor id.Visitor, token *string, content, key string,
) (tickets.Conversation, error) {
	return httpkit.Call[tickets.Conversation](
		ctx, c.Client, t, "POST", "/internal/conversations/visitor-messages",
		struct {
			VisitorID       id.Visitor `json:"visitorId"`
			Token           *string    `json:"token,omitempty"`
			Content         string     `json:"content"`
			ClientMessageID string     `json:"clientMessageId"`
		}{visitor, token, content, key},
	)
}
