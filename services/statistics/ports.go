package statistics

import (
	"context"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Store stores counters and buckets. Errors are faults.
type Store interface {
	// Counters returns a website's counters, or zeros if there are none.
	Counters(ctx context.Context, t tenant.ID) (Counters, error)
	// Kept returns a website's counters with the positions up to which they are counted.
	Kept(ctx context.Context, t tenant.ID) (Kept, error)
	// Repair adds to a website's counters. Its error is Conflict if they have been repaired since they were read.
	Repair(ctx context.Context, t tenant.ID, by Counters, repairs int64) error
	// Websites returns some of the websites that have counters, ordered by id, after a given one.
	Websites(ctx context.Context, after tenant.ID, limit int64) ([]tenant.ID, error)
	// Buckets passes the buckets of a website, from the quarter first up to before end, to a function one by one.
	Buckets(ctx context.Context, t tenant.ID, first, end Quarter, give func(Quarter, Bucket)) error
	// AgentBuckets is like Buckets for those of its agents. Each agent has several.
	AgentBuckets(ctx context.Context, t tenant.ID, first, end Quarter, give func(agent id.User, bucket Bucket)) error
}

// Presence counts online visitors.
type Presence interface {
	// Online returns how many of a website's visitors are online.
	Online(ctx context.Context, t tenant.ID) (int64, error)
}
