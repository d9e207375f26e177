// Package attempts limits the attempts to sign in with one e-mail address, or with one known device, over all replicas.
// Begin with Limiter.Take. The limits of an address of the network are the gateway's.
package attempts

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/ratelimit"
)

// quota allows ten attempts at once, and then one in 90 seconds: at most 970 a day, from any number of network
// addresses. Package accounts decides what is counted together.
var quota = ratelimit.Quota{Requests: 10, Window: 15 * time.Minute}

// Limiter implements accounts.Attempts.
type Limiter struct{ Limiter *ratelimit.Limiter }

// Take implements accounts.Attempts. A name is counted by its hash, so that Redis holds no e-mail address.
func (l Limiter) Take(ctx context.Context, name string) error {
	d := l.Limiter.Take(ctx, "signin:"+identity.HashSecret(name), quota)
	if d.Allowed {
		return nil
	}
	f := fault.Coded(
		fault.Limited, "too_many_failures", "too many attempts, wait a little",
	)
	f.RetryAfter = max(d.RetryAfter, time.Second)
	return f
}
