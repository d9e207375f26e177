// Package announcer tells the edges over Redis which widgets they must ask for anew.
package announcer

import (
	"context"
	"log/slog"
	"time"

	"fivechat.dev/libs/rediskit"
	"fivechat.dev/services/widgets"
)

// Announcer implements widgets.Announcer.
type Announcer struct {
	redis *rediskit.Client
	log   *slog.Logger
}

// New makes an Announcer over redis; without one (nil) caches only expire by themselves.
func New(redis *rediskit.Client, log *slog.Logger) *Announcer { return &Announcer{redis, log} }

// patience bounds the wait for a Redis that is away.
const patience = time.Second

// Changed implements widgets.Announcer. The widget is stored already, so the edges hear of it even where whoever asked
// went away in the meantime.
func (a *Announcer) Changed(ctx context.Context, w widgets.Widget) {
	if a.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := a.redis.Outdate(ctx, "widget", w.ClientToken, w.Version); err != nil {
		a.log.WarnContext(ctx, "an older widget is shown at the edge until it expires there", "error", err)
	}
}
