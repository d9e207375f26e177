package proxy

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// acquired is the result of acquiring a place, and how long that took.
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

// TestQueueIsShortDuringOverload: a request waits for a place for up to a burst. If the queue hasn't been empty for
// that long, it waits for much less.
func TestQueueIsShortDuringOverload(t *testing.T) {
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
		time.Sleep(time.Millisecond) // the queue hasn't been empty for longer than a burst
		if g.full() {
			t.Error("during an overload a second request may wait")
		}
		second := acquire(ctx, g)
		if got := <-acquire(ctx, g); !g.full() || !errors.Is(got.err, ErrFull) || got.took != 0 {
			t.Errorf("during an overload with a full queue: %+v, full %t", got, g.full())
		}
		if got := <-second; !errors.Is(got.err, ErrFull) || got.took != overload {
			t.Errorf("in an overload: %+v", got)
		}
		g.release()
		if got := <-behind; got.err != nil || g.full() {
			t.Errorf("the request that waited first: %+v, full %t", got, g.full())
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

// TestFullQueueRefusesAtOnce: with a full queue, one more request is refused without waiting.
func TestFullQueueRefusesAtOnce(t *testing.T) {
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
