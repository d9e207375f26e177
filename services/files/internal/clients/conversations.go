package clients

import (
	"context"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Conversations implements files.Owners.
type Conversations struct{ Client *httpkit.Client }

type named struct {
	IDs []id.File `json:"ids"`
}

// Named implements files.Owners.
func (c Conversations) Named(ctx context.Context, t tenant.ID, files []id.File) ([]id.File, error) {
	found, err := httpkit.Call[named](ctx, c.Client, t, "GET",
		"/internal/attached-files?ids="+httpkit.IDs[id.File](files).String(), nil)
	return found.IDs, err
}
