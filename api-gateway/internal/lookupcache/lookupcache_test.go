package lookupcache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/lookupcache"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

var bounds = lookupcache.Bounds{Known: 4, KnownFor: 5 * time.Second, Unknown: 2, UnknownFor: 2 * time.Second}

// source counts its lookups. A result takes a second of the bubble's time.
type source struct {
	asked atomic.Int64
	fail  func(key string) error
	took  time.Duration
	until time.Time
}

func (s *source) fetch(ctx context.Context, key string) (identity.Principal, time.Time, error) {
	n := s.asked.Add(1)
	select {
	case <-time.After(s.took):
	case <-ctx.Done():
		return identity.Principal{}, time.Time{}, ctx.Err()
	}
	if s.fail != nil {
		if err := s.fail(key); err != nil {
			return identity.Principal{}, time.Time{}, err
		}
	}
	return identity.Principal{Kind: identity.Token, TokenID: id.Token(n)}, s.until, nil
}

func newCache(t *testing.T, s *source) *lookupcache.Cache[identity.Principal] {
	t.Helper()
	m, err := lookupcache.New("test", bounds, lookupcache.NewLookups(prometheus.NewRegistry()), s.fetch)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// get looks up key and checks which of the source's results is returned.
func get(t *testing.T, m *lookupcache.Cache[identity.Principal], key string, want id.Token) {
	t.Helper()
	p, err := m.Get(t.Context(), key)
	if err != nil || p.TokenID != want {
		t.Errorf("got answer %d, %v; want answer %d", p.TokenID, err, want)
	}
}

func TestValuesExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newCache(t, &source{})
		get(t, m, "a", 1)
		time.Sleep(bounds.KnownFor - time.Millisecond)
		get(t, m, "a", 1) // a lookup doesn't extend the lifetime
		time.Sleep(time.Millisecond)
		get(t, m, "a", 2)
	})
}

func TestNotFoundExpiresSooner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{fail: func(string) error { return fault.Missing("token") }}
		m := newCache(t, s)
		for range 3 {
			if _, err := m.Get(t.Context(), "a"); !fault.Is(err, fault.NotFound) {
				t.Errorf("got %v", err)
			}
		}
		if s.asked.Load() != 1 {
			t.Errorf("asked %d times", s.asked.Load())
		}
		time.Sleep(bounds.UnknownFor)
		s.fail = nil
		get(t, m, "a", 2)
	})
}

func TestUnknownKeysDontEvictKnownOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{fail: func(key string) error {
			if key == "a" {
				return nil
			}
			return fault.Missing("token")
		}}
		m := newCache(t, s)
		get(t, m, "a", 1)
		for i := range 100 {
			if _, err := m.Get(t.Context(), fmt.Sprint(i)); !fault.Is(err, fault.NotFound) {
				t.Errorf("got %v", err)
			}
		}
		get(t, m, "a", 1)
		before := s.asked.Load()
		_, first := m.Get(t.Context(), "0")
		_, last := m.Get(t.Context(), "99")
		if first == nil || last == nil || s.asked.Load() != before+1 {
			t.Errorf("%d of the guesses were asked again, want only the oldest", s.asked.Load()-before)
		}
	})
}

func TestConcurrentLookupsAreMerged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{took: time.Second}
		m := newCache(t, s)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { get(t, m, "a", 1) })
		}
		all.Wait()
		if s.asked.Load() != 1 {
			t.Errorf("asked %d times", s.asked.Load())
		}
	})
}

func TestCanceledCallerDoesntFailOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newCache(t, &source{took: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := m.Get(ctx, "a"); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() { get(t, m, "a", 1) })
		synctest.Wait()
		cancel()
		all.Wait()
	})
}

func TestFailuresAreNotCached(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"away", fault.Away("accounts", errors.New("refused")), fault.Unavailable},
		{"timed out there", fault.New(fault.Timeout, "too slow"), fault.Unavailable},
		{"our mistake", fault.Bad("hash", "is malformed"), fault.Internal},
		{"refused by a sibling", errors.New("401"), fault.Internal},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &source{fail: func(string) error { return c.err }}
			m := newCache(t, s)
			if _, err := m.Get(t.Context(), "a"); !fault.Is(err, c.want) {
				t.Errorf("%s: got %v", c.name, err)
			}
			s.fail = nil
			get(t, m, "a", 2)
		})
	}
}

func TestLookupHasItsOwnDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newCache(t, &source{took: time.Hour})
		if _, err := m.Get(t.Context(), "a"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
	})
}

func TestDropForcesAnotherLookup(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*lookupcache.Cache[identity.Principal]){
		"one": func(m *lookupcache.Cache[identity.Principal]) {
			m.Drop("a")
		}, "all": (*lookupcache.Cache[identity.Principal]).ExpireAll,
		"one's time": func(m *lookupcache.Cache[identity.Principal]) { m.Expire("a") },
		"those meant": func(m *lookupcache.Cache[identity.Principal]) {
			m.DropWhere(func(p identity.Principal) bool { return p.Kind == identity.Token })
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newCache(t, &source{})
			get(t, m, "a", 1)
			forget(m)
			get(t, m, "a", 2)
			get(t, m, "a", 2)
		})
		// A result that was read before a revocation and arrives after it is neither stored nor shared.
		synctest.Test(t, func(t *testing.T) {
			m := newCache(t, &source{took: time.Second})
			var all sync.WaitGroup
			all.Go(func() { get(t, m, "a", 1) })
			synctest.Wait()
			forget(m)
			all.Go(func() { get(t, m, "a", 2) })
			all.Wait()
			get(t, m, "a", 2)
			if t.Failed() {
				t.Log("forgetting", name)
			}
		})
	}
}

func TestDropKeepsOtherKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newCache(t, &source{})
		get(t, m, "a", 1)
		get(t, m, "b", 2)
		m.Expire("a")
		m.DropWhere(func(p identity.Principal) bool { return p.TokenID == 7 })
		get(t, m, "b", 2)
		get(t, m, "a", 3)
		if !m.Knows("a") || m.Knows("c") {
			t.Error("Knows is wrong about a key")
		}
	})
}

// TestServiceLimitsTheLifetime: a value isn't kept beyond its own lifetime, nor beyond the bounds.
func TestServiceLimitsTheLifetime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{until: time.Now().Add(2 * time.Second)}
		m := newCache(t, s)
		get(t, m, "a", 1)
		time.Sleep(1999 * time.Millisecond)
		get(t, m, "a", 1)
		s.until = time.Now().Add(time.Hour)
		time.Sleep(2 * time.Millisecond)
		get(t, m, "a", 2)
		time.Sleep(bounds.KnownFor)
		get(t, m, "a", 3)
	})
}

// TestStaleValuesServeWhileTheServiceIsDown: for as long as the bounds allow. They never replace a refusal.
func TestStaleValuesServeWhileTheServiceIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, lasting := &source{}, bounds
		lasting.StaleFor = time.Minute
		m, err := lookupcache.New("test", lasting, lookupcache.NewLookups(prometheus.NewRegistry()), s.fetch)
		if err != nil {
			t.Fatal(err)
		}
		get(t, m, "a", 1)
		s.fail = func(string) error { return fault.Away("it", errors.New("refused")) }
		time.Sleep(bounds.KnownFor + 59*time.Second)
		get(t, m, "a", 1)
		m.Expire("b")
		if _, err := m.Get(t.Context(), "b"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("an unknown key: %v", err)
		}
		time.Sleep(2 * time.Second)
		if _, err := m.Get(t.Context(), "a"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("after a minute: %v", err)
		}
		s.fail = func(string) error { return fault.Missing("it") }
		if _, err := m.Get(t.Context(), "a"); !fault.Is(err, fault.NotFound) {
			t.Errorf("one that is gone: %v", err)
		}
	})
}
