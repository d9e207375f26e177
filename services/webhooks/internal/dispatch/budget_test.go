package dispatch

import (
	"context"
	"errors"
	"testing"

	"fivechat.dev/services/internal/storetest"
)

// TestBudgetBoundsEachWebsiteAndAll: a website that has used its share waits, and another one doesn't. The total limits
// all.
func TestBudgetBoundsEachWebsiteAndAll(t *testing.T) {
	t.Parallel()
	one, two, three := storetest.Tenant(1), storetest.Tenant(2), storetest.Tenant(3)
	b := newBudget(25, 10)
	ended, end := context.WithCancel(t.Context())
	end()
	release, err := b.acquire(ended, one, 1_000) // more than the share: takes the share
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.acquire(ended, one, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("beyond the website's share: %v", err)
	}
	if _, err := b.acquire(ended, two, 10); err != nil {
		t.Errorf("another website: %v", err)
	}
	if _, err := b.acquire(ended, three, 6); !errors.Is(err, context.Canceled) {
		t.Errorf("beyond the total: %v", err)
	}
	waits := make(chan error)
	go func() {
		_, err := b.acquire(t.Context(), three, 6)
		waits <- err
	}()
	release()
	if err := <-waits; err != nil {
		t.Errorf("after a release: %v", err)
	}
}
