// Package announcer invalidates visitors in the caches of the gateways, over Redis.
package announcer

import (
	"context"

	"fivechat.dev/libs/store/rediskit"
)

// Announcer implements visitors.Announcer.
type Announcer struct{ rediskit.Announcer }

const cache = "visitor"

// SecretChanged implements visitors.Announcer.
func (a Announcer) SecretChanged(ctx context.Context, token string) {
	a.Announce(ctx, cache, func(ctx context.Context, r *rediskit.Client) error { return r.Forget(ctx, cache, token) })
}
