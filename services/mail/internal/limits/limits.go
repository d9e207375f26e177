// Package limits limits over all replicas how many mails a website receives, and how many connections a server opens.
// Begin with Limiter.
package limits

import (
	"context"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/ratelimit"
)

// The quotas: a burst, and then as many in the window.
var (
	perWebsite = ratelimit.Quota{Requests: 2_000, Window: time.Hour}
	perServer  = ratelimit.Quota{Requests: 600, Window: 10 * time.Minute}
)

// Limiter implements mail.Limiter.
type Limiter struct{ Limiter *ratelimit.Limiter }

// Take implements mail.Limiter. A name is counted by its hash, so that Redis holds no address.
func (l Limiter) Take(ctx context.Context, name string) error {
	quota := perWebsite
	if strings.HasPrefix(name, "server ") {
		quota = perServer
	}
	d := l.Limiter.Take(ctx, "mail:"+identity.HashSecret(name), quota)
	if d.Allowed {
		return nil
	}
	f := fault.New(fault.Limited, "too many mails, try again later")
	f.RetryAfter = max(d.RetryAfter, time.Second)
	return f
}
