package storagequota_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/kernel/tenant"
)

func site(t *testing.T) tenant.ID {
	t.Helper()
	id, err := tenant.New(1)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestGateFollowsTheUsage: a website is refused once its usage is known to be full, and admitted again once it isn't;
// no caller waits, and an unknown usage refuses nothing.
func TestGateFollowsTheUsage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var used, asked atomic.Int64
		var fails atomic.Bool
		limiter, err := storagequota.NewLimiter(func(context.Context, tenant.ID) (storagequota.Usage, error) {
			asked.Add(1)
			if fails.Load() {
				return storagequota.Usage{}, errors.New("accounts is unavailable")
			}
			return storagequota.Usage{Used: used.Load(), Limit: 10}, nil
		}, slog.New(slog.DiscardHandler), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		one := site(t)
		admit := func(want bool, when string) {
			t.Helper()
			err := limiter.Check(t.Context(), one)
			if (err == nil) != want {
				t.Errorf("%s: %v", when, err)
			}
			if f := fault.From(err); err != nil && (f.Kind != fault.TooLarge || f.Code != storagequota.Code) {
				t.Errorf("%s: refused with %v", when, f)
			}
			synctest.Wait()
		}
		used.Store(10)
		admit(true, "before anything is known")
		admit(false, "at the limit")
		if n := asked.Load(); n != 1 {
			t.Errorf("asked %d times within a moment", n)
		}
		used.Store(9)
		limiter.Forget(tenant.ID{})
		admit(false, "while it is read again")
		admit(true, "below the limit")
		used.Store(11)
		time.Sleep(3 * time.Second)
		admit(true, "while it is read again")
		admit(false, "over the limit")
		fails.Store(true)
		time.Sleep(3 * time.Second)
		admit(false, "while accounts is unavailable")
		admit(false, "the last usage known counts")
		time.Sleep(10 * time.Minute)
		admit(true, "but not for ever")
	})
}

// TestUsageWithoutALimitRefusesNothing, as an answer that states none.
func TestUsageWithoutALimitRefusesNothing(t *testing.T) {
	t.Parallel()
	for usage, refused := range map[storagequota.Usage]bool{
		{}: false, {Used: 5}: false, {Used: 4, Limit: 5}: false, {Used: 5, Limit: 5}: true,
	} {
		if err := usage.Err(); (err != nil) != refused {
			t.Errorf("%+v: %v", usage, err)
		}
	}
}

func TestParseLimits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]storagequota.Limits{
		`{}`: storagequota.DefaultLimits(),
		`{"plans":{},"storage":{"FREE":1048576}}`: {identity.Free: 1 << 20, identity.Pro: 100 << 30},
		`{"storage":{"FREE":1}}`:                  nil,
		`{"storage":{"GOLD":1048576}}`:            nil,
		`{"storage":5}`:                           nil,
	} {
		got, err := storagequota.ParseLimits([]byte(text))
		if (err != nil) != (want == nil) {
			t.Errorf("%s: %v", text, err)
		}
		for plan, limit := range want {
			if got[plan] != limit {
				t.Errorf("%s: %s may store %d", text, plan, got[plan])
			}
		}
	}
}
