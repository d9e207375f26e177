package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/custody"
	"fivechat.dev/libs/mongokit"
	"fivechat.dev/libs/tenant"
)

// shelves are what an export shows.
func shelves(db *mongokit.DB) custody.Shelves {
	return custody.Shelves{
		custody.Shelf{Kind: "webhook", Omit: []string{"secret", "previous", "leaseHolder", "leaseUntil"}}.Over(db, "webhooks_webhooks"),
		custody.Shelf{Kind: "webhook_delivery", Visitor: "visitorId"}.Over(db, "webhooks_deliveries"),
		custody.Shelf{Kind: "webhook_body", Visitor: "visitorId", Omit: []string{"checkAt"}}.Over(db, "webhooks_bodies"),
	}
}

// Export implements custody.Keeper.
func (s *Store) Export(ctx context.Context, t tenant.ID, visitor int64, after string) (custody.Page, error) {
	return s.shelves.Export(ctx, t, visitor, after)
}

// Erase implements custody.Keeper.
func (s *Store) Erase(ctx context.Context, t tenant.ID, visitor int64) (more bool, err error) {
	if visitor != 0 {
		about := bson.D{{Key: "visitorId", Value: visitor}}
		if n, err := s.deliveries.DeleteSome(ctx, t, about, removeRows); n == removeRows || err != nil {
			return n == removeRows, err
		}
		n, err := s.bodies.DeleteSome(ctx, t, about, removeRows)
		return n == removeRows, err
	}
	if more, err = s.shelves.Erase(ctx, t); err == nil && !more {
		more, err = s.log.EraseWebsite(ctx, t)
	}
	if err != nil || more {
		return more, err
	}
	return false, s.log.Unpublish(ctx)
}
