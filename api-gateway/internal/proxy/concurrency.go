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
// Queue 13(8), 2015), after CoDel (RFC 8289). The line is short then, too: a few suffice to take each place that becomes
// free.
const (
	burst    = 100 * time.Millisecond
	overload = 5 * time.Millisecond
	few      = 8 // of so many places, one may wait in an overload
)

// ErrFull says that as many requests are under way with a service, and wait for it, as may.
var ErrFull = errors.New("proxy: too many requests are under way")

// concurrencyLimiter bounds how many requests are under way with a service, and how long as many more wait for their turn. It is ours
// because limiters that learn a bound from how long answers take (failsafe-go's) take a tenant's slow imports for a
// service in trouble.
type concurrencyLimiter struct {
	places  chan struct{}
	waiting atomic.Int64

	mu    sync.Mutex
	since time.Time // when the first of those began to wait who waited without a break; of use while somebody does
}

func newConcurrencyLimiter(most int) *concurrencyLimiter {
	return &concurrencyLimiter{places: make(chan struct{}, most)}
}

// acquire takes a place, which release gives back. It gives ErrFull where there is none in time, and the context's error.
func (g *concurrencyLimiter) acquire(ctx context.Context) error {
	select {
	case g.places <- struct{}{}:
		return nil
	default:
	}
	patience, ok := g.join()
	if !ok {
		return ErrFull
	}
	defer g.waiting.Add(-1)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case g.places <- struct{}{}:
		return nil
	case <-late.C:
		return ErrFull
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join begins to wait, and says for how long at most; not at all where too many do.
func (g *concurrencyLimiter) join() (time.Duration, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	patience, line := g.bounds()
	if g.waiting.Load() >= line {
		return 0, false
	}
	if g.waiting.Add(1) == 1 {
		g.since = time.Now()
		return burst, true
	}
	return patience, true
}

// bounds are how long one may wait, and how many may. The lock is held.
func (g *concurrencyLimiter) bounds() (patience time.Duration, line int64) {
	places := int64(cap(g.places))
	if g.waiting.Load() > 0 && time.Since(g.since) > burst {
		return overload, max(places/few, 1)
	}
	return burst, places
}

// full says whether one who came now would be refused at once.
func (g *concurrencyLimiter) full() bool {
	if g.waiting.Load() == 0 { // as almost always
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	_, line := g.bounds()
	return g.waiting.Load() >= line
}

func (g *concurrencyLimiter) release() { <-g.places }
