// Package ratelimit says how many requests a key may make, over all replicas together.
//
// The truth is in Redis, where a key's requests are counted by the generic cell rate algorithm. A replica does not ask it
// for every request: it takes a lease of some of what a key may still spend, and spends that by itself. A request that is
// let through was paid for in Redis, so a quota is never exceeded; what a replica holds unspent another cannot have, so
// that up to one lease of a quota may lie idle in each. A lease is a fiftieth of the quota, and less the less is left.
//
// A request whose cost is known only afterwards, such as one that is answered with megabytes, is charged for the rest once
// it is answered. What the replica's lease doesn't cover is a debt, which the key pays before its next request passes.
//
// Where Redis does not answer, each replica gives out its share of every quota by itself: the quota divided by the number
// of replicas that were last seen. Nobody is unlimited, and nobody is refused for it.
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

// Quota is Requests at once, which come back evenly within Window.
type Quota struct {
	Requests int
	Window   time.Duration
}

// String is how a quota is written in keys, so that another quota begins anew.
func (q Quota) String() string { return strconv.Itoa(q.Requests) + "/" + q.Window.String() }

// worth is the time in which n requests come back.
func (q Quota) worth(n int) time.Duration {
	return q.Window * time.Duration(n) / time.Duration(q.Requests)
}

// Decision says whether a request may pass, and how its key stands after it.
type Decision struct {
	Allowed    bool
	Quota      Quota
	Remaining  int           // requests that may follow at once
	RetryAfter time.Duration // where it may not pass: until one may
}

// Reset is how long it takes until all of the quota is there again.
func (d Decision) Reset() time.Duration {
	return d.Quota.worth(d.Quota.Requests - d.Remaining)
}

// Store keeps the quotas of all replicas.
type Store interface {
	Spend(ctx context.Context, key string, requests int, window time.Duration, wanted int) (rediskit.Spent, error)
	Heartbeat(ctx context.Context, group, who string, ttl time.Duration) (int, error)
}

const (
	prefix       = "fivechat:rate:" // of the keys in the store
	group        = "fivechat:rate-replicas"
	keys         = 65_536 // kept in memory; a key that is evicted loses the rest of its lease
	leasePart    = 50     // a lease is at most this part of a quota
	maxLease     = 1_000
	patience     = 250 * time.Millisecond // for a store that does not answer
	retryLocal   = time.Second            // at most until a key that was refused alone is looked at again: the store may be back
	heartbeatTTL = 10 * time.Second       // without a word from a replica, it is gone
)

// Limiter decides for one replica.
type Limiter struct {
	store     Store // nil: there is none
	accounts  *lru.Cache[string, *account]
	replicas  atomic.Int64
	away      rediskit.Absence
	decisions [outcomes]prometheus.Counter
}

// The ways in which decisions are made.
const (
	leased  = iota // it may pass, out of a lease
	granted        // it may pass, Redis was asked
	limited
	local // it may pass, Redis being away
	localLimited
	outcomes
)

// labels are those of the ways: what was decided, and by what.
var labels = [outcomes][2]string{{"allowed", "lease"}, {"allowed", "redis"}, {"limited", "redis"}, {"allowed", "local"}, {"limited", "local"}}

// New makes a Limiter over a store, nil for none. replicas is their number until the store reports it.
func New(store Store, replicas int, registry prometheus.Registerer) (*Limiter, error) {
	accounts, err := lru.New[string, *account](keys)
	if err != nil {
		return nil, err
	}
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivechat_ratelimit_decisions_total",
		Help: "Decisions, allowed or limited, by a lease, by what Redis said, or locally while it was away.",
	}, []string{"outcome", "by"})
	if err := registry.Register(decisions); err != nil {
		return nil, err
	}
	l := &Limiter{store: store, accounts: accounts}
	if err := registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "fivechat_ratelimit_replicas", Help: "By how many quotas are divided where Redis is away.",
	}, func() float64 { return float64(l.replicas.Load()) })); err != nil {
		return nil, err
	}
	for i, values := range labels {
		l.decisions[i] = decisions.WithLabelValues(values[:]...)
	}
	l.replicas.Store(int64(max(replicas, 1)))
	return l, nil
}

// Heartbeat registers this replica under its name in the store and reads how many replicas there are, until ctx ends.
func (l *Limiter) Heartbeat(ctx context.Context, name string) error {
	if l.store == nil {
		return nil
	}
	again := time.NewTicker(heartbeatTTL / 3)
	defer again.Stop()
	for {
		if n, err := l.store.Heartbeat(ctx, group, name, heartbeatTTL); err == nil {
			l.replicas.Store(int64(max(n, 1)))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
	}
}

// account is how one key stands with this replica.
type account struct {
	mu     sync.Mutex
	quota  Quota
	lease  int       // paid for and not spent
	left   int       // in the store, when it was last asked
	debt   int       // charged and not yet paid for in the store
	closed time.Time // until when there is nothing
	by     int       // the way in which that was found: limited or localLimited
	share  *rate.Limiter
	of     int64 // the replicas that share was made for
}

// use begins anew if the key has another quota than before. The caller holds mu.
func (a *account) use(q Quota) {
	if a.quota != q {
		a.quota, a.lease, a.left, a.debt, a.closed, a.share = q, 0, q.Requests, 0, time.Time{}, nil
	}
}

// Take spends one request of key. It does not fail: without the store, it decides locally.
func (l *Limiter) Take(ctx context.Context, key string, q Quota) Decision {
	a := l.account(key)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.use(q)
	if a.lease > 0 {
		a.lease--
		return l.pass(leased, q, a.lease+a.left)
	}
	now := time.Now()
	if wait := a.closed.Sub(now); wait > 0 {
		return l.refuse(a.by, q, wait)
	}
	if l.store == nil || l.away.Lasts() {
		return l.decideLocally(a, now)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience) // others wait for what is heard
	defer cancel()
	spent, err := l.store.Spend(ctx, prefix+key+":"+q.String(), q.Requests, q.Window, l.want(a))
	switch {
	case err != nil:
		l.away.Begin()
		return l.decideLocally(a, now)
	case spent.Taken <= a.debt:
		wait := spent.RetryAfter
		if a.debt > 0 {
			a.debt -= spent.Taken
			wait = q.worth(a.debt + 1)
		}
		a.left, a.closed, a.by = 0, now.Add(wait), limited
		return l.refuse(limited, q, wait)
	default:
		a.lease, a.left, a.debt = spent.Taken-a.debt-1, spent.Left, 0
		return l.pass(granted, q, a.lease+a.left)
	}
}

// Charge spends n more requests of a key after one that Take allowed, if what that one costs is known only once it is
// answered. What the replica's lease doesn't cover is a debt, of at most the whole quota, which is paid before the next
// request of the key passes.
func (l *Limiter) Charge(key string, q Quota, n int) {
	a := l.account(key)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.use(q)
	paid := min(a.lease, n)
	a.lease -= paid
	a.debt = min(a.debt+n-paid, q.Requests)
}

// Blocked says for how long a key is known to have nothing left, without spending.
func (l *Limiter) Blocked(key string) time.Duration {
	a, known := l.accounts.Get(key)
	if !known {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return max(time.Until(a.closed), 0)
}

// account finds or opens the account of a key.
func (l *Limiter) account(key string) *account {
	if a, known := l.accounts.Get(key); known {
		return a
	}
	a := &account{}
	if there, known, _ := l.accounts.PeekOrAdd(key, a); known {
		return there
	}
	return a
}

// want is how large a lease to ask for: the less is left, the less of it should lie with one replica.
func (l *Limiter) want(a *account) int {
	most := min(a.quota.Requests/leasePart, maxLease)
	return a.debt + max(min(most, a.left/(2*int(l.replicas.Load()))), 1)
}

// decideLocally decides by this replica's share of the quota.
func (l *Limiter) decideLocally(a *account, now time.Time) Decision {
	n := l.replicas.Load()
	requests := max(a.quota.Requests/int(n), 1)
	if a.share == nil || a.of != n {
		a.share, a.of = rate.NewLimiter(rate.Every(a.quota.Window*time.Duration(n)/time.Duration(a.quota.Requests)), requests), n
	}
	if paid := min(a.debt, int(a.share.TokensAt(now))); paid > 0 {
		a.share.ReserveN(now, paid)
		a.debt -= paid
	}
	if a.debt > 0 {
		wait := a.quota.worth(a.debt+1) * time.Duration(n)
		a.closed, a.by = now.Add(min(wait, retryLocal)), localLimited
		return l.refuse(localLimited, a.quota, wait)
	}
	r := a.share.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		a.closed, a.by = now.Add(min(wait, retryLocal)), localLimited
		return l.refuse(localLimited, a.quota, wait)
	}
	return l.pass(local, a.quota, int(a.share.TokensAt(now)))
}

func (l *Limiter) pass(outcome int, q Quota, remaining int) Decision {
	l.decisions[outcome].Inc()
	return Decision{Allowed: true, Quota: q, Remaining: min(max(remaining, 0), q.Requests)}
}

func (l *Limiter) refuse(outcome int, q Quota, wait time.Duration) Decision {
	l.decisions[outcome].Inc()
	return Decision{Quota: q, RetryAfter: wait}
}
