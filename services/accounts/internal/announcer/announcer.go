// Package announcer tells the edges over Redis what they must forget.
package announcer

import (
	"context"
	"log/slog"
	"time"

	"fivechat.dev/libs/rediskit"
)

// Announcer implements accounts.Announcer.
type Announcer struct {
	redis *rediskit.Client
	log   *slog.Logger
}

// New makes an Announcer over redis; without one (nil) caches only expire by themselves.
func New(redis *rediskit.Client, log *slog.Logger) *Announcer { return &Announcer{redis, log} }

// patience bounds the wait for a Redis that is away.
const patience = time.Second

// TokenRevoked implements accounts.Announcer. The token is gone already, so the edges hear of it even where whoever
// asked went away in the meantime.
func (a *Announcer) TokenRevoked(ctx context.Context, hash string) {
	if a.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := a.redis.Forget(ctx, "token", hash); err != nil {
		a.log.WarnContext(ctx, "a revoked token is known at the edge until it expires there", "error", err)
	}
}
