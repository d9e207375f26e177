// Package share divides shared resources among callers. Holders are the keys that a request counts towards; a Budget
// limits the bytes held for requests, in total and for each holder.
//
// Invariant: no holder gets more than its share, so one website or address can't block all others. A request that
// doesn't fit waits for a moment (patience) and is then refused: with 429 if the holder has its share, with 503 if the
// process has no room.
//
// Requests over time are limited by package quota; requests in progress by package proxy, which uses the same Holders.
package share

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
)

// Holders are the keys that a request counts towards; "" is none. API tokens and persons of its team count by website;
// visitors by website and address, apart from the team; callers without a website by address.
type Holders [2]string

// HoldersOf returns the Holders of a request of a principal from an address.
func HoldersOf(p identity.Principal, address string) Holders {
	at := "a:" + httpkit.AddressKey(address)
	switch {
	case p.OfTeam():
		return Holders{"t:" + p.Website.String()}
	case p.Kind == identity.Visitor:
		return Holders{"v:" + p.Website.String(), at}
	default:
		return Holders{at}
	}
}

// ErrHolder is the cause of a refusal because a holder has reached its share.
var ErrHolder = errors.New("share: a holder has its share")

// ErrProcess is the cause of a refusal because the process has no room left.
var ErrProcess = errors.New("share: the process has no room")

// refused is the Retry-After of a refusal.
const refused = time.Second

// Refusal returns the fault of ErrHolder or ErrProcess about a resource ("requests", "bytes of bodies"), and other
// errors unchanged.
func Refusal(err error, resource string) error {
	var f *fault.Error
	switch {
	case errors.Is(err, ErrHolder):
		f = fault.Wrap(
			fault.Limited, "too many "+resource+" of this website or address are being handled, try again shortly",
			err,
		)
	case errors.Is(err, ErrProcess):
		f = fault.Wrap(fault.Unavailable, "too many "+resource+" are being handled, try again shortly", err)
	default:
		return err
	}
	f.RetryAfter = refused
	return f
}

// holderParts is the number of shares in a Budget: a holder may have a quarter.
const holderParts = 4

// patience is how long a request waits for bytes: long enough for other requests to finish, and too short for a queue
// to build up.
const patience = 250 * time.Millisecond

// Budget limits the bytes that are held at a time. It is safe for concurrent use.
type Budget struct {
	share int64
	all   *semaphore.Weighted
	held  atomic.Int64

	byHolder, byProcess prometheus.Counter // count refusals; nil if nothing is measured

	mu sync.Mutex
	of map[string]*holder
}

// holder is the state of one key, while it has or wants bytes.
type holder struct {
	room    *semaphore.Weighted
	held    int64
	waiting int
}

// NewBudget makes a Budget of most bytes.
func NewBudget(most int64) *Budget {
	return &Budget{share: most / holderParts, all: semaphore.NewWeighted(most), of: map[string]*holder{}}
}

// Held returns how many bytes are held.
func (b *Budget) Held() int64 { return b.held.Load() }

// Acquire takes n bytes for holders, which Release returns. It waits for up to patience. Its error is then ErrHolder or
// ErrProcess, or that of ctx.
func (b *Budget) Acquire(ctx context.Context, n int64, h Holders) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i, key := range h {
		if key != "" && !b.acquireOwn(waiting, n, key) {
			b.releaseOwn(n, h[:i])
			return because(ctx, ErrHolder, b.byHolder)
		}
	}
	if b.all.Acquire(waiting, n) != nil {
		b.releaseOwn(n, h[:])
		return because(ctx, ErrProcess, b.byProcess)
	}
	b.held.Add(n)
	return nil
}

// because returns the error of ctx if it has ended; otherwise it counts and returns err.
func because(ctx context.Context, err error, refused prometheus.Counter) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if refused != nil {
		refused.Inc()
	}
	return err
}

// Release returns n bytes that were taken for the same holders, in one piece or several.
func (b *Budget) Release(n int64, h Holders) {
	b.held.Add(-n)
	b.all.Release(n)
	b.releaseOwn(n, h[:])
}

// acquireOwn takes n bytes of the share of a key, and reports whether they were free in time.
func (b *Budget) acquireOwn(ctx context.Context, n int64, key string) bool {
	b.mu.Lock()
	h := b.of[key]
	if h == nil {
		h = &holder{room: semaphore.NewWeighted(b.share)}
		b.of[key] = h
	}
	h.waiting++
	b.mu.Unlock()
	taken := n <= b.share && h.room.Acquire(ctx, n) == nil
	b.mu.Lock()
	defer b.mu.Unlock()
	h.waiting--
	if taken {
		h.held += n
	}
	b.forget(key, h)
	return taken
}

func (b *Budget) releaseOwn(n int64, keys []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		if key == "" {
			continue
		}
		h := b.of[key]
		h.room.Release(n)
		h.held -= n
		b.forget(key, h)
	}
}

// forget drops a holder that neither has nor wants bytes. The lock is held.
func (b *Budget) forget(key string, h *holder) {
	if h.held == 0 && h.waiting == 0 {
		delete(b.of, key)
	}
}
