package clients

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Visitors implements statistics.Presence.
type Visitors struct{ Client *httpkit.Client }

// Online implements statistics.Presence.
func (v Visitors) Online(ctx context.Context, t tenant.ID) (int64, error) {
	type answer struct {
		Online int64 `json:"online"`
	}
	a, err := httpkit.Call[answer](ctx, v.Client, t, "GET", "/internal/visitors/online", nil)
	return a.Online, err
}
