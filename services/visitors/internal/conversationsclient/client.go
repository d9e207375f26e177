// Package conversationsclient calls the conversations service. Client implements the port of package visitors.
package conversationsclient

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/visitors"
)

// Client implements visitors.Conversations.
type Client struct{ http *httpkit.Client }

// New returns a Client that calls over http.
func New(http *httpkit.Client) *Client { return &Client{http} }

// Open implements visitors.Conversations.
func (c *Client) Open(ctx context.Context, t tenant.ID, visitorID int64) (visitors.View, error) {
	return httpkit.Call[visitors.View](ctx, c.http, t, "GET",
		fmt.Sprintf("/internal/conversations/open?visitorId=%d", visitorID), nil)
}
