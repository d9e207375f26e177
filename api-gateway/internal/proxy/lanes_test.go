package proxy

import (
	"errors"
	"testing"
	"testing/synctest"

	"fivechat.dev/api-gateway/internal/share"
)

// TestHolderGetsHalfOfThePlaces: a holder gets no more than half, and the other half stays free for others.
func TestHolderGetsHalfOfThePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := newLanes(2*leastShare), t.Context()
		greedy, visitor := share.Holders{"t:1"}, share.Holders{"v:1", "a:1"}
		for range leastShare {
			if err := l.acquire(ctx, greedy); err != nil {
				t.Fatalf("a place within its share: %v", err)
			}
		}
		refused := make(chan error)
		for range 3 * leastShare {
			go func() { refused <- l.acquire(ctx, greedy) }()
		}
		synctest.Wait()
		for range leastShare {
			if err := l.acquire(ctx, visitor); err != nil {
				t.Errorf("another holder, while that one waits: %v", err)
			}
		}
		for range 3 * leastShare {
			if err := <-refused; !errors.Is(err, share.ErrHolder) {
				t.Errorf("a place over its share: %v", err)
			}
		}
		if err := l.acquire(ctx, share.Holders{"t:2"}); !errors.Is(err, ErrFull) {
			t.Errorf("one more than there are places: %v", err)
		}
		if err := l.acquire(ctx, share.Holders{"v:2", "a:1"}); !errors.Is(err, share.ErrHolder) {
			t.Errorf("the address on another website: %v", err)
		}
		for range leastShare {
			l.release(greedy)
			l.release(visitor)
		}
		if len(l.of) != 0 || len(l.all.slots) != 0 {
			t.Errorf("in the end %d holders and %d places are taken", len(l.of), len(l.all.slots))
		}
		if err := l.acquire(ctx, visitor); err != nil {
			t.Errorf("in the end: %v", err)
		}
	})
}

// TestSmallLimitsAreNotDivided: with few places, one website may take all.
func TestSmallLimitsAreNotDivided(t *testing.T) {
	t.Parallel()
	l := newLanes(leastShare)
	for range leastShare {
		if err := l.acquire(t.Context(), share.Holders{"t:1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.acquire(t.Context(), share.Holders{"t:1"}); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
}
