// Package widgetsclient asks the widgets service.
package widgetsclient

import (
	"context"
	"time"

	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/accounts"
)

// Client implements accounts.Widgets.
type Client struct{ http *httpkit.Client }

// New makes a Client that asks over http.
func New(http *httpkit.Client) *Client { return &Client{http} }

type open struct {
	ClientToken string `json:"clientToken"`
}

type widget struct {
	ClientToken string `json:"websiteClientToken"`
}

type present struct {
	ClientToken string     `json:"clientToken"`
	LoadedAt    *time.Time `json:"loadedAt"`
}

// Of implements accounts.Widgets.
func (c *Client) Of(ctx context.Context, t tenant.ID) (accounts.Widget, error) {
	w, err := httpkit.Call[present](ctx, c.http, t, "GET", "/internal/website-widget", nil)
	return accounts.Widget(w), err
}

// Open implements accounts.Widgets.
func (c *Client) Open(ctx context.Context, t tenant.ID, clientToken string) (string, error) {
	w, err := httpkit.Call[widget](ctx, c.http, t, "POST", "/internal/widgets", open{clientToken})
	return w.ClientToken, err
}
