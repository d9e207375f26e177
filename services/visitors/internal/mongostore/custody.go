package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/custody"
	"fivechat.dev/libs/mongokit"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/visitors"
)

// shelves are what an export shows.
func shelves(db *mongokit.DB) custody.Shelves {
	return custody.Shelves{custody.Shelf{Kind: "visitor", Visitor: "_id"}.Over(db, "visitors_visitors")}
}

// Export implements custody.Keeper.
func (s *Store) Export(ctx context.Context, t tenant.ID, visitor int64, after string) (custody.Page, error) {
	return s.shelves.Export(ctx, t, visitor, after)
}

// eraseVisitors is how many visitors one transaction erases.
const eraseVisitors = 500

// Erase implements custody.Keeper.
func (s *Store) Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	var filter bson.D
	if visitor != 0 {
		filter = bson.D{{Key: "_id", Value: visitor}}
	}
	found, err := s.visitors.List(ctx, t, filter, mongokit.Query{Limit: eraseVisitors})
	switch {
	case err != nil:
		return false, err
	case len(found) > 0:
		return true, s.erase(ctx, t, found, visitor != 0)
	case visitor == 0:
		more, err = s.log.EraseWebsite(ctx, t)
	}
	if err != nil || more {
		return more, err
	}
	return false, s.log.Unpublish(ctx)
}

// erase removes visitors and what leads to them. Their events go on counting, and name nobody; where the whole website
// goes, all events go behind this.
func (s *Store) erase(ctx context.Context, t tenant.ID, gone []visitors.Visitor, counted bool) error {
	tokens, ids := make([]string, len(gone)), make([]int64, len(gone))
	for i, v := range gone {
		tokens[i], ids[i] = v.Token, v.ID
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.tokens.Delete(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: tokens}}}}); err != nil {
			return err
		}
		if _, err := s.visitors.Delete(ctx, t, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}); err != nil || !counted {
			return err
		}
		return s.log.Redact(ctx, t, ids)
	})
}
