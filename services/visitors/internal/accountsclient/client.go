// Package accountsclient calls the accounts service. Client implements the port of package visitors.
package accountsclient

import (
	"context"

	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Client implements visitors.Agents.
type Client struct{ http *httpkit.Client }

// New returns a Client that calls over http.
func New(http *httpkit.Client) *Client { return &Client{http} }

type online struct {
	Online int64 `json:"online"`
}

// Storage returns how many bytes a website stores and how many it may store.
func (c *Client) Storage(ctx context.Context, t tenant.ID) (storagequota.Usage, error) {
	return httpkit.Call[storagequota.Usage](ctx, c.http, t, "GET", "/internal/website-storage", nil)
}

// Online implements visitors.Agents.
func (c *Client) Online(ctx context.Context, t tenant.ID) (bool, error) {
	o, err := httpkit.Call[online](ctx, c.http, t, "GET", "/internal/users/online", nil)
	return o.Online > 0, err
}
