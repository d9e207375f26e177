// Package memo remembers for seconds whom a credential stands for, so that the service that knows is not asked on
// every request. It is bounded, asks once for a key that many want at the same time, and can be told to forget.
package memo

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/identity"
)

// lookupTimeout bounds one question to the service that knows. It is not the asking request's own deadline: others
// wait for the same answer.
const lookupTimeout = 5 * time.Second

// Fetch asks whom a key stands for; NotFound where nobody.
type Fetch func(ctx context.Context, key string) (identity.Principal, error)

// Bounds say how much is remembered and for how long. Keys that stand for nobody have a smaller room of their own, so
// that guessing cannot push the known ones out.
type Bounds struct {
	Known, Unknown       int
	KnownFor, UnknownFor time.Duration
}

// Memo remembers the answers of one Fetch.
type Memo struct {
	fetch   Fetch
	bounds  Bounds
	flights singleflight.Group
	lookups *prometheus.CounterVec

	mu         sync.Mutex
	generation uint64 // counts Drops: an answer asked for before one is not kept after it
	known      *simplelru.LRU[string, answer]
	unknown    *simplelru.LRU[string, answer]
}

type answer struct {
	principal identity.Principal
	err       error
	until     time.Time
}

// New makes an empty Memo. name labels its metric.
func New(name string, b Bounds, registry prometheus.Registerer, fetch Fetch) (*Memo, error) {
	known, err := simplelru.NewLRU[string, answer](b.Known, nil)
	if err != nil {
		return nil, err
	}
	unknown, err := simplelru.NewLRU[string, answer](b.Unknown, nil)
	if err != nil {
		return nil, err
	}
	lookups := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivechat_edge_credential_lookups_total", Help: "Credentials resolved, by whether the answer was remembered.",
		ConstLabels: prometheus.Labels{"credential": name},
	}, []string{"result"})
	if err := registry.Register(lookups); err != nil {
		return nil, err
	}
	return &Memo{fetch: fetch, bounds: b, lookups: lookups, known: known, unknown: unknown}, nil
}

// Get gives the Principal of a key. Its error is NotFound for a key that stands for nobody, Unavailable where the
// service that knows gives no answer; only the former is remembered.
func (m *Memo) Get(ctx context.Context, key string) (identity.Principal, error) {
	if a, ok := m.remembered(key); ok {
		m.lookups.WithLabelValues("hit").Inc()
		return a.principal, a.err
	}
	m.lookups.WithLabelValues("miss").Inc()
	// A flight that took off before a Drop may carry what the Drop was about, so nobody joins it after.
	generation := m.now()
	flight := m.flights.DoChan(strconv.FormatUint(generation, 36)+" "+key, func() (any, error) {
		return m.ask(ctx, generation, key)
	})
	select {
	case <-ctx.Done():
		return identity.Principal{}, ctx.Err()
	case r := <-flight:
		return r.Val.(identity.Principal), r.Err
	}
}

func (m *Memo) ask(ctx context.Context, generation uint64, key string) (identity.Principal, error) {
	if a, ok := m.remembered(key); ok { // a flight before this one has just landed
		return a.principal, a.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
	defer cancel()
	p, err := m.fetch(ctx, key)
	switch {
	case err == nil, fault.Is(err, fault.NotFound):
		m.keep(generation, key, p, err)
	case fault.Is(err, fault.Timeout):
		err = fault.Away("the service that knows this credential", err)
	case !fault.Is(err, fault.Unavailable): // it is our question that was wrong, not the client's request
		err = fault.Wrap(fault.Internal, "something went wrong on our side", err)
	}
	return p, err
}

func (m *Memo) remembered(key string) (answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.known.Get(key)
	if !ok {
		a, ok = m.unknown.Get(key)
	}
	return a, ok && time.Now().Before(a.until)
}

func (m *Memo) now() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generation
}

func (m *Memo) keep(generation uint64, key string, p identity.Principal, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if generation != m.generation {
		return
	}
	if err != nil {
		m.known.Remove(key)
		m.unknown.Add(key, answer{p, err, time.Now().Add(m.bounds.UnknownFor)})
		return
	}
	m.unknown.Remove(key)
	m.known.Add(key, answer{p, nil, time.Now().Add(m.bounds.KnownFor)})
}

// Drop forgets a key at once. An answer that is under way is still given to those who wait for it, but not kept, and
// whoever comes after asks anew.
func (m *Memo) Drop(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.known.Remove(key)
	m.unknown.Remove(key)
}

// Clear forgets everything.
func (m *Memo) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	m.known.Purge()
	m.unknown.Purge()
}
