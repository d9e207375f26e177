package rediskit_test

import (
	"context"
	"testing"
	"testing/synctest"

	"fivechat.dev/libs/store/rediskit"
)

// TestSubscriptionFollowsThePrimary: a subscription is lost if the client connects to another server than before, and
// only then. Meanwhile the client pings.
func TestSubscriptionFollowsThePrimary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		addrs []string // of the connections, one with each ping
		want  bool
	}{
		{"the first connection", []string{"a:1"}, false},
		{"more connections to the same server", []string{"a:1", "a:1", "a:1"}, false},
		{"another port", []string{"a:1", "a:1", "a:2"}, true},
		{"another server", []string{"a:1", "b:1"}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			pings, lost := 0, false
			rediskit.WatchPrimary(ctx, func(connected func(string)) error {
				connected(c.addrs[pings])
				if pings++; pings == len(c.addrs) {
					if !c.want {
						cancel()
					}
				}
				return nil
			}, func() { lost = true })
			cancel()
			if lost != c.want || pings != len(c.addrs) {
				t.Errorf("%s: lost is %t after %d pings, want %t after %d", c.name, lost, pings, c.want, len(c.addrs))
			}
		})
	}
}
