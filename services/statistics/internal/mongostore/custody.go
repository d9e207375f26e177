package mongostore

import (
	"context"

	"fivechat.dev/libs/custody"
	"fivechat.dev/libs/mongokit"
	"fivechat.dev/libs/tenant"
)

// shelves are what an export shows.
func shelves(db *mongokit.DB) custody.Shelves {
	return custody.Shelves{custody.Shelf{Kind: "statistics", Small: true}.Over(db, "statistics_counters")}
}

// Export implements custody.Keeper.
func (s *Store) Export(ctx context.Context, t tenant.ID, visitor int64, after string) (custody.Page, error) {
	return s.shelves.Export(ctx, t, visitor, after)
}

// Erase implements custody.Keeper. Sums name no visitor, and stay when one goes.
func (s *Store) Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	if visitor != 0 {
		return false, nil
	}
	return s.shelves.Erase(ctx, t)
}
