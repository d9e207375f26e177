package clients

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	replyWebsites = 16_384           // whose reply times a process remembers, with about 100 bytes each
	replyFor      = 5 * time.Minute  // how long a reply time is remembered
	unknownFor    = 30 * time.Second // how long a failure is, so that not every session waits for replyTimeout
	replyTimeout  = time.Second
)

// Statistics implements visitors.ReplyTimes.
type Statistics struct {
	client  *httpkit.Client
	now     func() time.Time
	known   *lru.Cache[tenant.ID, replyTime]
	flights singleflight.Group
}

// replyTime is what is remembered of a website.
type replyTime struct {
	seconds *int64
	until   time.Time
}

// NewStatistics calls the statistics service through client. now is the clock.
func NewStatistics(client *httpkit.Client, now func() time.Time) *Statistics {
	known, err := lru.New[tenant.ID, replyTime](replyWebsites)
	if err != nil { // the size isn't positive
		panic(err)
	}
	return &Statistics{client: client, now: now, known: known}
}

// Usual implements visitors.ReplyTimes. Sessions of a website at the same time share one request.
func (s *Statistics) Usual(ctx context.Context, t tenant.ID) *int64 {
	if r, ok := s.known.Get(t); ok && s.now().Before(r.until) {
		return r.seconds
	}
	shared, _, _ := s.flights.Do(t.String(), func() (any, error) {
		r := s.fetch(context.WithoutCancel(ctx), t)
		s.known.Add(t, r)
		return r, nil
	})
	return shared.(replyTime).seconds
}

func (s *Statistics) fetch(ctx context.Context, t tenant.ID) replyTime {
	ctx, cancel := context.WithTimeout(ctx, replyTimeout)
	defer cancel()
	type answer struct {
		ReplySeconds *int64 `json:"replySeconds"`
	}
	a, err := httpkit.Call[answer](ctx, s.client, t, "GET", "/internal/reply-time", nil)
	if err != nil {
		return replyTime{nil, s.now().Add(unknownFor)}
	}
	return replyTime{a.ReplySeconds, s.now().Add(replyFor)}
}
