// Package mongostore stores counters and buckets in MongoDB, with the positions up to which the followed logs have been
// counted.
//
// Begin with Store.Apply. Invariant: sums and positions are written in one transaction, so each record counts exactly
// once. The amounts are computed by statistics.Project.
package mongostore

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/statistics"
)

// Store implements statistics.Store, and Position and Apply of a feed.Follower.
type Store struct {
	db        *mongokit.DB
	counters  *mongokit.Collection[counterRow]
	days      *mongokit.Collection[dayRow]
	agentDays *mongokit.Collection[dayRow]
	positions *feed.Positions
	websites  *mongokit.Global[counterRow] // the counters of all websites
	rounds    *mongokit.Global[roundRow]
	tables    tables
}

type counterRow struct {
	Website             tenant.ID `bson:"websiteId"`
	statistics.Counters `bson:",inline"`
	Repairs             int64 `bson:"repairs,omitempty"` // number of repairs
}

// New declares the collections.
func New(db *mongokit.DB) *Store {
	return &Store{
		db:        db,
		counters:  mongokit.Tenanted[counterRow](db, "statistics_counters", "statistics", mongokit.Index{Unique: true}),
		days:      declareDays(db),
		agentDays: declareAgentDays(db),
		positions: feed.NewPositions(db, "statistics"),
		websites:  mongokit.GlobalOf[counterRow](db, "statistics_counters", "statistics"),
		rounds:    mongokit.GlobalOf[roundRow](db, "statistics_rounds", "round"),
		tables:    newTables(db),
	}
}

// Counters implements statistics.Store.
func (s *Store) Counters(ctx context.Context, t tenant.ID) (statistics.Counters, error) {
	row, err := s.counters.Get(ctx, t, nil)
	if fault.Is(err, fault.NotFound) {
		return statistics.Counters{}, nil
	}
	return row.Counters, err
}

// Position returns the position up to which a source's log has been counted.
func (s *Store) Position(ctx context.Context, source string) (int64, error) {
	return s.positions.Position(ctx, source)
}

// Apply counts the records of a source that aren't counted yet, in order of position.
func (s *Store) Apply(ctx context.Context, source string, records []outbox.Record) error {
	return s.positions.Apply(ctx, source, records, func(ctx context.Context, fresh []outbox.Record) error {
		happened := make([]statistics.Event, len(fresh))
		for i, r := range fresh {
			var err error
			if happened[i], err = statistics.NewEvent(r.Website, r.Type, r.At, r.Data); err != nil {
				return fmt.Errorf("mongostore: record %d of %s: %w", r.Pos, source, err)
			}
		}
		delta := statistics.Project(happened)
		if err := s.count(ctx, delta.Counters); err != nil {
			return err
		}
		return s.addBuckets(ctx, delta.Buckets)
	})
}

// count adds to the counters of each website, always in the same order. So two followers wait for each other and don't
// deadlock.
func (s *Store) count(ctx context.Context, deltas map[tenant.ID]statistics.Counters) error {
	for _, t := range sorted(deltas, func(t tenant.ID) []int64 { return []int64{t.Int64()} }) {
		if _, err := s.counters.Upsert(ctx, t, nil, bson.D{{Key: "$inc", Value: deltas[t]}}); err != nil {
			return err
		}
	}
	return nil
}

// sorted returns the keys of a map, ordered by the numbers that they consist of.
func sorted[K comparable, V any](m map[K]V, numbers func(K) []int64) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int { return slices.Compare(numbers(a), numbers(b)) })
}
