package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/webhooks"
)

// tables are the collections in an export.
func tables(db *mongokit.DB) datasubject.Tables {
	return datasubject.Tables{
		datasubject.Table{
			Kind: "webhook",
			Omit: []string{"secret", "previous", "leaseHolder", "leaseUntil"},
		}.In(db, "webhooks_webhooks"),
		datasubject.Table{Kind: "webhook_delivery", Visitor: "visitorId"}.In(db, "webhooks_deliveries"),
		datasubject.Table{
			Kind:    "webhook_body",
			Visitor: "visitorId",
			Omit:    []string{"checkAt"},
		}.In(db, "webhooks_bodies"),
	}
}

// Export implements datasubject.DataHolder.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	return s.tables.Export(ctx, of, after)
}

// announcements are the types of events by which receivers learn of erasures. They contain only ids.
var announcements = contract.Types(func(f contract.Facts) bool { return f.AnnouncesErasure })

// Erase implements datasubject.DataHolder. Pending announcements in a visitor's deliveries stay: without them a
// receiver would never learn of the erasure.
func (s *Store) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	t := of.Website()
	if visitor, ok := of.Visitor(); ok {
		about := bson.E{Key: "visitorId", Value: visitor}
		n, err := s.deliveries.DeleteSome(ctx, t, bson.D{about, {Key: "$nor", Value: bson.A{bson.D{
			{Key: "type", Value: bson.D{{Key: "$in", Value: announcements}}},
			{Key: "status", Value: bson.D{{Key: "$in", Value: bson.A{webhooks.Pending, webhooks.Held}}}},
		}}}}, removeRows)
		if n == removeRows || err != nil {
			return n == removeRows, err
		}
		n, err = s.bodies.DeleteSome(ctx, t, bson.D{about}, removeRows)
		return n == removeRows, err
	}
	if more, err = s.tables.Erase(ctx, t); err == nil && !more {
		more, err = s.texts.Erase(ctx, t)
	}
	if err == nil && !more {
		more, err = s.log.EraseWebsite(ctx, t)
	}
	if err != nil || more {
		return more, err
	}
	return false, s.log.Unpublish(ctx)
}
