package statistics

import (
	"context"

	"fivechat.dev/libs/tenant"
)

// Store keeps the counters.
type Store interface {
	// Counters gives a website's counters; of one that nothing was heard of, zeros.
	Counters(ctx context.Context, t tenant.ID) (Counters, error)
}

// Presence knows who is there.
type Presence interface {
	// Online gives how many of a website's visitors are online.
	Online(ctx context.Context, t tenant.ID) (int64, error)
}
