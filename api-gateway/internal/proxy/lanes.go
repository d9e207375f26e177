package proxy

import (
	"context"
	"errors"
	"sync"

	"fivechat.dev/api-gateway/internal/share"
)

// A holder (a website or an address) may have half of the places of a limiter. A limiter of up to leastShare places
// isn't divided, because a single busy website would be refused.
const (
	shareParts = 2
	leastShare = 4
)

// lanes divides the places of a limiter among holders. Each holder has a limiter of its own in front, so that a holder
// that has reached its share waits there and not in the common queue.
type lanes struct {
	all   *concurrencyLimiter
	share int // 0 if a holder may have all places

	mu sync.Mutex
	of map[string]*lane
}

// lane is the limiter of a holder. It exists while the holder has or wants a place.
type lane struct {
	limiter *concurrencyLimiter
	users   int
}

func newLanes(most int) *lanes {
	l := &lanes{all: newConcurrencyLimiter(most), of: map[string]*lane{}}
	if most > leastShare {
		l.share = max(most/shareParts, leastShare)
	}
	return l
}

// acquire takes a place, which release returns. Its error is share.ErrHolder if the holder has no place within its
// share in time, ErrFull if there is none at all, or the context's.
func (l *lanes) acquire(ctx context.Context, h share.Holders) error {
	for i, key := range h {
		if err := l.acquireOwn(ctx, key); err != nil {
			l.releaseOwn(h[:i])
			return err
		}
	}
	if err := l.all.acquire(ctx); err != nil {
		l.releaseOwn(h[:])
		return err
	}
	return nil
}

func (l *lanes) release(h share.Holders) {
	l.all.release()
	l.releaseOwn(h[:])
}

func (l *lanes) acquireOwn(ctx context.Context, key string) error {
	if key == "" || l.share == 0 {
		return nil
	}
	l.mu.Lock()
	own := l.of[key]
	if own == nil {
		own = &lane{limiter: newConcurrencyLimiter(l.share)}
		l.of[key] = own
	}
	own.users++
	l.mu.Unlock()
	err := own.limiter.acquire(ctx)
	if err == nil {
		return nil
	}
	l.drop(key)
	if errors.Is(err, ErrFull) {
		return share.ErrHolder
	}
	return err
}

func (l *lanes) releaseOwn(keys []string) {
	for _, key := range keys {
		if key == "" || l.share == 0 {
			continue
		}
		l.drop(key).limiter.release()
	}
}

// drop removes one user of a key's lane.
func (l *lanes) drop(key string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.of[key]
	if own.users--; own.users == 0 {
		delete(l.of, key)
	}
	return own
}
