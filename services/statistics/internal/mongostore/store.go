// Package mongostore keeps counters in MongoDB, together with how far each followed log is counted.
package mongostore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/custody"
	"fivechat.dev/libs/events"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/mongokit"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/statistics"
)

// Store implements statistics.Store, and Position and Apply of an events.Follower.
type Store struct {
	counters  *mongokit.Collection[counterRow]
	positions *events.Positions
	shelves   custody.Shelves
}

type counterRow struct {
	Website             tenant.ID `bson:"websiteId"`
	statistics.Counters `bson:",inline"`
}

// New declares the collections.
func New(db *mongokit.DB) *Store {
	return &Store{
		counters:  mongokit.Tenanted[counterRow](db, "statistics_counters", "statistics", mongokit.Index{Unique: true}),
		positions: events.NewPositions(db, "statistics"),
		shelves:   shelves(db),
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

// Position gives how far a source's log is counted.
func (s *Store) Position(ctx context.Context, source string) (int64, error) {
	return s.positions.Position(ctx, source)
}

// Apply counts those of a source's records, in order of position, that are not counted yet.
func (s *Store) Apply(ctx context.Context, source string, records []events.Record) error {
	return s.positions.Apply(ctx, source, records, func(ctx context.Context, fresh []events.Record) error {
		happened := make([]statistics.Event, len(fresh))
		for i, r := range fresh {
			happened[i] = statistics.Event{Website: r.Website, Type: r.Type}
			if err := r.Decode(&happened[i].Data); err != nil {
				return fmt.Errorf("mongostore: record %d of %s, a %s: %w", r.Pos, source, r.Type, err)
			}
		}
		return s.count(ctx, statistics.Project(happened))
	})
}

// count adds to each website's counters, always in the same order, so that two followers wait for one another and do
// not cross.
func (s *Store) count(ctx context.Context, deltas map[tenant.ID]statistics.Counters) error {
	byNumber := func(a, b tenant.ID) int { return cmp.Compare(a.Int64(), b.Int64()) }
	for _, t := range slices.SortedFunc(maps.Keys(deltas), byNumber) {
		if _, err := s.counters.Upsert(ctx, t, nil, bson.D{{Key: "$inc", Value: deltas[t]}}); err != nil {
			return err
		}
	}
	return nil
}
