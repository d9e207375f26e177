package rowcount

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

// recent are sums, and when they were read.
type recent[K comparable] struct {
	sums[K]
	at time.Time
}

// current returns a website's sums, which may have been read up to keepSums ago: the changes since then are found
// beside them. Within a transaction it always reads them, because the snapshot may be older.
func (t *Counter[K]) current(ctx context.Context, of tenant.ID) (sums[K], error) {
	if mongokit.InTransaction(ctx) {
		return t.sums.Get(ctx, of, nil)
	}
	t.mu.Lock()
	kept, has := t.recent[of]
	t.mu.Unlock()
	if has && time.Since(kept.at) < keepSums {
		return kept.sums, nil
	}
	now := time.Now()
	row, err := t.sums.Get(ctx, of, nil)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		delete(t.recent, of)
		return row, err
	}
	if len(t.recent) >= maxRecent {
		clear(t.recent)
	}
	t.recent[of] = recent[K]{row, now}
	return row, nil
}

// forget drops the sums that current keeps.
func (t *Counter[K]) forget(of tenant.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.recent, of)
}
