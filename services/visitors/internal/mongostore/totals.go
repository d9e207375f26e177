package mongostore

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

// erasedRow is how many of a website's visitors were erased individually. They still count in the total.
type erasedRow struct {
	Website  tenant.ID `bson:"websiteId"`
	Visitors int64     `bson:"visitors"`
}

func declareErased(db *mongokit.DB) *mongokit.Collection[erasedRow] {
	return mongokit.Tenanted[erasedRow](db, "visitors_erased", "sum", mongokit.Index{Unique: true})
}

// Totals recounts a website's visitors, by the name of the statistics' counter.
func (s *Store) Totals(ctx context.Context, t tenant.ID) (map[string]float64, error) {
	gone, err := s.erased.Get(ctx, t, nil)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	there, err := s.visitors.Count(ctx, t, nil)
	return map[string]float64{"totalVisitors": float64(gone.Visitors + there)}, err
}
