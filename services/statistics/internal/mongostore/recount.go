package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/statistics"
)

// Kept implements statistics.Store.
func (s *Store) Kept(ctx context.Context, t tenant.ID) (kept statistics.Kept, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := s.counters.Get(ctx, t, nil)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		positions, err := s.positions.All(ctx)
		kept = statistics.Kept{Counters: row.Counters, Repairs: row.Repairs, Positions: positions}
		return err
	})
	return kept, err
}

// Repair implements statistics.Store. The filter contains the number of repairs. If the counters have been repaired
// meanwhile, it doesn't match, and the upsert fails as a duplicate.
func (s *Store) Repair(ctx context.Context, t tenant.ID, by statistics.Counters, repairs int64) error {
	unchanged := bson.D{{Key: "repairs", Value: repairs}}
	if repairs == 0 {
		unchanged = bson.D{{Key: "repairs", Value: bson.D{{Key: "$exists", Value: false}}}}
	}
	_, err := s.counters.Upsert(ctx, t, unchanged, bson.D{{Key: "$inc", Value: repair{by, 1}}})
	if mongokit.IsDuplicate(err) {
		return fault.New(fault.Conflict, "the counters are being repaired by another request")
	}
	return err
}

type repair struct {
	statistics.Counters `bson:",inline"`
	Repairs             int64 `bson:"repairs"`
}

// Websites implements statistics.Store.
func (s *Store) Websites(ctx context.Context, after tenant.ID, limit int64) ([]tenant.ID, error) {
	rows, err := s.websites.List(ctx, bson.D{{Key: mongokit.TenantKey, Value: bson.D{{Key: "$gt", Value: after}}}},
		mongokit.Query{
			Sort:  bson.D{{Key: mongokit.TenantKey, Value: 1}},
			Limit: limit,
			Only:  []string{mongokit.TenantKey},
		})
	all := make([]tenant.ID, len(rows))
	for i, r := range rows {
		all[i] = r.Website
	}
	return all, err
}

// roundRow has the last website that was checked, and when the next round is due.
type roundRow struct {
	ID     string    `bson:"_id"`
	Behind tenant.ID `bson:"websiteId"`
	Due    time.Time `bson:"dueAt"`
}

// round is the id of the only row of statistics_rounds.
const round = "check"

// ClaimRound implements checker.Rounds. One replica claims each round.
func (s *Store) ClaimRound(ctx context.Context, now, next time.Time) (after tenant.ID, due bool, err error) {
	row, err := s.rounds.Modify(ctx, bson.D{
		{Key: "_id", Value: round}, {Key: "dueAt", Value: bson.D{{Key: "$lte", Value: now}}},
	},
		bson.D{
			{Key: "$set", Value: bson.D{{Key: "dueAt", Value: next}}},
			{Key: "$setOnInsert", Value: bson.D{{Key: mongokit.TenantKey, Value: tenant.ID{}}}},
		}, true)
	if mongokit.IsDuplicate(err) { // the row exists and isn't due
		return tenant.ID{}, false, nil
	}
	return row.Behind, err == nil, err
}

// EndRound implements checker.Rounds.
func (s *Store) EndRound(ctx context.Context, last tenant.ID) error {
	_, err := s.rounds.Update(ctx, bson.D{{Key: "_id", Value: round}}, bson.D{
		{Key: "$set", Value: bson.D{{Key: mongokit.TenantKey, Value: last}}},
	})
	return err
}
