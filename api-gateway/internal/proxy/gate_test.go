package proxy

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// entered is what came of entering a gate, and how long it took.
type entered struct {
	err  error
	took time.Duration
}

func enter(ctx context.Context, g *gate) <-chan entered {
	c := make(chan entered, 1)
	go func() {
		began := time.Now()
		err := g.enter(ctx)
		c <- entered{err, time.Since(began)}
	}()
	synctest.Wait()
	return c
}

// TestGate: who finds no place waits for one, for as long as a burst may last; where others have waited that long without
// a break, hardly at all.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 2 * few
		g, ctx := newGate(places), t.Context()
		for range places {
			if got := <-enter(ctx, g); got != (entered{}) {
				t.Fatalf("a place that is free: %+v", got)
			}
		}
		first := enter(ctx, g)
		time.Sleep(30 * time.Millisecond)
		g.leave()
		if got := <-first; got != (entered{nil, 30 * time.Millisecond}) {
			t.Errorf("a place that becomes free: %+v", got)
		}

		late := enter(ctx, g)
		time.Sleep(60 * time.Millisecond)
		behind := enter(ctx, g)
		if got := <-late; !errors.Is(got.err, ErrFull) || got.took != burst {
			t.Errorf("a place that does not become free: %+v", got)
		}
		time.Sleep(time.Millisecond) // somebody has waited for longer than a burst
		if g.full() {
			t.Error("in an overload, nobody may wait beside the one who does")
		}
		second := enter(ctx, g)
		if got := <-enter(ctx, g); !g.full() || !errors.Is(got.err, ErrFull) || got.took != 0 {
			t.Errorf("in an overload, where as many wait as may: %+v, full %t", got, g.full())
		}
		if got := <-second; !errors.Is(got.err, ErrFull) || got.took != overload {
			t.Errorf("in an overload: %+v", got)
		}
		g.leave()
		if got := <-behind; got.err != nil || g.full() {
			t.Errorf("who was there before: %+v, full %t", got, g.full())
		}

		again := enter(ctx, g)
		time.Sleep(overload * 2)
		g.leave()
		if got := <-again; got.err != nil {
			t.Errorf("after an overload, in a burst: %+v", got)
		}

		gone, cancel := context.WithCancel(ctx)
		left := enter(gone, g)
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
		g := newGate(most)
		for range most {
			if err := g.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var line []<-chan entered
		for range most {
			line = append(line, enter(t.Context(), g))
		}
		if got := <-enter(t.Context(), g); !errors.Is(got.err, ErrFull) || got.took != 0 {
			t.Errorf("one more than may wait: %+v", got)
		}
		for _, one := range line {
			g.leave()
			if got := <-one; got.err != nil {
				t.Errorf("one of the line: %+v", got)
			}
		}
	})
}
