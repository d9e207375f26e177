// Package siblings implements tickets.Accounts, tickets.Visitors and tickets.Conversations over the internal HTTP
// operations of those services.
package siblings

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/tickets"
)

// Accounts implements tickets.Accounts.
type Accounts struct{ Client *httpkit.Client }

// Website implements tickets.Accounts.
func (a Accounts) Website(ctx context.Context, t tenant.ID) (tickets.Website, error) {
	answer, err := httpkit.Call[struct {
		tickets.Website
		Plan identity.Plan `json:"plan"`
	}](ctx, a.Client, t, "GET", "/internal/website", nil)
	answer.Website.Plan = answer.Plan
	return answer.Website, err
}

// Users implements tickets.Accounts.
func (a Accounts) Users(ctx context.Context, t tenant.ID, ids []int64) ([]tickets.User, error) {
	return httpkit.Call[[]tickets.User](ctx, a.Client, t, "GET", "/internal/users?ids="+list(ids), nil)
}

// Visitors implements tickets.Visitors.
type Visitors struct{ Client *httpkit.Client }

// Visitors implements tickets.Visitors.
func (v Visitors) Visitors(ctx context.Context, t tenant.ID, ids []int64) ([]tickets.Visitor, error) {
	return httpkit.Call[[]tickets.Visitor](ctx, v.Client, t, "GET", "/internal/visitors?ids="+list(ids), nil)
}

// VisitorByToken implements tickets.Visitors.
func (v Visitors) VisitorByToken(ctx context.Context, t tenant.ID, token string) (tickets.Visitor, error) {
	return httpkit.Call[tickets.Visitor](
		ctx, v.Client, t, "GET", "/internal/visitors/by-token/"+url.PathEscape(token), nil,
	)
}

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
	ctx context.Context, t tenant.ID, visitorID int64, token *string, content, key string,
) (tickets.Conversation, error) {
	return httpkit.Call[tickets.Conversation](
		ctx, c.Client, t, "POST", "/internal/conversations/visitor-messages",
		struct {
			VisitorID       int64   `json:"visitorId"`
			Token           *string `json:"token,omitempty"`
			Content         string  `json:"content"`
			ClientMessageID string  `json:"clientMessageId"`
		}{visitorID, token, content, key},
	)
}

func list(ids []int64) string {
	texts := make([]string, len(ids))
	for i, n := range ids {
		texts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(texts, ",")
}
