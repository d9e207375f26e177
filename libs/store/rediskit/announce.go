package rediskit

import (
	"context"
	"log/slog"
	"time"
)

// Announcer says what has changed, to caches that would find out by themselves, only later. So it cannot fail.
type Announcer struct {
	redis *Client // nil: there is nobody to tell
	log   *slog.Logger
}

// NewAnnouncer makes an Announcer over redis; without one (nil) it says nothing.
func NewAnnouncer(redis *Client, log *slog.Logger) Announcer { return Announcer{redis, log} }

// announceFor bounds the wait for a Redis that is away.
const announceFor = time.Second

// Announce lets say speak. What has changed is stored already, so it is said also where whoever asked for the change went
// away in the meantime.
func (a Announcer) Announce(ctx context.Context, cache string, say func(context.Context, *Client) error) {
	if a.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), announceFor)
	defer cancel()
	if err := say(ctx, a.redis); err != nil {
		a.log.WarnContext(ctx, "what has changed is known at the edge until it expires there", "cache", cache, "error", err)
	}
}
