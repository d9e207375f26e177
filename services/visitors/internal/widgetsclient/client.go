// Package widgetsclient calls the widgets service. Client implements the port of package visitors.
package widgetsclient

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/visitors"
)

// Client implements visitors.Widgets.
type Client struct{ http *httpkit.Client }

// New returns a Client that calls over http.
func New(http *httpkit.Client) *Client { return &Client{http} }

type resolved struct {
	WebsiteID tenant.ID     `json:"websiteId"`
	Widget    visitors.View `json:"widget"`
}

type settings struct {
	ChatEnabled bool `json:"chatEnabled"`
}

// Resolve implements visitors.Widgets. The caller has checked the form of clientToken.
func (c *Client) Resolve(ctx context.Context, clientToken string) (visitors.Widget, error) {
	r, err := httpkit.Call[resolved](ctx, c.http, tenant.ID{}, "GET", "/internal/widgets/"+clientToken, nil)
	if err != nil {
		return visitors.Widget{}, err
	}
	var s settings
	if err := httpkit.Decode(r.Widget, &s, true); err != nil {
		return visitors.Widget{}, err
	}
	return visitors.Widget{WebsiteID: r.WebsiteID, ChatEnabled: s.ChatEnabled, View: r.Widget}, nil
}
