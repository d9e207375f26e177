package clients

import (
	"context"

	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/visitors"
)

// Accounts implements visitors.Agents and visitors.Identities.
type Accounts struct{ Client *httpkit.Client }

// online is how many agents of a website are online.
type online struct {
	Online int64 `json:"online"`
}

// Storage returns how many bytes a website stores and how many it may store.
func (a Accounts) Storage(ctx context.Context, t tenant.ID) (storagequota.Usage, error) {
	return httpkit.Call[storagequota.Usage](ctx, a.Client, t, "GET", "/internal/website-storage", nil)
}

// Online implements visitors.Agents.
func (a Accounts) Online(ctx context.Context, t tenant.ID) (bool, error) {
	found, err := httpkit.Call[online](ctx, a.Client, t, "GET", "/internal/users/online", nil)
	return found.Online > 0, err
}

// proof is what a page sent to prove which user its visitor is.
type proof struct {
	UserID   string `json:"userId"`
	UserHash string `json:"userHash"`
	Token    string `json:"token"`
}

// verified is the user that a website's backend has signed.
type verified struct {
	UserID string `json:"userId"`
	Email  string `json:"email"`
	Name   string `json:"name"`
}

// Verify implements visitors.Identities.
func (a Accounts) Verify(ctx context.Context, t tenant.ID, c visitors.Claim) (*visitors.Identity, error) {
	v, err := httpkit.Call[verified](
		ctx, a.Client, t, "POST", "/internal/identity-proofs", proof{c.UserID, c.UserHash, c.Token},
	)
	if err != nil {
		return nil, err
	}
	return &visitors.Identity{UserID: v.UserID, Email: v.Email, Name: v.Name, Verified: true}, nil
}
