// Package announcer invalidates widgets in the caches of the gateways, over Redis.
package announcer

import (
	"context"

	"fivechat.dev/libs/store/rediskit"
	"fivechat.dev/services/widgets"
)

// Announcer implements widgets.Announcer.
type Announcer struct{ rediskit.Announcer }

const cache = "widget"

// Changed implements widgets.Announcer.
func (a Announcer) Changed(ctx context.Context, w widgets.Widget) { a.outdate(ctx, w, w.Version) }

// Erased implements widgets.Announcer. The copy of the widget's last version must be dropped too.
func (a Announcer) Erased(ctx context.Context, w widgets.Widget) { a.outdate(ctx, w, w.Version+1) }

func (a Announcer) outdate(ctx context.Context, w widgets.Widget, version int64) {
	a.Announce(ctx, cache, func(ctx context.Context, r *rediskit.Client) error {
		return r.Outdate(ctx, cache, w.ClientToken, version)
	})
}
