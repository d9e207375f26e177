// Package share divides among callers what the requests of all of them have in common: Holders say who accounts for a
// request, a Budget bounds the bytes that are held for requests, in all and for each holder.
//
// No holder gets more than its share, so that one website, or one address, can't keep all others waiting. What doesn't fit
// waits for a moment and is then refused, with 429 if the holder has its share and 503 if the process has no room.
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

// Holders are the keys that account for a request; "" is none. Programs account by website; visitors by website and
// address, apart from programs; callers without a website by address.
type Holders [2]string

// HoldersOf returns the Holders of a request of a principal from an address.
func HoldersOf(p identity.Principal, address string) Holders {
	at := "a:" + httpkit.AddressKey(address)
	switch p.Kind {
	case identity.Token:
		return Holders{"t:" + p.Website.String()}
	case identity.Visitor:
		return Holders{"v:" + p.Website.String(), at}
	default:
		return Holders{at}
	}
}

// ErrHolder is the cause of a refusal because a holder has its share.
var ErrHolder = errors.New("share: a holder has its share")

// ErrProcess is the cause of a refusal because there is no more of a resource in the process.
var ErrProcess = errors.New("share: the process has no room")

// refused is how long a caller is asked to wait after a refusal.
const refused = time.Second

// Refusal returns the fault of ErrHolder or ErrProcess about a resource ("requests", "bytes of bodies"), and other errors
// as they are.
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

// holderParts: a holder may have a quarter of a Budget.
const holderParts = 4

// patience is how long a request waits for bytes. It is long enough for others to be answered, and too short for a queue
// to build up.
const patience = 250 * time.Millisecond

// Budget bounds bytes that are held at a time. It is safe for concurrent use.
type Budget struct {
	share int64
	all   *semaphore.Weighted
	held  atomic.Int64

	byHolder, byProcess prometheus.Counter // of refusals; nil without metrics

	mu sync.Mutex
	of map[string]*holder
}

// holder is what one key has, while it has or wants something.
type holder struct {
	room    *semaphore.Weighted
	held    int64
	waiting int
}

// NewBudget makes a Budget of some bytes.
func NewBudget(most int64) *Budget {
	return &Budget{share: most / holderParts, all: semaphore.NewWeighted(most), of: map[string]*holder{}}
}

// Held returns how many bytes are held.
func (b *Budget) Held() int64 { return b.held.Load() }

// Take takes n bytes for holders, which Give returns. It waits for up to patience; its error is then ErrHolder or
// ErrProcess, or that of ctx.
func (b *Budget) Take(ctx context.Context, n int64, h Holders) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i, key := range h {
		if key != "" && !b.takeOwn(waiting, n, key) {
			b.giveOwn(n, h[:i])
			return because(ctx, ErrHolder, b.byHolder)
		}
	}
	if b.all.Acquire(waiting, n) != nil {
		b.giveOwn(n, h[:])
		return because(ctx, ErrProcess, b.byProcess)
	}
	b.held.Add(n)
	return nil
}

// because returns the error of a context that has ended by itself, else err, which it counts.
func because(ctx context.Context, err error, refused prometheus.Counter) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if refused != nil {
		refused.Inc()
	}
	return err
}

// Give returns n bytes that were taken for the same holders, in one piece or several.
func (b *Budget) Give(n int64, h Holders) {
	b.held.Add(-n)
	b.all.Release(n)
	b.giveOwn(n, h[:])
}

// takeOwn takes n bytes of the share of a key, and reports whether they were free in time.
func (b *Budget) takeOwn(ctx context.Context, n int64, key string) bool {
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

func (b *Budget) giveOwn(n int64, keys []string) {
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

// forget drops a holder that has and wants nothing. The lock is held.
func (b *Budget) forget(key string, h *holder) {
	if h.held == 0 && h.waiting == 0 {
		delete(b.of, key)
	}
}
