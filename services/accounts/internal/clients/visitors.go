package clients

import (
	"context"
	"net/url"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Visitors implements accounts.Visitors.
type Visitors struct{ Client *httpkit.Client }

// ByToken implements accounts.Visitors.
func (v Visitors) ByToken(ctx context.Context, t tenant.ID, token string) (id.Visitor, error) {
	type visitor struct {
		ID id.Visitor `json:"id"`
	}
	found, err := httpkit.Call[visitor](ctx, v.Client, t, "GET", "/internal/visitors/by-token/"+url.PathEscape(token), nil)
	return found.ID, err
}
