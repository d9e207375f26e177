package edge

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type key struct{}

// TestLifetime: it ends like a context of the standard library, whether or not Done was called before.
func TestLifetime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(l *lifetime, parent context.CancelFunc)
		want error
	}{
		"its deadline passed": {func(*lifetime, context.CancelFunc) {
			time.Sleep(time.Second)
		}, context.DeadlineExceeded},
		"end was called":       {func(l *lifetime, _ context.CancelFunc) { l.end() }, context.Canceled},
		"the connection ended": {func(_ *lifetime, parent context.CancelFunc) { parent() }, context.Canceled},
	} {
		for _, waited := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
					defer cancel()
					l := newLifetime(parent, time.Second)
					defer l.end()
					if waited {
						l.Done()
					}
					child, stop := context.WithCancel(l)
					defer stop()
					if l.Err() != nil || child.Err() != nil || l.Value(key{}) != "v" {
						t.Fatalf("at first: %v, %v, %v", l.Err(), child.Err(), l.Value(key{}))
					}
					if until, ok := l.Deadline(); !ok || time.Until(until) != time.Second {
						t.Errorf("the deadline is in %v", time.Until(until))
					}
					c.end(l, cancel)
					synctest.Wait()
					if !errors.Is(l.Err(), c.want) || !errors.Is(child.Err(), c.want) {
						t.Errorf("in the end: %v, %v", l.Err(), child.Err())
					}
					select {
					case <-l.Done():
					default:
						t.Error("it is not done")
					}
				})
			})
		}
	}
}
