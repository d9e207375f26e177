package statistics

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
)

// Service is the use cases.
type Service struct {
	store    Store
	presence Presence
	sources  []Source
}

// New makes a Service. sources are those of the counters, all of them.
func New(store Store, p Presence, sources ...Source) *Service { return &Service{store, p, sources} }

// Current is a website's counters and how many of its visitors are online now.
type Current struct {
	Counters
	OnlineVisitors int64
}

// Current gives a website's statistics.
func (s *Service) Current(ctx context.Context, t tenant.ID) (Current, error) {
	counters, err := s.store.Counters(ctx, t)
	if err != nil {
		return Current{}, err
	}
	online, err := s.presence.Online(ctx, t)
	return Current{counters, online}, err
}
