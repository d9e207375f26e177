package rediskit_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/store/rediskit"
)

// TestClockThatIsSetBack: a key that had spent everything doesn't wait until the clock has caught up, and members that
// left expire.
func TestClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	c, err := rediskit.Connect(rediskit.Config{URL: "redis://" + redis.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	spend := func() rediskit.Spent {
		t.Helper()
		s, err := c.Spend(t.Context(), "k", 10, time.Minute, 10)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	now := time.Now()
	redis.SetTime(now.Add(time.Hour))
	if s := spend(); s.Taken != 10 {
		t.Fatalf("%+v", s)
	}
	redis.SetTime(now)
	if s := spend(); s.Taken != 10 {
		t.Errorf("with units spent in the future: %+v", s)
	}
	if s := spend(); s.Taken != 0 || s.RetryAfter <= 0 || s.RetryAfter > 6*time.Second {
		t.Errorf("with nothing left: %+v", s)
	}

	if _, err := redis.ZAdd("fivechat:group", float64(now.Add(time.Hour).UnixMilli()), "gone"); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Heartbeat(t.Context(), "group", "here", time.Minute); err != nil || n != 1 {
		t.Errorf("%d members, %v", n, err)
	}
}
