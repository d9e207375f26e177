package statistics

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
)

// Service implements the use cases.
type Service struct {
	store    Store
	presence Presence
	sources  []Source
}

// New makes a Service. sources are all sources of the counters.
func New(store Store, p Presence, sources ...Source) *Service { return &Service{store, p, sources} }

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
