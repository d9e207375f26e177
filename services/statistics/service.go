package statistics

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Service implements the use cases.
type Service struct {
	store    Store
	presence Presence
	sources  []Source
	now      func() time.Time
}

// New makes a Service. now is the clock; its times are truncated to the precision of the database. sources are all
// sources of the counters.
func New(store Store, p Presence, now func() time.Time, sources ...Source) *Service {
	return &Service{store, p, sources, timestamp.Clock(now)}
}

// Current has a website's counters and the number of its visitors that are online.
type Current struct {
	Counters
	OnlineVisitors int64
}

// Current returns a website's statistics.
func (s *Service) Current(ctx context.Context, t tenant.ID) (Current, error) {
	counters, err := s.store.Counters(ctx, t)
	if err != nil {
		return Current{}, err
	}
	online, err := s.presence.Online(ctx, t)
	return Current{counters, online}, err
}
