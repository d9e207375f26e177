package runner_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fivechat.dev/libs/process/runner"
)

// TestDependencyMetricFollowsChecks: the metric of each dependency shows the result of the last check.
func TestDependencyMetricFollowsChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var unavailable atomic.Bool
		u := unit(t, runner.Unit{Uses: map[string]func(context.Context) error{
			"store": func(context.Context) error {
				if unavailable.Load() {
					return errors.New("unavailable")
				}
				return nil
			},
			"hanging": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		}})
		u.Listeners = nil // sockets can't be used in a synctest bubble
		r, err := runner.Start(u)
		if err != nil {
			t.Fatal(err)
		}
		up := func() map[string]float64 {
			families, err := r.Gatherer().Gather()
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]float64{}
			for _, f := range families {
				for _, m := range f.GetMetric() {
					if f.GetName() == "fivechat_dependency_up" {
						got[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
					}
				}
			}
			return got
		}
		for i, want := range []float64{1, 0, 1} {
			unavailable.Store(want == 0)
			if i > 0 {
				passed(runner.PingInterval)
			}
			passed(runner.PingTimeout) // the hanging check ends by its timeout
			if got := up(); got["store"] != want || len(got) != 2 || got["hanging"] != 0 {
				t.Errorf("check %d: %v, want the store %v and the hanging one 0", i, got, want)
			}
		}
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// passed advances the bubble's clock and waits until its goroutines are blocked.
func passed(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
