// Package announcer tells the edges over Redis which widgets they must ask for anew.
package announcer

import (
	"context"

	"fivechat.dev/libs/rediskit"
	"fivechat.dev/services/widgets"
)

// Announcer implements widgets.Announcer.
type Announcer struct{ rediskit.Announcer }

const cache = "widget"

// Changed implements widgets.Announcer.
func (a Announcer) Changed(ctx context.Context, w widgets.Widget) {
	a.Announce(ctx, cache, func(ctx context.Context, r *rediskit.Client) error {
		return r.Outdate(ctx, cache, w.ClientToken, w.Version)
	})
}
