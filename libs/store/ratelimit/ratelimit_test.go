package ratelimit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/libs/store/rediskit"
)

// redis returns a store whose clock stands still until the test sets it.
func redis(t *testing.T) (*miniredis.Miniredis, *rediskit.Client) {
	t.Helper()
	m := miniredis.RunT(t)
	m.SetTime(time.Unix(1_800_000_000, 0))
	c, err := rediskit.Connect(rediskit.Config{URL: "redis://" + m.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return m, c
}

func limiter(t *testing.T, store ratelimit.Store, replicas int) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(store, replicas, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// patient is a store without a timeout, so that a slow machine doesn't make the limiter decide locally.
type patient struct{ ratelimit.Store }

func (p patient) Spend(
	ctx context.Context, key string, requests int, window time.Duration, wanted int,
) (rediskit.Spent, error) {
	return p.Store.Spend(context.WithoutCancel(ctx), key, requests, window, wanted)
}

// TestReplicasShareAQuota: all replicas together allow the requests of a quota, except for one lease each, and never
// more.
func TestReplicasShareAQuota(t *testing.T) {
	t.Parallel()
	for _, requests := range []int{1, 7, 100, 1000} {
		m, c := redis(t)
		q := ratelimit.Quota{Requests: requests, Window: time.Minute}
		store := patient{c}
		replicas := []*ratelimit.Limiter{limiter(t, store, 3), limiter(t, store, 3), limiter(t, store, 3)}
		var allowed atomic.Int64
		var all sync.WaitGroup
		for _, l := range replicas {
			for range 4 {
				all.Go(func() {
					for range requests {
						if l.Take(t.Context(), "k", q).Allowed {
							allowed.Add(1)
						}
					}
				})
			}
		}
		all.Wait()
		lease := int64(max(requests/50, 1))
		if n := allowed.Load(); n > int64(requests) || n < int64(requests)-lease*int64(len(replicas)) {
			t.Errorf("quota %d: %d were allowed", requests, n)
		}
		// A tenth of the window refills a tenth of the quota, if the caller waits for RetryAfter.
		m.SetTime(time.Unix(1_800_000_006, 0))
		fresh, back := limiter(t, patient{c}, 1), 0
		for fresh.Take(t.Context(), "k", q).Allowed {
			back++
		}
		if want := requests / 10; back > want || back < want-1 {
			t.Errorf("quota %d: a tenth of the window refilled %d", requests, back)
		}
	}
}

// TestChargesArePaidBeforeTheNextRequest: a charge is deducted from the quota, with Redis and without it. A charge
// beyond the quota is a debt of at most the whole quota, and the time to wait is the time that pays it.
func TestChargesArePaidBeforeTheNextRequest(t *testing.T) {
	t.Parallel()
	q := ratelimit.Quota{Requests: 60, Window: time.Minute}
	for _, c := range []struct {
		name   string
		before int // requests before the charge
		charge int
		passes int           // of the next requests
		wait   time.Duration // of the one after them
	}{
		{"nothing", 1, 0, 59, time.Second},
		{"half", 1, 30, 29, time.Second},
		{"all but one", 1, 58, 1, time.Second},
		{"all", 1, 59, 0, time.Second},
		{"more than is left", 30, 39, 0, 10 * time.Second},
		{"a thousand times", 30, 60_000, 0, 31 * time.Second},
	} {
		_, client := redis(t)
		for by, l := range map[string]*ratelimit.Limiter{
			"redis": limiter(t, patient{client}, 1), "local": limiter(t, nil, 1),
		} {
			for range c.before {
				if !l.Take(t.Context(), "k", q).Allowed {
					t.Fatalf("%s, %s: a request before the charge was refused", c.name, by)
				}
			}
			l.Charge("k", q, c.charge)
			passed, d := 0, l.Take(t.Context(), "k", q)
			for ; d.Allowed; d = l.Take(t.Context(), "k", q) {
				passed++
			}
			if passed != c.passes {
				t.Errorf("%s, %s: %d requests passed, want %d", c.name, by, passed, c.passes)
			}
			if by == "redis" && (d.RetryAfter < c.wait-time.Second/100 || d.RetryAfter > c.wait+time.Second/100) {
				t.Errorf("%s: wait %v, want %v", c.name, d.RetryAfter, c.wait)
			}
		}
	}
}

// TestDebtIsPaidByTime: refilled requests pay the debt first.
func TestDebtIsPaidByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := ratelimit.Quota{Requests: 60, Window: time.Minute}
		l := limiter(t, nil, 1)
		for range 40 {
			l.Take(t.Context(), "k", q)
		}
		l.Charge("k", q, 40) // 20 are left, so 20 are a debt
		for second := range 20 {
			if d := l.Take(t.Context(), "k", q); d.Allowed {
				t.Fatalf("a request passed after %d s", second)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(time.Second)
		if !l.Take(t.Context(), "k", q).Allowed {
			t.Error("no request passes after the debt is paid")
		}
	})
}

// counted is a store that counts its calls.
type counted struct {
	ratelimit.Store
	asked atomic.Int64
}

func (c *counted) Spend(
	ctx context.Context,
	key string,
	requests int,
	window time.Duration,
	wanted int,
) (rediskit.Spent, error) {
	c.asked.Add(1)
	return c.Store.Spend(ctx, key, requests, window, wanted)
}

func TestStoreIsRarelyCalled(t *testing.T) {
	t.Parallel()
	_, c := redis(t)
	store := &counted{Store: c}
	l := limiter(t, store, 1)
	q := ratelimit.Quota{Requests: 1000, Window: time.Minute}
	for i := range 500 {
		d := l.Take(t.Context(), "k", q)
		if !d.Allowed || d.Remaining != 999-i {
			t.Fatalf("request %d: %+v", i, d)
		}
	}
	if n := store.asked.Load(); n != 25 {
		t.Errorf("500 requests of a quota of 1000 called the store %d times", n)
	}
	for range 600 {
		l.Take(t.Context(), "k", q)
	}
	before := store.asked.Load()
	for range 1000 {
		if l.Take(t.Context(), "k", q).Allowed {
			t.Fatal("allowed beyond the quota")
		}
	}
	if store.asked.Load() != before {
		t.Error("the store is called again for a key that has nothing left")
	}
}

func TestRefusedKeysWaitForTheRefill(t *testing.T) {
	t.Parallel()
	_, c := redis(t)
	l := limiter(t, c, 1)
	q := ratelimit.Quota{Requests: 6, Window: time.Minute}
	for range 6 {
		l.Take(t.Context(), "k", q)
	}
	d := l.Take(t.Context(), "k", q)
	if d.Allowed || d.Remaining != 0 || d.RetryAfter <= 9*time.Second || d.RetryAfter > 10*time.Second ||
		d.Reset() != time.Minute {
		t.Errorf("the seventh of six: %+v, reset %v", d, d.Reset())
	}
	if l.Blocked("k") <= 0 || l.Blocked("other") != 0 {
		t.Errorf("blocked %v, and another %v", l.Blocked("k"), l.Blocked("other"))
	}
	if d := l.Take(t.Context(), "other", q); !d.Allowed || d.Remaining != 5 || d.Reset() != 10*time.Second {
		t.Errorf("another key: %+v, reset %v", d, d.Reset())
	}
	if d := l.Take(t.Context(), "k", ratelimit.Quota{Requests: 600, Window: time.Minute}); !d.Allowed ||
		d.Remaining != 599 {
		t.Errorf("after the quota was raised: %+v", d)
	}
}

// faulty is a store that can be made to fail.
type faulty struct {
	away  atomic.Bool
	asked atomic.Int64
}

func (f *faulty) Spend(_ context.Context, _ string, _ int, _ time.Duration, wanted int) (rediskit.Spent, error) {
	f.asked.Add(1)
	if f.away.Load() {
		return rediskit.Spent{}, errors.New("away")
	}
	return rediskit.Spent{Taken: wanted, Left: 1_000_000}, nil
}

func (f *faulty) Heartbeat(context.Context, string, string, time.Duration) (int, error) {
	if f.away.Load() {
		return 0, errors.New("away")
	}
	return 4, nil
}

// TestReplicasDecideLocallyWithoutTheStore: each of four replicas allows a fourth, no caller is unlimited or always
// refused, and the store is used again once it responds.
func TestReplicasDecideLocallyWithoutTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &faulty{}
		l := limiter(t, store, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = l.Heartbeat(ctx, "me") }()
		synctest.Wait()
		store.away.Store(true)
		time.Sleep(5 * time.Second) // the last known number of replicas counts
		q := ratelimit.Quota{Requests: 100, Window: time.Minute}
		n := 0
		for l.Take(ctx, "k", q).Allowed {
			n++
		}
		if n != 25 || store.asked.Load() != 1 {
			t.Errorf("%d were allowed, and the store was called %d times", n, store.asked.Load())
		}
		d := l.Take(ctx, "k", q)
		if d.RetryAfter <= 0 || d.RetryAfter > 3*time.Second {
			t.Errorf("refused until %v", d.RetryAfter)
		}
		for i := range 25 { // a minute refills a fourth of the quota
			time.Sleep(2400 * time.Millisecond)
			if !l.Take(ctx, "k", q).Allowed {
				t.Errorf("refused after %d × 2.4 s", i+1)
			}
		}
		if l.Take(ctx, "small", ratelimit.Quota{Requests: 1, Window: time.Minute}).Allowed != true {
			t.Error("a quota smaller than the number of replicas refuses everything")
		}
		store.away.Store(false)
		time.Sleep(2 * time.Second)
		if d := l.Take(ctx, "k", q); !d.Allowed || d.Remaining != 100 {
			t.Errorf("after the store responds again: %+v", d)
		}
	})
}

func TestLimiterWithoutAStoreDecidesLocally(t *testing.T) {
	t.Parallel()
	l := limiter(t, nil, 2)
	q := ratelimit.Quota{Requests: 10, Window: time.Hour}
	for i := range 5 {
		if d := l.Take(t.Context(), "k", q); !d.Allowed {
			t.Errorf("request %d of a half of ten: %+v", i, d)
		}
	}
	if d := l.Take(t.Context(), "k", q); d.Allowed {
		t.Error("a request beyond the replica's share is allowed")
	}
	if err := l.Heartbeat(t.Context(), "me"); err != nil {
		t.Error(err)
	}
}

func TestHeartbeatCountsReplicas(t *testing.T) {
	t.Parallel()
	_, c := redis(t)
	for i, who := range []string{"a", "b", "a"} {
		n, err := c.Heartbeat(t.Context(), "g", who, time.Minute)
		if err != nil || n != min(i+1, 2) {
			t.Errorf("%s: %d, %v", who, n, err)
		}
	}
}
