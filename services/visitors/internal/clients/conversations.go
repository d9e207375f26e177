package clients

import (
	"context"
	"fmt"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/visitors"
)

// Conversations implements visitors.Conversations.
type Conversations struct{ Client *httpkit.Client }

// Open implements visitors.Conversations.
func (c Conversations) Open(ctx context.Context, t tenant.ID, visitor id.Visitor) (visitors.View, error) {
	return httpkit.Call[visitors.View](ctx, c.Client, t, "GET",
		fmt.Sprintf("/internal/conversations/open?visitorId=%d", visitor), nil)
}
