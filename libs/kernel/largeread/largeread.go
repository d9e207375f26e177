// Package largeread bounds how many requests of a service hold many bytes of stored rows at once. A request reads up to
// Free bytes without asking. Before it reads more, it takes one of the service's places, and keeps it until it has been
// answered. So a service needs memory for its concurrent requests times Free, and for Slots large answers, whichever
// website sends them.
//
// A website also pays for large answers in time. A request that took a place gives it back to other websites as soon as
// it is answered, and to its own website only after a pause of its bytes at Pace. So large answers of one website use a
// small part of a processor, and short requests of others wait behind few of them.
//
// Begin with Limiter.Begin, which the router calls for each request, and Charge, which mongokit calls for each read.
// Work in the background has no account, and streams have bounds of their own.
package largeread

import (
	"context"
	"sync"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

// The bounds of a service.
const (
	Free     = 256 << 10       // bytes that a request reads without a place
	Slots    = 4               // requests that have read more
	Share    = 2               // of one website; services that ask in no website's name share one too
	Pace     = 2 << 20         // bytes a second in each place of a website: 4 MiB a second, some 6 % of a processor
	patience = 5 * time.Second // for a place
)

// Limiter hands out the places of one service.
type Limiter struct {
	mu      sync.Mutex
	held    map[tenant.ID]int // places of a website, those that pause included
	total   int               // places in use
	changed chan struct{}     // closed when a place becomes free
}

// New makes a Limiter.
func New() *Limiter { return &Limiter{held: map[tenant.ID]int{}, changed: make(chan struct{})} }

type accountKey struct{}

// account is what one request has read. Parts of a request may read at the same time.
type account struct {
	limiter *Limiter
	of      tenant.ID

	mu    sync.Mutex
	bytes int64
	holds bool
}

// Begin gives a request of a website an account, which end closes.
func (l *Limiter) Begin(ctx context.Context, of tenant.ID) (_ context.Context, end func()) {
	a := &account{limiter: l, of: of}
	return context.WithValue(ctx, accountKey{}, a), a.end
}

// Charge counts bytes that the request of ctx is about to hold. It waits for a place if they are more than Free;
// Limited if there is none in time.
func Charge(ctx context.Context, bytes int64) error {
	a, has := ctx.Value(accountKey{}).(*account)
	if !has {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bytes += bytes; a.bytes <= Free || a.holds {
		return nil
	}
	err := a.limiter.acquire(ctx, a.of)
	a.holds = err == nil
	return err
}

func (a *account) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holds {
		a.limiter.release(a.of, a.bytes)
		a.holds = false
	}
}

func (l *Limiter) acquire(ctx context.Context, of tenant.ID) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		taken, changed := l.tryAcquire(of)
		if taken {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			busy := fault.Coded(
				fault.Limited,
				"too_many_large_reads",
				"too many large answers are being made, try again shortly",
			)
			busy.RetryAfter = time.Second
			return busy
		}
	}
}

// tryAcquire takes a place if one is free. Otherwise it returns a channel that signals the next free one.
func (l *Limiter) tryAcquire(of tenant.ID) (taken bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total >= Slots || l.held[of] >= Share {
		return false, l.changed
	}
	l.total++
	l.held[of]++
	return true, nil
}

// release returns a place in which a website read some bytes: to others at once, to the website after its pause.
// Services that ask in no website's name don't pause.
func (l *Limiter) release(of tenant.ID, bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if of.IsZero() {
		l.returnShare(of)
	} else {
		time.AfterFunc(time.Duration(bytes)*time.Second/Pace, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.returnShare(of)
			l.signal()
		})
	}
	l.signal()
}

func (l *Limiter) returnShare(of tenant.ID) {
	if l.held[of]--; l.held[of] == 0 {
		delete(l.held, of)
	}
}

// signal wakes the requests that wait for a place.
func (l *Limiter) signal() {
	close(l.changed)
	l.changed = make(chan struct{})
}
