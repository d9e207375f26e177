package clients

import (
	"context"
	"net/url"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/tickets"
)

// Visitors implements tickets.Visitors.
type Visitors struct{ Client *httpkit.Client }

// Visitors implements tickets.Visitors.
func (v Visitors) Visitors(ctx context.Context, t tenant.ID, ids []id.Visitor) ([]tickets.Visitor, error) {
	return httpkit.Call[[]tickets.Visitor](
		ctx, v.Client, t, "GET", "/internal/visitors?ids="+httpkit.IDs[id.Visitor](ids).String(), nil,
	)
}

// VisitorByToken implements tickets.Visitors.
func (v Visitors) VisitorByToken(ctx context.Context, t tenant.ID, token string) (tickets.Visitor, error) {
	return httpkit.Call[tickets.Visitor](
		ctx, v.Client, t, "GET", "/internal/visitors/by-token/"+url.PathEscape(token), nil,
	)
}
