package rediskit

import (
	"context"
	"log/slog"
	"time"
)

// Announcer publishes changes to caches, which otherwise notice them when their entries expire. So it never fails.
type Announcer struct {
	redis *Client // nil: announcements are dropped
	log   *slog.Logger
}

// NewAnnouncer returns an Announcer over redis. Without redis (nil) it does nothing.
func NewAnnouncer(redis *Client, log *slog.Logger) Announcer { return Announcer{redis, log} }

// announceFor bounds the wait for a Redis that doesn't respond.
const announceFor = time.Second

// Announce calls publish. The change is stored already, so it is announced even if the caller has disconnected in the
// meantime.
func (a Announcer) Announce(ctx context.Context, cache string, publish func(context.Context, *Client) error) {
	if a.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), announceFor)
	defer cancel()
	if err := publish(ctx, a.redis); err != nil {
		a.log.WarnContext(
			ctx,
			"announcing a change failed; the edge's caches keep the old value until it expires",
			"cache",
			cache,
			"error",
			err,
		)
	}
}
