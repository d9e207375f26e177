package rediskit_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/store/rediskit"
)

// TestTurnsAreShared: of two processes, one has the turn in each interval. If turns don't expire, or if Redis doesn't
// respond, both have turns.
func TestTurnsAreShared(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	c, err := rediskit.Connect(rediskit.Config{URL: "redis://" + redis.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	one, other := c.Turns("check", 10*time.Second), c.Turns("check", 10*time.Second)
	take := func(situation string, of *rediskit.Turns, want bool) {
		t.Helper()
		if have := of.Take(t.Context()); have != want {
			t.Errorf("%s: the turn is %v, not %v", situation, have, want)
		}
	}
	take("at the start", one, true)
	take("at the start", other, true)
	for range 3 {
		take("in the same interval", one, false)
		take("in the same interval", other, false)
		redis.FastForward(10 * time.Second)
		take("in the next interval", other, true)
	}
	turns := 0
	for range 13 {
		if one.Take(t.Context()) {
			turns++
		}
	}
	if turns != 1 {
		t.Errorf("%d turns while the other's doesn't expire, as after a clock was set back", turns)
	}
	redis.Close()
	take("without Redis", one, true)
	take("without Redis", other, true)
	var none *rediskit.Client
	take("without a client", none.Turns("check", time.Second), true)
}
