package clients

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/accounts"
)

// Widgets implements accounts.Widgets.
type Widgets struct{ Client *httpkit.Client }

type open struct {
	ClientToken string `json:"clientToken"`
}

type widget struct {
	ClientToken string `json:"websiteClientToken"`
}

type present struct {
	ClientToken string     `json:"clientToken"`
	LoadedAt    *time.Time `json:"loadedAt"`

	BusinessHours *businesshours.Hours `json:"businessHours"`
}

// Of implements accounts.Widgets.
func (c Widgets) Of(ctx context.Context, t tenant.ID) (accounts.Widget, error) {
	w, err := httpkit.Call[present](ctx, c.Client, t, "GET", "/internal/website-widget", nil)
	return accounts.Widget(w), err
}

// Open implements accounts.Widgets.
func (c Widgets) Open(ctx context.Context, t tenant.ID, clientToken string) (string, error) {
	w, err := httpkit.Call[widget](ctx, c.Client, t, "POST", "/internal/widgets", open{clientToken})
	return w.ClientToken, err
}
