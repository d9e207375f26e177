package openloop_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fivechat.dev/tests/load/openloop"
)

// TestRun checks that arrivals start when they are due while the bound permits it, and that late ones are reported.
func TestRun(t *testing.T) {
	t.Parallel()
	second := openloop.Plan{Rate: 10, Length: time.Second, Bound: 2}
	for name, c := range map[string]struct {
		plan       openloop.Plan
		takes      func(n int) time.Duration
		sent, full int
		longest    time.Duration // from when an arrival was due until it ended
	}{
		"all in time": {second, func(int) time.Duration {
			return 50 * time.Millisecond
		}, 10, 0, 50 * time.Millisecond},
		"concurrently": {second, func(int) time.Duration {
			return 190 * time.Millisecond
		}, 10, 0, 190 * time.Millisecond},
		"one delays a few": {
			openloop.Plan{Rate: 10, Length: time.Second, Bound: 1},
			once(2, 450*time.Millisecond), 10, 4,
			450 * time.Millisecond,
		},
		"one that never ends": {
			openloop.Plan{Rate: 10, Length: time.Second, Bound: 1},
			once(2, time.Hour), 3, 7,
			time.Hour,
		},
		"overload": {second, func(int) time.Duration { return 400 * time.Millisecond }, 6, 8, 800 * time.Millisecond},
		"no arrivals": {openloop.Plan{Rate: 0.5, Length: time.Second, Bound: 1}, func(int) time.Duration {
			return 0
		}, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var took []time.Duration
				r := openloop.Run(t.Context(), c.plan, func(n int, due time.Time) {
					time.Sleep(c.takes(n))
					mu.Lock()
					defer mu.Unlock()
					took = append(took, time.Since(due))
				})
				if r.Sent != c.sent || r.Full != c.full || len(took) != c.sent {
					t.Errorf("%d were sent, %d done, %d found the bound reached; want %d and %d", r.Sent, len(took), r.Full,
						c.sent, c.full)
				}
				if longest := slices.Max(append(took, 0)); longest != c.longest {
					t.Errorf("the longest took %v, want %v", longest, c.longest)
				}
			})
		})
	}
}

// once returns the durations of arrivals: one takes long, and the others none.
func once(which int, long time.Duration) func(int) time.Duration {
	return func(n int) time.Duration {
		if n == which {
			return long
		}
		return 0
	}
}

// TestRunIsEnded checks that when the context ends, no arrival starts any more, and those in progress are waited for.
func TestRunIsEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		done := 0
		r := openloop.Run(ctx, openloop.Plan{Rate: 10, Length: time.Minute, Bound: 1}, func(int, time.Time) {
			time.Sleep(10 * time.Millisecond)
			done++
		})
		if r.Sent != 3 || done != 3 || r.Full != 0 {
			t.Errorf("%+v, %d done, want 3", r, done)
		}
	})
}
