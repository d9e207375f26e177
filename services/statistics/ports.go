package statistics

import (
	"context"

	"fivechat.dev/libs/kernel/tenant"
)

// Store keeps counters and buckets. Errors are faults.
type Store interface {
	// Counters gives a website's counters; of one that nothing was heard of, zeros.
	Counters(ctx context.Context, t tenant.ID) (Counters, error)
	// Kept gives a website's counters with the positions that they are of.
	Kept(ctx context.Context, t tenant.ID) (Kept, error)
	// Repair adds to a website's counters, unless they have been repaired since they were read; then it is a Conflict.
	Repair(ctx context.Context, t tenant.ID, by Counters, repairs int64) error
	// Websites gives some of the websites that have counters, in the order of their numbers, behind one.
	Websites(ctx context.Context, behind tenant.ID, limit int64) ([]tenant.ID, error)
	// Buckets gives the buckets of a website from the quarter first on and before behind, one by one.
	Buckets(ctx context.Context, t tenant.ID, first, behind Quarter, give func(Quarter, Bucket)) error
	// AgentBuckets gives those of its agents; each agent has several.
	AgentBuckets(ctx context.Context, t tenant.ID, first, behind Quarter, give func(agent int64, bucket Bucket)) error
}

// Presence knows who is there.
type Presence interface {
	// Online gives how many of a website's visitors are online.
	Online(ctx context.Context, t tenant.ID) (int64, error)
}
