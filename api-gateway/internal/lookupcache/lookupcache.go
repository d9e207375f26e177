// Package lookupcache remembers for seconds what a service answered about a key, so that the service is not asked on every
// request. It is bounded, asks once for a key that many want at the same time, and can be told to forget.
package lookupcache

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"fivechat.dev/libs/kernel/fault"
)

// lookupTimeout bounds one question to the service that knows. It is not the asking request's own deadline: others
// wait for the same answer.
const lookupTimeout = 5 * time.Second

// Fetch asks for the value of a key, and until when it holds at most (zero: the bounds say); NotFound where there is none.
type Fetch[V any] func(ctx context.Context, key string) (V, time.Time, error)

// Bounds say how much is remembered and for how long. Keys without a value have a smaller room of their own, so that
// guessing cannot push the known ones out.
type Bounds struct {
	Known, Unknown       int
	KnownFor, UnknownFor time.Duration
	StaleFor             time.Duration // for how much longer a value serves where the service that knows is away
}

// Cache remembers the answers of one Fetch.
type Cache[V any] struct {
	fetch           Fetch[V]
	bounds          Bounds
	flights         singleflight.Group
	hits, negatives prometheus.Counter
	misses, stales  prometheus.Counter

	mu         sync.Mutex
	generation uint64 // counts what was dropped: an answer asked for before is not kept after it
	known      *simplelru.LRU[string, answer[V]]
	unknown    *simplelru.LRU[string, answer[V]]
}

type answer[V any] struct {
	value V
	err   error
	until time.Time
}

// NewLookups makes the metric that all caches of a component share.
func NewLookups(registry prometheus.Registerer) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivechat_edge_cache_lookups_total",
		Help: "Lookups in the edge's memory, by cache and result: hit, negative (it was known that there is none), miss (its service was asked), and stale beside a miss (an old one served, the service being away).",
	}, []string{"cache", "result"})
	registry.MustRegister(v)
	return v
}

// New makes an empty Cache. name labels its lookups.
func New[V any](name string, b Bounds, lookups *prometheus.CounterVec, fetch Fetch[V]) (*Cache[V], error) {
	known, err := simplelru.NewLRU[string, answer[V]](b.Known, nil)
	if err != nil {
		return nil, err
	}
	unknown, err := simplelru.NewLRU[string, answer[V]](b.Unknown, nil)
	if err != nil {
		return nil, err
	}
	return &Cache[V]{
		fetch: fetch, bounds: b, known: known, unknown: unknown, hits: lookups.WithLabelValues(name, "hit"), negatives: lookups.WithLabelValues(name, "negative"),
		misses: lookups.WithLabelValues(name, "miss"), stales: lookups.WithLabelValues(name, "stale"),
	}, nil
}

// Have gives the value of a key where it is remembered, or that there is none, and says whether it is.
func (m *Cache[V]) Have(key string) (V, error, bool) {
	a, ok := m.remembered(key)
	switch {
	case ok && a.err != nil:
		m.negatives.Inc()
	case ok:
		m.hits.Inc()
	}
	return a.value, a.err, ok
}

// Get gives the value of a key. Its error is NotFound for a key without one, Unavailable where the service that knows
// gives no answer; only the former is remembered.
func (m *Cache[V]) Get(ctx context.Context, key string) (V, error) {
	if v, err, ok := m.Have(key); ok {
		return v, err
	}
	m.misses.Inc()
	// A flight that took off before something was dropped may carry what that was about, so nobody joins it after.
	generation := m.now()
	flight := m.flights.DoChan(strconv.FormatUint(generation, 36)+" "+key, func() (any, error) {
		return m.ask(ctx, generation, key)
	})
	select {
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	case r := <-flight:
		return r.Val.(V), r.Err
	}
}

func (m *Cache[V]) ask(ctx context.Context, generation uint64, key string) (V, error) {
	if a, ok := m.remembered(key); ok { // a flight before this one has just landed
		return a.value, a.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
	defer cancel()
	v, until, err := m.fetch(ctx, key)
	switch {
	case err == nil, fault.Is(err, fault.NotFound):
		m.keep(generation, key, answer[V]{v, err, until})
		return v, err
	case fault.Is(err, fault.Timeout):
		err = fault.Away("the service that knows this", err)
	case !fault.Is(err, fault.Unavailable): // it is our question that was wrong, not the client's request
		err = fault.Wrap(fault.Internal, "something went wrong on our side", err)
	}
	if old, ok := m.stale(key); ok {
		m.stales.Inc()
		return old, nil
	}
	return v, err
}

func (m *Cache[V]) remembered(key string) (answer[V], bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.known.Get(key)
	if !ok {
		a, ok = m.unknown.Get(key)
	}
	return a, ok && time.Now().Before(a.until)
}

// stale gives a value whose time is over, where it may serve still.
func (m *Cache[V]) stale(key string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.known.Get(key)
	return a.value, ok && time.Now().Before(a.until.Add(m.bounds.StaleFor))
}

// Knows says whether a key had a value when it was last asked for, however long ago that was.
func (m *Cache[V]) Knows(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known.Contains(key)
}

func (m *Cache[V]) now() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generation
}

func (m *Cache[V]) keep(generation uint64, key string, a answer[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.generation {
		return
	}
	from, to, keptFor := m.unknown, m.known, m.bounds.KnownFor
	if a.err != nil {
		from, to, keptFor = m.known, m.unknown, m.bounds.UnknownFor
	}
	if most := time.Now().Add(keptFor); a.until.IsZero() || a.until.After(most) {
		a.until = most
	}
	from.Remove(key)
	to.Add(key, a)
}

// Drop forgets a key at once. An answer that is under way is still given to those who wait for it, but not kept, and
// whoever comes after asks anew.
func (m *Cache[V]) Drop(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.known.Remove(key)
	m.unknown.Remove(key)
}

// DropWhere forgets every key whose value is one of those meant, and all that have none.
func (m *Cache[V]) DropWhere(meant func(V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.unknown.Purge()
	for _, key := range m.known.Keys() {
		if a, ok := m.known.Peek(key); ok && meant(a.value) {
			m.known.Remove(key)
		}
	}
}

// Expire has a key asked for anew; what was known still serves where the service that knows is away.
func (m *Cache[V]) Expire(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.unknown.Remove(key)
	m.expire(key, time.Now())
}

// ExpireAll is Expire of every key.
func (m *Cache[V]) ExpireAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.unknown.Purge()
	now := time.Now()
	for _, key := range m.known.Keys() {
		m.expire(key, now)
	}
}

func (m *Cache[V]) expire(key string, now time.Time) {
	if a, ok := m.known.Peek(key); ok && a.until.After(now) {
		a.until = now
		m.known.Add(key, a)
	}
}
