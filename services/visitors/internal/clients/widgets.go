package clients

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/visitors"
)

// Widgets implements visitors.Widgets.
type Widgets struct{ Client *httpkit.Client }

type resolved struct {
	WebsiteID tenant.ID     `json:"websiteId"`
	Widget    visitors.View `json:"widget"`
}

type settings struct {
	ChatEnabled bool `json:"chatEnabled"`
}

// Resolve implements visitors.Widgets. The caller has checked the form of clientToken.
func (w Widgets) Resolve(ctx context.Context, clientToken string) (visitors.Widget, error) {
	r, err := httpkit.Call[resolved](ctx, w.Client, tenant.ID{}, "GET", "/internal/widgets/"+clientToken, nil)
	if err != nil {
		return visitors.Widget{}, err
	}
	var s settings
	if err := httpkit.Decode(r.Widget, &s, true); err != nil {
		return visitors.Widget{}, err
	}
	return visitors.Widget{WebsiteID: r.WebsiteID, ChatEnabled: s.ChatEnabled, View: r.Widget}, nil
}
