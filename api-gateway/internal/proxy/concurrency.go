package proxy

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// The bounds of the queue for a service at its concurrency limit. When the queue hasn't been empty for longer than
// burst, the service is overloaded: more is requested than it can do. Then waiting only delays all requests, so
// requests wait for overload at most, and the queue has one place for few of the limit, which is enough to refill each
// place that becomes free.
//
// Facebook's servers bound their queues like this, with the same figures (B. Maurer, Fail at Scale, ACM Queue 13(8),
// 2015), after CoDel (RFC 8289).
const (
	burst    = 100 * time.Millisecond
	overload = 5 * time.Millisecond
	few      = 8 // one may wait for each few places during an overload
)

// ErrFull reports that the concurrency limit of a service and its queue are used up.
var ErrFull = errors.New("proxy: too many requests are in progress")

// concurrencyLimiter limits how many requests are in progress with a service. As many more wait in a queue, for a
// bounded time. It is our own because adaptive limiters (such as failsafe-go's) derive the limit from latencies: a
// tenant's slow imports then look like a service in trouble.
type concurrencyLimiter struct {
	slots   chan struct{}
	waiting atomic.Int64

	mu    sync.Mutex
	since time.Time // since when the queue hasn't been empty; valid while something waits
}

func newConcurrencyLimiter(most int) *concurrencyLimiter {
	return &concurrencyLimiter{slots: make(chan struct{}, most)}
}

// acquire takes a place, which release returns. Its error is ErrFull if no place is free in time, or the context's.
func (g *concurrencyLimiter) acquire(ctx context.Context) error {
	select {
	case g.slots <- struct{}{}:
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
	case g.slots <- struct{}{}:
		return nil
	case <-late.C:
		return ErrFull
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join enters the queue, and returns how long the request may wait. It reports false if the queue is full.
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

// bounds returns how long a request may wait, and how many may. The lock is held.
func (g *concurrencyLimiter) bounds() (patience time.Duration, line int64) {
	places := int64(cap(g.slots))
	if g.waiting.Load() > 0 && time.Since(g.since) > burst {
		return overload, max(places/few, 1)
	}
	return burst, places
}

// full reports whether another request would be refused at once.
func (g *concurrencyLimiter) full() bool {
	if g.waiting.Load() == 0 { // the usual case
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	_, line := g.bounds()
	return g.waiting.Load() >= line
}

func (g *concurrencyLimiter) release() { <-g.slots }
