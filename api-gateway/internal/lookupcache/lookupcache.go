// Package lookupcache caches for seconds what a service says about a key, so that requests needn't ask the service each
// time.
//
// Begin with Cache.Get and Bounds. A Cache is bounded, merges concurrent lookups of one key (singleflight), and drops
// keys when a service announces a change. Invariant: a response that was requested before a key was dropped is never
// stored after it.
//
// Use responsecache for whole responses that are served to clients.
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

// lookupTimeout bounds one lookup at the service. It is independent of the deadline of the request that started the
// lookup, since other requests wait for the same result.
const lookupTimeout = 5 * time.Second

// Fetch returns the value of a key, and the time until which it is valid at most (zero: only the bounds apply). Its
// error is NotFound if the key has no value.
type Fetch[V any] func(ctx context.Context, key string) (V, time.Time, error)

// Bounds are the sizes and lifetimes of a cache. Keys without a value have a smaller cache of their own, so that
// guessing can't evict known keys.
type Bounds struct {
	Known, Unknown       int
	KnownFor, UnknownFor time.Duration
	StaleFor             time.Duration // how much longer a value is served while the service is unavailable
}

// Cache caches the results of one Fetch. It is safe for concurrent use.
type Cache[V any] struct {
	fetch           Fetch[V]
	bounds          Bounds
	flights         singleflight.Group
	hits, negatives prometheus.Counter
	misses, stales  prometheus.Counter

	mu         sync.Mutex
	generation uint64 // counts drops: results of fetches that started before a drop aren't stored
	known      *simplelru.LRU[string, answer[V]]
	unknown    *simplelru.LRU[string, answer[V]]
}

type answer[V any] struct {
	value V
	err   error
	until time.Time
}

// NewLookups makes the metric that all caches of a process share.
func NewLookups(registry prometheus.Registerer) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivechat_edge_cache_lookups_total",
		Help: "Lookups in the gateway's caches, by cache and result: hit, negative (a cached \"not found\"), miss " +
			"(the service was asked), and stale beside a miss (an expired value was served, " +
			"the service was unavailable).",
	}, []string{"cache", "result"})
	registry.MustRegister(v)
	return v
}

// New makes an empty Cache. name is its label in the metric.
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
		fetch:     fetch,
		bounds:    b,
		known:     known,
		unknown:   unknown,
		hits:      lookups.WithLabelValues(name, "hit"),
		negatives: lookups.WithLabelValues(name, "negative"),
		misses:    lookups.WithLabelValues(name, "miss"), stales: lookups.WithLabelValues(name, "stale"),
	}, nil
}

// Have returns the cached value of a key, or the cached NotFound, and reports whether there is one. It doesn't ask the
// service.
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

// Get returns the value of a key. Its error is NotFound if there is none, and Unavailable if the service doesn't
// respond. Only NotFound is cached.
func (m *Cache[V]) Get(ctx context.Context, key string) (V, error) {
	if v, err, ok := m.Have(key); ok {
		return v, err
	}
	m.misses.Inc()
	// A flight that started before a drop may carry the dropped value, so later lookups don't join it.
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
	if a, ok := m.remembered(key); ok { // an earlier flight has just ended
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
	case !fault.Is(err, fault.Unavailable): // the lookup was wrong, not the client's request
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

// stale returns an expired value that may still be served.
func (m *Cache[V]) stale(key string) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.known.Get(key)
	return a.value, ok && time.Now().Before(a.until.Add(m.bounds.StaleFor))
}

// Knows reports whether a key had a value at its last lookup, however long ago.
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

// Drop removes a key at once. Lookups in progress still return their result to their callers, but it isn't stored.
// Later callers look up again.
func (m *Cache[V]) Drop(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.known.Remove(key)
	m.unknown.Remove(key)
}

// DropWhere removes every key whose value matches, and all keys without a value.
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

// Expire forces a new lookup of a key. The expired value is still served while the service is unavailable.
func (m *Cache[V]) Expire(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.unknown.Remove(key)
	m.expire(key, time.Now())
}

// ExpireAll expires every key.
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
