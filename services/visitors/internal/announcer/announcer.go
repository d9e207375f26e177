// Package announcer invalidates visitors in the caches of the gateways, over Redis.
package announcer

import (
	"context"

	"fivechat.dev/libs/store/rediskit"
)

// Announcer implements visitors.Announcer.
type Announcer struct{ rediskit.Announcer }

const cache = "visitor"

// TokensChanged implements visitors.Announcer.
func (a Announcer) TokensChanged(ctx context.Context, tokens ...string) {
	a.Announce(ctx, cache, func(ctx context.Context, r *rediskit.Client) error {
		for _, token := range tokens {
			if err := r.Forget(ctx, cache, token); err != nil {
				return err
			}
		}
		return nil
	})
}
