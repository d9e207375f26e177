package proxy

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// acquired is what came of acquiring a place, and how long it took.
type acquired struct {
	err  error
	took time.Duration
}

func acquire(ctx context.Context, g *concurrencyLimiter) <-chan acquired {
	c := make(chan acquired, 1)
	go func() {
		began := time.Now()
		err := g.acquire(ctx)
		c <- acquired{err, time.Since(began)}
	}()
	synctest.Wait()
	return c
}

// TestGate: who finds no place waits for one, for as long as a burst may last; where others have waited that long without
// a break, hardly at all.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 2 * few
		g, ctx := newConcurrencyLimiter(places), t.Context()
		for range places {
			if got := <-acquire(ctx, g); got != (acquired{}) {
				t.Fatalf("a place that is free: %+v", got)
			}
		}
		first := acquire(ctx, g)
		time.Sleep(30 * time.Millisecond)
		g.release()
		if got := <-first; got != (acquired{nil, 30 * time.Millisecond}) {
			t.Errorf("a place that becomes free: %+v", got)
		}

		late := acquire(ctx, g)
		time.Sleep(60 * time.Millisecond)
		behind := acquire(ctx, g)
		if got := <-late; !errors.Is(got.err, ErrFull) || got.took != burst {
			t.Errorf("a place that does not become free: %+v", got)
		}
		time.Sleep(time.Millisecond) // somebody has waited for longer than a burst
		if g.full() {
			t.Error("in an overload, nobody may wait beside the one who does")
		}
		second := acquire(ctx, g)
		if got := <-acquire(ctx, g); !g.full() || !errors.Is(got.err, ErrFull) || got.took != 0 {
			t.Errorf("in an overload, where as many wait as may: %+v, full %t", got, g.full())
		}
		if got := <-second; !errors.Is(got.err, ErrFull) || got.took != overload {
			t.Errorf("in an overload: %+v", got)
		}
		g.release()
		if got := <-behind; got.err != nil || g.full() {
			t.Errorf("who was there before: %+v, full %t", got, g.full())
		}

		again := acquire(ctx, g)
		time.Sleep(overload * 2)
		g.release()
		if got := <-again; got.err != nil {
			t.Errorf("after an overload, in a burst: %+v", got)
		}

		gone, cancel := context.WithCancel(ctx)
		left := acquire(gone, g)
		cancel()
		if got := <-left; !errors.Is(got.err, context.Canceled) || got.took != 0 {
			t.Errorf("a client that goes away: %+v", got)
		}
	})
}

// TestTheLineIsBounded: where as many wait as may, one more is refused at once.
func TestTheLineIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 5
		g := newConcurrencyLimiter(most)
		for range most {
			if err := g.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var line []<-chan acquired
		for range most {
			line = append(line, acquire(t.Context(), g))
		}
		if got := <-acquire(t.Context(), g); !errors.Is(got.err, ErrFull) || got.took != 0 {
			t.Errorf("one more than may wait: %+v", got)
		}
		for _, one := range line {
			g.release()
			if got := <-one; got.err != nil {
				t.Errorf("one of the line: %+v", got)
			}
		}
	})
}
