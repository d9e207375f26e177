// Package ratelimit enforces rate limits over all replicas together. Begin with New and Limiter.Take.
//
// The counts are in Redis, by the generic cell rate algorithm. A replica doesn't call Redis for every request: it
// takes a lease, which is a part of what a key has left, and spends the lease by itself. Every allowed request was
// paid for in Redis, so a quota is never exceeded. Other replicas can't use an unspent lease, so up to one lease of a
// quota may lie idle in each replica. A lease is at most a fiftieth of the quota, and smaller if less is left.
//
// The cost of some requests is known only afterwards, for example if the response has megabytes. Such a request is
// charged for the rest after its response. If the replica's lease doesn't cover the charge, the key has a debt, which
// it pays before its next request is allowed.
//
// If Redis doesn't respond, each replica enforces its share of every quota by itself: the quota divided by the last
// known number of replicas. So an outage of Redis makes no caller unlimited, and refuses none.
package ratelimit

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"fivechat.dev/libs/store/rediskit"
)

// Quota allows Requests at once. They are refilled evenly over Window.
type Quota struct {
	Requests int
	Window   time.Duration
}

// String returns the quota as it stands in Redis keys, so that a changed quota starts with a new count.
func (q Quota) String() string { return strconv.Itoa(q.Requests) + "/" + q.Window.String() }

// refillTime returns the time in which n requests are refilled.
func (q Quota) refillTime(n int) time.Duration {
	return q.Window * time.Duration(n) / time.Duration(q.Requests)
}

// Decision says whether a request is allowed, and what its key has left.
type Decision struct {
	Allowed    bool
	Quota      Quota
	Remaining  int           // requests that are allowed at once
	RetryAfter time.Duration // if refused: the time until a request is allowed
}

// Reset returns the time until the whole quota is available again.
func (d Decision) Reset() time.Duration {
	return d.Quota.refillTime(d.Quota.Requests - d.Remaining)
}

// Store holds the quotas of all replicas. rediskit.Client implements it.
type Store interface {
	Spend(ctx context.Context, key string, requests int, window time.Duration, wanted int) (rediskit.Spent, error)
	Heartbeat(ctx context.Context, group, member string, ttl time.Duration) (int, error)
}

const (
	prefix       = "rate:" // of the keys in Redis
	group        = "rate-replicas"
	maxKeys      = 65_536 // in memory; an evicted key loses the rest of its lease
	leasePart    = 50     // a lease is at most this part of a quota
	maxLease     = 1_000
	spendTimeout = 250 * time.Millisecond // of a call of the store
	// retryLocal bounds how long a key stays refused without the store: the store may respond again.
	retryLocal   = time.Second
	heartbeatTTL = 10 * time.Second // a replica without a heartbeat for this time has ended
)

// Limiter decides for one replica. It is safe for concurrent use.
type Limiter struct {
	store     Store // nil: every decision is local
	accounts  *lru.Cache[string, *account]
	replicas  atomic.Int64
	absence   rediskit.Absence
	decisions [outcomes]prometheus.Counter
}

// The outcomes of a decision.
const (
	leased  = iota // allowed, from a lease
	granted        // allowed, by Redis
	limited
	local // allowed, without Redis
	localLimited
	outcomes
)

// labels are the metric labels of the outcomes: the decision, and what made it.
var labels = [outcomes][2]string{
	{"allowed", "lease"},
	{"allowed", "redis"},
	{"limited", "redis"},
	{"allowed", "local"},
	{"limited", "local"},
}

// New returns a Limiter over a store; nil means that there is none. replicas is the number of replicas until the store
// reports it.
func New(store Store, replicas int, registry prometheus.Registerer) (*Limiter, error) {
	accounts, err := lru.New[string, *account](maxKeys)
	if err != nil {
		return nil, err
	}
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivechat_ratelimit_decisions_total",
		Help: "Decisions, allowed or limited: by a lease, by Redis, or locally while Redis didn't respond.",
	}, []string{"outcome", "by"})
	if err := registry.Register(decisions); err != nil {
		return nil, err
	}
	l := &Limiter{store: store, accounts: accounts}
	if err := registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "fivechat_ratelimit_replicas",
		Help: "The number by which quotas are divided while Redis doesn't respond.",
	}, func() float64 { return float64(l.replicas.Load()) })); err != nil {
		return nil, err
	}
	for i, values := range labels {
		l.decisions[i] = decisions.WithLabelValues(values[:]...)
	}
	l.replicas.Store(int64(max(replicas, 1)))
	return l, nil
}

// Heartbeat registers this replica under its name in the store, and reads the number of replicas, until ctx ends.
func (l *Limiter) Heartbeat(ctx context.Context, name string) error {
	if l.store == nil {
		return nil
	}
	ticker := time.NewTicker(heartbeatTTL / 3)
	defer ticker.Stop()
	for {
		if n, err := l.store.Heartbeat(ctx, group, name, heartbeatTTL); err == nil {
			l.replicas.Store(int64(max(n, 1)))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// account is the state of one key in this replica.
type account struct {
	mu            sync.Mutex
	quota         Quota
	lease         int // paid for in the store, and not spent
	left          int // left in the store after the last call
	debt          int // charged, and not yet paid for in the store
	refusedUntil  time.Time
	refusedBy     int // limited or localLimited
	share         *rate.Limiter
	shareReplicas int64 // the number of replicas when share was made
}

// setQuota resets the account if its quota has changed. The caller holds mu.
func (a *account) setQuota(q Quota) {
	if a.quota != q {
		a.quota, a.lease, a.left, a.debt, a.refusedUntil, a.share = q, 0, q.Requests, 0, time.Time{}, nil
	}
}

// Take spends one request of key. It never fails: without the store it decides locally.
func (l *Limiter) Take(ctx context.Context, key string, q Quota) Decision {
	a := l.account(key)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.setQuota(q)
	if a.lease > 0 {
		a.lease--
		return l.allow(leased, q, a.lease+a.left)
	}
	now := time.Now()
	if wait := a.refusedUntil.Sub(now); wait > 0 {
		return l.refuse(a.refusedBy, q, wait)
	}
	if l.store == nil || l.absence.Lasts() {
		return l.decideLocally(a, now)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), spendTimeout) // other requests use the result
	defer cancel()
	spent, err := l.store.Spend(ctx, prefix+key+":"+q.String(), q.Requests, q.Window, l.leaseSize(a))
	switch {
	case err != nil:
		l.absence.Begin()
		return l.decideLocally(a, now)
	case spent.Taken <= a.debt:
		wait := spent.RetryAfter
		if a.debt > 0 {
			a.debt -= spent.Taken
			wait = q.refillTime(a.debt + 1)
		}
		a.left, a.refusedUntil, a.refusedBy = 0, now.Add(wait), limited
		return l.refuse(limited, q, wait)
	default:
		a.lease, a.left, a.debt = spent.Taken-a.debt-1, spent.Left, 0
		return l.allow(granted, q, a.lease+a.left)
	}
}

// Charge spends n more requests of a key, after one that Take allowed, if the cost of that one is known only after its
// response. If the replica's lease doesn't cover them, the rest is a debt of at most the whole quota. The key pays it
// before its next request is allowed.
func (l *Limiter) Charge(key string, q Quota, n int) {
	a := l.account(key)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.setQuota(q)
	paid := min(a.lease, n)
	a.lease -= paid
	a.debt = min(a.debt+n-paid, q.Requests)
}

// Blocked returns how long a key is known to have nothing left. It spends nothing.
func (l *Limiter) Blocked(key string) time.Duration {
	a, known := l.accounts.Get(key)
	if !known {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return max(time.Until(a.refusedUntil), 0)
}

// account returns the account of a key. It creates the account if necessary.
func (l *Limiter) account(key string) *account {
	if a, known := l.accounts.Get(key); known {
		return a
	}
	a := &account{}
	if existing, known, _ := l.accounts.PeekOrAdd(key, a); known {
		return existing
	}
	return a
}

// leaseSize returns the lease to ask for. The less a key has left, the smaller is the part that one replica may hold.
func (l *Limiter) leaseSize(a *account) int {
	most := min(a.quota.Requests/leasePart, maxLease)
	return a.debt + max(min(most, a.left/(2*int(l.replicas.Load()))), 1)
}

// decideLocally decides by this replica's share of the quota.
func (l *Limiter) decideLocally(a *account, now time.Time) Decision {
	n := l.replicas.Load()
	requests := max(a.quota.Requests/int(n), 1)
	if a.share == nil || a.shareReplicas != n {
		refill := a.quota.Window * time.Duration(n) / time.Duration(a.quota.Requests)
		a.share, a.shareReplicas = rate.NewLimiter(rate.Every(refill), requests), n
	}
	if paid := min(a.debt, int(a.share.TokensAt(now))); paid > 0 {
		a.share.ReserveN(now, paid)
		a.debt -= paid
	}
	if a.debt > 0 {
		wait := a.quota.refillTime(a.debt+1) * time.Duration(n)
		a.refusedUntil, a.refusedBy = now.Add(min(wait, retryLocal)), localLimited
		return l.refuse(localLimited, a.quota, wait)
	}
	r := a.share.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		a.refusedUntil, a.refusedBy = now.Add(min(wait, retryLocal)), localLimited
		return l.refuse(localLimited, a.quota, wait)
	}
	return l.allow(local, a.quota, int(a.share.TokensAt(now)))
}

func (l *Limiter) allow(outcome int, q Quota, remaining int) Decision {
	l.decisions[outcome].Inc()
	return Decision{Allowed: true, Quota: q, Remaining: min(max(remaining, 0), q.Requests)}
}

func (l *Limiter) refuse(outcome int, q Quota, wait time.Duration) Decision {
	l.decisions[outcome].Inc()
	return Decision{Quota: q, RetryAfter: wait}
}
