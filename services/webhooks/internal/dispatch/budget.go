package dispatch

import (
	"cmp"
	"context"
	"sync"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/webhooks"
)

// The bounds in bytes of the deliveries that a process has in memory.
const (
	memory        = 32 << 20 // of all websites
	websiteMemory = 1 << 20  // of one website, so that its slow receivers leave room for others
	baseSize      = 4 << 10  // size of a delivery without its body and attempts
	unknownSize   = 1 << 20  // assumed size of a body if its row doesn't state one
)

// budget limits the bytes in memory, in total and for each website.
type budget struct {
	total, website int64

	mu    sync.Mutex
	used  int64
	of    map[tenant.ID]int64
	freed chan struct{} // closed at the next release
}

// weight is the size in bytes that a delivery will have once it is loaded, estimated from the fields that Ready
// returns.
func weight(queued webhooks.Delivery) int64 {
	n := baseSize + cmp.Or(queued.Bytes, unknownSize)
	if len(queued.Attempts) > 0 {
		n += webhooks.MaxAttemptsBytes
	}
	return n
}

func newBudget(total, website int64) *budget {
	return &budget{total: total, website: website, of: map[tenant.ID]int64{}, freed: make(chan struct{})}
}

// acquire waits until there is room for n bytes of a website, and returns the function that releases them. More than a
// website's share takes the whole share. The error is that of ctx.
func (b *budget) acquire(ctx context.Context, t tenant.ID, n int64) (release func(), err error) {
	n = min(n, b.website)
	for {
		freed := b.tryAcquire(t, n)
		if freed == nil {
			return func() { b.release(t, n) }, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-freed:
		}
	}
}

// tryAcquire reserves n bytes, or returns the channel that is closed at the next release.
func (b *budget) tryAcquire(t tenant.ID, n int64) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.total || b.of[t]+n > b.website {
		return b.freed
	}
	b.used += n
	b.of[t] += n
	return nil
}

func (b *budget) release(t tenant.ID, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.of[t] -= n; b.of[t] == 0 {
		delete(b.of, t)
	}
	close(b.freed)
	b.freed = make(chan struct{})
}
