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

// TestUses: whether what a component uses is there shows in its metrics, at first and as it changes.
func TestUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		u := unit(t, runner.Unit{Uses: map[string]func(context.Context) error{
			"store": func(context.Context) error {
				if away.Load() {
					return errors.New("away")
				}
				return nil
			},
			"deaf": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		}})
		u.Listeners = nil // sockets are not the bubble's
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
			away.Store(want == 0)
			if i > 0 {
				passed(runner.LookEvery)
			}
			passed(runner.LookTimeout) // of the deaf one
			if got := up(); got["store"] != want || len(got) != 2 || got["deaf"] != 0 {
				t.Errorf("look %d: %v, want the store %v and the deaf one 0", i, got, want)
			}
		}
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// passed lets the bubble's time pass, and all that then happens happen.
func passed(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
