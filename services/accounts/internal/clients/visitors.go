package clients

import (
	"context"
	"net/url"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Visitors implements accounts.Visitors and accounts.IdentityPolicies.
type Visitors struct{ Client *httpkit.Client }

// ByToken implements accounts.Visitors.
func (v Visitors) ByToken(ctx context.Context, t tenant.ID, token string) (id.Visitor, error) {
	type visitor struct {
		ID id.Visitor `json:"id"`
	}
	found, err := httpkit.Call[visitor](ctx, v.Client, t, "GET", "/internal/visitors/by-token/"+url.PathEscape(token), nil)
	return found.ID, err
}

type identityPolicy struct {
	Required bool `json:"required"`
}

// IdentityRequired implements accounts.IdentityPolicies.
func (v Visitors) IdentityRequired(ctx context.Context, t tenant.ID) (bool, error) {
	p, err := httpkit.Call[identityPolicy](ctx, v.Client, t, "GET", "/internal/identity-policy", nil)
	return p.Required, err
}

// RequireIdentity implements accounts.IdentityPolicies.
func (v Visitors) RequireIdentity(ctx context.Context, t tenant.ID, required bool) (before bool, err error) {
	p, err := httpkit.Call[identityPolicy](
		ctx, v.Client, t, "PUT", "/internal/identity-policy", identityPolicy{required},
	)
	return p.Required, err
}
