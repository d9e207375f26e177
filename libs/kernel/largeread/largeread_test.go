package largeread

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
)

func website(n int64) tenant.ID {
	t, err := tenant.New(n)
	if err != nil {
		panic(err)
	}
	return t
}

// reading begins requests of a website that have read more than Free.
func reading(t *testing.T, l *Limiter, of tenant.ID, n int) (ends []func()) {
	t.Helper()
	for range n {
		ctx, end := l.Begin(t.Context(), of)
		if err := Charge(ctx, Free+1); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	return ends
}

func TestSmallReadsNeedNoPlace(t *testing.T) {
	t.Parallel()
	l := New()
	reading(t, l, website(1), Share)
	reading(t, l, website(2), Share)
	ctx, end := l.Begin(t.Context(), website(1))
	defer end()
	for range 2 {
		if err := Charge(ctx, Free/2); err != nil {
			t.Error(err)
		}
	}
	if err := Charge(t.Context(), 100*Free); err != nil {
		t.Errorf("without an account: %v", err)
	}
}

func TestOneWebsiteLeavesPlacesToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New()
		reading(t, l, website(1), Share)
		ctx, end := l.Begin(t.Context(), website(1))
		start := time.Now()
		if err := Charge(ctx, Free+1); !fault.Is(err, fault.Limited) || time.Since(start) != patience {
			t.Errorf("one more of the same website: %v after %s", err, time.Since(start))
		}
		end()
		reading(t, l, website(2), Share)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		ctx, _ = l.Begin(canceled, website(3))
		if err := Charge(ctx, Free+1); !fault.Is(err, fault.Canceled) {
			t.Errorf("more than Places: %v", err)
		}
	})
}

func TestAPlaceIsHeldOnceAndGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New()
		ends := reading(t, l, website(1), Share)
		waited := make(chan error)
		go func() {
			ctx, end := l.Begin(t.Context(), website(1))
			defer end()
			err := Charge(ctx, Free+1)
			if err == nil {
				err = Charge(ctx, Free) // it has its place
			}
			waited <- err
		}()
		synctest.Wait()
		ends[0]()
		ends[0]()
		if err := <-waited; err != nil {
			t.Error(err)
		}
		ends[1]()
		time.Sleep(time.Second) // the pauses end
		synctest.Wait()
		if l.total != 0 || len(l.held) != 0 {
			t.Errorf("%d places are held by %v", l.total, l.held)
		}
	})
}

// TestLargeReadsOfAWebsiteArePaced: a website's place comes back after its bytes at Pace, another website gets it at
// once, and a service that asks in no website's name doesn't pause.
func TestLargeReadsOfAWebsiteArePaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New()
		read := func(of tenant.ID, bytes int64) (waited time.Duration) {
			start := time.Now()
			ctx, end := l.Begin(t.Context(), of)
			if err := Charge(ctx, bytes); err != nil {
				t.Fatal(err)
			}
			waited = time.Since(start)
			end()
			return waited
		}
		for i, want := range []time.Duration{0, 0, time.Second, 0, time.Second} {
			if waited := read(website(1), Pace); waited != want {
				t.Errorf("read %d of a website waited %v, want %v", i+1, waited, want)
			}
		}
		if waited := read(website(2), Pace); waited != 0 {
			t.Errorf("another website waited %v", waited)
		}
		for range 3 * Share {
			if waited := read(tenant.ID{}, Pace); waited != 0 {
				t.Errorf("a service waited %v", waited)
			}
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if l.total != 0 || len(l.held) != 0 {
			t.Errorf("%d places are held by %v", l.total, l.held)
		}
	})
}
