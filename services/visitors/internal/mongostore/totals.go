package mongostore

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

// erasedRow is how many of a website's visitors were erased one by one. They stay among the visitors there have been.
type erasedRow struct {
	Website  tenant.ID `bson:"websiteId"`
	Visitors int64     `bson:"visitors"`
}

func declareErased(db *mongokit.DB) *mongokit.Collection[erasedRow] {
	return mongokit.Tenanted[erasedRow](db, "visitors_erased", "sum", mongokit.Index{Unique: true})
}

// Totals counts a website's visitors anew, by the name of the counter that statistics keep of them.
func (s *Store) Totals(ctx context.Context, t tenant.ID) (map[string]float64, error) {
	gone, err := s.erased.Get(ctx, t, nil)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	there, err := s.visitors.Count(ctx, t, nil)
	return map[string]float64{"totalVisitors": float64(gone.Visitors + there)}, err
}
