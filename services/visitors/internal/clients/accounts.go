package clients

import (
	"context"

	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Accounts implements visitors.Agents.
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
