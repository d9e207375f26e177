// Package announcer invalidates caches of the gateways, over Redis.
package announcer

import (
	"context"
	"strconv"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/rediskit"
)

// Announcer implements accounts.Announcer.
type Announcer struct{ rediskit.Announcer }

// TokensChanged implements accounts.Announcer.
func (a Announcer) TokensChanged(ctx context.Context, hashes ...string) {
	a.forget(ctx, "token", hashes...)
}

// SessionsEnded implements accounts.Announcer.
func (a Announcer) SessionsEnded(ctx context.Context, hashes ...string) {
	a.forget(ctx, "session", hashes...)
}

// PersonChanged implements accounts.Announcer.
func (a Announcer) PersonChanged(ctx context.Context, person id.Person) {
	a.forget(ctx, "person", strconv.FormatInt(int64(person), 10))
}

// WebsiteChanged implements accounts.Announcer.
func (a Announcer) WebsiteChanged(ctx context.Context, t tenant.ID) {
	a.forget(ctx, "website", t.String())
}

func (a Announcer) forget(ctx context.Context, cache string, keys ...string) {
	a.Announce(ctx, cache, func(ctx context.Context, r *rediskit.Client) error {
		for _, key := range keys {
			if err := r.Forget(ctx, cache, key); err != nil {
				return err
			}
		}
		return nil
	})
}
