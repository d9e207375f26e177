package proxy

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// The bounds of waiting for a service that has as much to do as it may. Where somebody has waited without a break for as
// long as a burst may last, more is asked than the service can do: then who waits only makes the others late, and is
// refused almost at once. It is how Facebook's servers bound their queues, with its figures (B. Maurer, Fail at Scale, ACM
// Queue 13(8), 2015), after CoDel (RFC 8289).
const (
	burst    = 100 * time.Millisecond
	overload = 5 * time.Millisecond
)

var errFull = errors.New("proxy: too many requests are under way")

// gate bounds how many requests are under way with a service, and how long as many more wait for their turn. It is ours
// because limiters that learn a bound from how long answers take (failsafe-go's) take a tenant's slow imports for a
// service in trouble.
type gate struct {
	places  chan struct{}
	waiting atomic.Int64

	mu    sync.Mutex
	since time.Time // when the first of those began to wait who waited without a break; of use while somebody does
}

func newGate(most int) *gate { return &gate{places: make(chan struct{}, most)} }

// enter takes a place, which leave gives back. It gives errFull where there is none in time, and the context's error.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	patience, ok := g.join()
	if !ok {
		return errFull
	}
	defer g.waiting.Add(-1)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case g.places <- struct{}{}:
		return nil
	case <-late.C:
		return errFull
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join begins to wait, and says for how long at most; not at all where too many do.
func (g *gate) join() (time.Duration, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.waiting.Add(1)
	if n > int64(cap(g.places)) {
		g.waiting.Add(-1)
		return 0, false
	}
	now := time.Now()
	if n == 1 {
		g.since = now
	}
	if now.Sub(g.since) > burst {
		return overload, true
	}
	return burst, true
}

func (g *gate) leave() { <-g.places }
