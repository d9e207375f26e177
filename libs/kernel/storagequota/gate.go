package storagequota

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"fivechat.dev/libs/kernel/tenant"
)

// The bounds of a Gate.
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

// Gate refuses writes of websites that have reached their limit.
type Gate struct {
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

// NewGate makes a Gate over the usage that ask reads.
func NewGate(ask Ask, log *slog.Logger, now func() time.Time) (*Gate, error) {
	known, err := simplelru.NewLRU[tenant.ID, reading](websites, nil)
	if err != nil {
		return nil, err
	}
	return &Gate{ask: ask, log: log, now: now, slots: make(chan struct{}, asking), known: known}, nil
}

// Admit returns the error that refuses a write of a website, as far as its usage is known, and has it read again when
// it is old. A website whose usage is unknown is admitted.
func (g *Gate) Admit(_ context.Context, t tenant.ID) error {
	now := g.now()
	g.mu.Lock()
	r, _ := g.known.Get(t)
	due := now.Sub(r.askedAt) >= age(r.usage)
	if due {
		r.askedAt = now
		g.known.Add(t, r)
	}
	g.mu.Unlock()
	if due {
		g.refresh(t) //nolint:contextcheck // neither the deadline nor the trace of the request is meant
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
func (g *Gate) Forget(t tenant.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of := []tenant.ID{t}
	if t.IsZero() {
		of = g.known.Keys()
	}
	for _, t := range of {
		if r, known := g.known.Peek(t); known {
			r.askedAt = time.Time{}
			g.known.Add(t, r)
		}
	}
}

// refresh reads a website's usage in the background. When too many are being read, the next write tries again.
func (g *Gate) refresh(t tenant.ID) {
	select {
	case g.slots <- struct{}{}:
	default:
		g.Forget(t)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	go func() {
		defer func() { <-g.slots }()
		defer cancel()
		usage, err := g.ask(ctx, t)
		if err != nil {
			g.log.WarnContext(ctx, "storage: reading a website's usage failed; the last one known counts", "website", t.Int64(), "error", err)
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		r, _ := g.known.Get(t)
		r.usage, r.at = usage, g.now()
		g.known.Add(t, r)
	}()
}
