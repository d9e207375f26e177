package siblings

import (
	"context"
	"net/url"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/accounts"
)

// Visitors implements accounts.Visitors.
type Visitors struct{ Client *httpkit.Client }

// ByToken implements accounts.Visitors.
func (v Visitors) ByToken(ctx context.Context, t tenant.ID, token string) (int64, error) {
	type visitor struct {
		ID int64 `json:"id"`
	}
	found, err := httpkit.Call[visitor](ctx, v.Client, t, "GET", "/internal/visitors/by-token/"+url.PathEscape(token), nil)
	return found.ID, err
}

// DataHolder implements accounts.DataHolder over another service's data.
type DataHolder struct {
	Service string
	Data    datasubject.DataHolder
}

// Name implements accounts.DataHolder.
func (k DataHolder) Name() string { return k.Service }

// Export implements accounts.DataHolder.
func (k DataHolder) Export(ctx context.Context, t tenant.ID, visitor int64, after string) (accounts.ExportPage, error) {
	page, err := k.Data.Export(ctx, t, visitor, after)
	out := accounts.ExportPage{Rows: make([][]byte, len(page.Rows)), Next: page.Next}
	for i, row := range page.Rows {
		out.Rows[i] = row
	}
	return out, err
}

// Erase implements accounts.DataHolder.
func (k DataHolder) Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	return k.Data.Erase(ctx, t, visitor)
}
