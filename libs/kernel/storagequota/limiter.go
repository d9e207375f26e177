package storagequota

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"fivechat.dev/libs/kernel/tenant"
)

// The bounds of a Limiter.
const (
	minAge   = 2 * time.Second  // how long the usage of a website near its limit is used before it is asked for again
	maxAge   = 30 * time.Second // the same for a website far from its limit
	fastest  = 32 << 20         // bytes per second that a website may write, for choosing between the two
	staleFor = 10 * time.Minute // how long a usage counts that could not be asked for again
	websites = 16_384           // whose usage is kept
	asking   = 8                // websites that are asked about at the same time
	askFor   = 5 * time.Second
)

// Ask reads the usage of a website from accounts.
type Ask func(ctx context.Context, t tenant.ID) (Usage, error)

// Limiter refuses writes of websites that have reached their limit.
type Limiter struct {
	ask   Ask
	log   *slog.Logger
	now   func() time.Time
	slots chan struct{}

	mu    sync.Mutex
	known *simplelru.LRU[tenant.ID, reading]
}

// reading is the last usage known of a website.
type reading struct {
	usage   Usage
	at      time.Time // zero: not known yet
	askedAt time.Time
}

// NewLimiter makes a Limiter over the usage that ask reads.
func NewLimiter(ask Ask, log *slog.Logger, now func() time.Time) (*Limiter, error) {
	known, err := simplelru.NewLRU[tenant.ID, reading](websites, nil)
	if err != nil {
		return nil, err
	}
	return &Limiter{ask: ask, log: log, now: now, slots: make(chan struct{}, asking), known: known}, nil
}

// Check returns the error that refuses a write of a website, as far as its usage is known, and has it read again when
// it is old. A website whose usage is unknown is admitted.
func (l *Limiter) Check(_ context.Context, t tenant.ID) error {
	now := l.now()
	l.mu.Lock()
	r, _ := l.known.Get(t)
	due := now.Sub(r.askedAt) >= age(r.usage)
	if due {
		r.askedAt = now
		l.known.Add(t, r)
	}
	l.mu.Unlock()
	if due {
		l.refresh(t) //nolint:contextcheck // neither the deadline nor the trace of the request is meant
	}
	if r.at.IsZero() || now.Sub(r.at) > staleFor {
		return nil
	}
	return r.usage.Err()
}

// age is how long a usage may be used: the less is left, the shorter.
func age(u Usage) time.Duration {
	left := time.Duration(max(u.Limit-u.Used, 0)/fastest) * time.Second
	return min(max(left, minAge), maxAge)
}

// Forget has the usage of a website read again at its next write, of every website for the zero tenant.
func (l *Limiter) Forget(t tenant.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := []tenant.ID{t}
	if t.IsZero() {
		of = l.known.Keys()
	}
	for _, t := range of {
		if r, known := l.known.Peek(t); known {
			r.askedAt = time.Time{}
			l.known.Add(t, r)
		}
	}
}

// refresh reads a website's usage in the background. When too many are being read, the next write tries again.
func (l *Limiter) refresh(t tenant.ID) {
	select {
	case l.slots <- struct{}{}:
	default:
		l.Forget(t)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	go func() {
		defer func() { <-l.slots }()
		defer cancel()
		usage, err := l.ask(ctx, t)
		if err != nil {
			l.log.WarnContext(
				ctx,
				"storage: reading a website's usage failed; the last one known counts",
				"website",
				t.Int64(),
				"error",
				err,
			)
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		r, _ := l.known.Get(t)
		r.usage, r.at = usage, l.now()
		l.known.Add(t, r)
	}()
}
