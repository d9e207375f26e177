// Package announcer tells the edges over Redis what they must forget.
package announcer

import (
	"context"
	"log/slog"
	"time"

	"fivechat.dev/libs/rediskit"
	"fivechat.dev/libs/tenant"
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

// TokensChanged implements accounts.Announcer.
func (a *Announcer) TokensChanged(ctx context.Context, hashes ...string) {
	a.forget(ctx, "token", hashes...)
}

// WebsiteChanged implements accounts.Announcer.
func (a *Announcer) WebsiteChanged(ctx context.Context, t tenant.ID) {
	a.forget(ctx, "website", t.String())
}

// forget says what has changed already, so the edges hear of it even where whoever asked went away in the meantime.
func (a *Announcer) forget(ctx context.Context, cache string, keys ...string) {
	if a.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for _, key := range keys {
		if err := a.redis.Forget(ctx, cache, key); err != nil {
			a.log.WarnContext(ctx, "what has changed is known at the edge until it expires there", "cache", cache, "error", err)
			return
		}
	}
}
