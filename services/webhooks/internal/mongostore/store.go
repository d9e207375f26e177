// Package mongostore stores webhooks and deliveries in MongoDB, with the positions up to which the followed logs have
// been processed.
//
// Begin with Store. Invariant: the deliveries of a record and its position are written in one transaction, so
// each event is planned once. Rules about states and schedules belong to package webhooks.
package mongostore

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/webhooks"
)

// removeRows is the number of deliveries that are removed in one step.
const removeRows = 1_000

// Store implements webhooks.Store, dispatch.Store, and Position and Apply of a feed.Follower.
type Store struct {
	db          *mongokit.DB
	log         *outbox.Log
	webhooks    *mongokit.Collection[webhooks.Webhook]
	all         *mongokit.Global[webhooks.Webhook]
	deliveries  *mongokit.Collection[deliveryRow]
	waiting     *mongokit.Global[webhooks.Delivery]
	bodies      *mongokit.Collection[bodyRow]
	dueBodies   *mongokit.Global[bodyRow]
	webhookIDs  *mongokit.Sequence
	deliveryIDs *mongokit.Sequence
	positions   *feed.Positions
	tables      datasubject.Tables
	texts       *rowcount.Bytes
	wake        func()
}

// New declares the collections. wake is called when there may be due deliveries.
func New(db *mongokit.DB, log *outbox.Log, wake func()) *Store {
	keys := func(fields ...string) mongokit.Index {
		var ix mongokit.Index
		for _, f := range fields {
			ix.Keys = append(ix.Keys, bson.E{Key: f, Value: 1})
		}
		return ix
	}
	newest := func(fields ...string) mongokit.Index {
		ix := keys(fields...)
		ix.Keys = append(ix.Keys, bson.E{Key: "createdAt", Value: -1}, bson.E{Key: "_id", Value: -1})
		return ix
	}
	once := keys("webhookId", "eventId")
	once.Unique = true
	event := keys("eventId")
	event.Unique = true
	s := &Store{
		db: db, log: log, wake: wake,
		webhooks: mongokit.Tenanted[webhooks.Webhook](db, "webhooks_webhooks", "webhook", newest()),
		all:      mongokit.GlobalOf[webhooks.Webhook](db, "webhooks_webhooks", "webhook", keys("disabledReason")),
		deliveries: mongokit.Tenanted[deliveryRow](db, "webhooks_deliveries", "delivery",
			once, newest("webhookId"), newest("webhookId", "status"), keys("webhookId", "status", "nextAt"),
			keys("webhookId", "status", "key", "order"), newest("visitorId")).Spread("webhookId"),
		waiting: mongokit.GlobalOf[webhooks.Delivery](db, "webhooks_deliveries", "delivery",
			keys("status", "nextAt"), mongokit.Index{
				Keys: bson.D{{Key: "updatedAt", Value: 1}},
				TTL:  webhooks.KeptFor,
			}),
		bodies:      mongokit.Tenanted[bodyRow](db, "webhooks_bodies", "body", event, newest(), newest("visitorId")),
		dueBodies:   mongokit.GlobalOf[bodyRow](db, "webhooks_bodies", "body", keys("checkAt")),
		webhookIDs:  mongokit.NewSequence(db, "webhooks", "webhooks"),
		deliveryIDs: mongokit.NewSequence(db, "webhooks", "deliveries"),
		positions:   feed.NewPositions(db, "webhooks"), tables: tables(db),
	}
	s.texts = rowcount.NewBytes(db, "webhooks_bytes", s.countTexts)
	return s
}

func id(n int64) bson.D { return bson.D{{Key: "_id", Value: n}} }

// of matches deliveries of a webhook.
func of(webhookID int64, more ...bson.E) bson.D {
	return append(bson.D{{Key: "webhookId", Value: webhookID}}, more...)
}

func with(s webhooks.Status) bson.E { return bson.E{Key: "status", Value: s} }

func set(fields ...bson.E) bson.D { return bson.D{{Key: "$set", Value: bson.D(fields)}} }

// WebhookID implements webhooks.Store.
func (s *Store) WebhookID(ctx context.Context) (int64, error) { return s.webhookIDs.Next(ctx) }

// DeliveryID implements webhooks.Store.
func (s *Store) DeliveryID(ctx context.Context) (int64, error) { return s.deliveryIDs.Next(ctx) }

// Create implements webhooks.Store. Concurrent calls may exceed the limit by a few.
func (s *Store) Create(ctx context.Context, made webhooks.Webhook) error {
	n, err := s.webhooks.Count(ctx, made.WebsiteID, nil)
	if err != nil {
		return err
	}
	if n >= webhooks.MaxWebhooks {
		return fault.Coded(
			fault.Conflict, "too_many_webhooks", fmt.Sprintf("the website has %d webhooks, which is the limit", n),
		)
	}
	return s.db.Tx(ctx, func(ctx context.Context) error { return s.webhooks.Insert(ctx, made.WebsiteID, made) })
}

// Get implements webhooks.Store.
func (s *Store) Get(ctx context.Context, t tenant.ID, webhookID int64) (webhooks.Webhook, error) {
	return s.webhooks.Get(ctx, t, id(webhookID))
}

// List implements webhooks.Store.
func (s *Store) List(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[webhooks.Webhook], error) {
	return mongokit.Newest(ctx, s.webhooks, t, nil, w, "secret")
}

// Save implements webhooks.Store.
func (s *Store) Save(
	ctx context.Context, t tenant.ID, webhookID int64, change func(webhooks.Webhook) (webhooks.Webhook, bool),
) (saved webhooks.Webhook, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.webhooks.Get(ctx, t, id(webhookID))
		if err != nil {
			return err
		}
		if err = version.Check(ctx, stored.Revision()); err != nil {
			return err
		}
		var changed bool
		if saved, changed = change(stored); !changed {
			return nil
		}
		return s.write(ctx, stored, saved)
	})
	return saved, err
}

// write stores the mutable fields of a webhook, and holds or continues its deliveries.
func (s *Store) write(ctx context.Context, before, after webhooks.Webhook) error {
	if _, err := s.webhooks.Update(ctx, after.WebsiteID, id(after.ID), set(
		bson.E{Key: "url", Value: after.URL}, bson.E{Key: "description", Value: after.Description},
		bson.E{Key: "events", Value: after.Events},
		bson.E{Key: "enabled", Value: after.Enabled}, bson.E{Key: "disabledReason", Value: after.DisabledReason},
		bson.E{Key: "disabledAt", Value: after.DisabledAt},
		bson.E{Key: "secret", Value: after.Secret}, bson.E{Key: "previous", Value: after.Previous},
		bson.E{Key: "previousUntil", Value: after.PreviousUntil},
		bson.E{Key: "deliveredAt", Value: after.DeliveredAt}, bson.E{Key: "failingSince", Value: after.FailingSince},
		bson.E{Key: "updatedAt", Value: after.UpdatedAt}, bson.E{Key: "version", Value: after.Version},
	)); err != nil || before.Enabled == after.Enabled {
		return err
	}
	if !after.Enabled {
		return s.hold(ctx, after.WebsiteID, after.ID)
	}
	mongokit.AfterCommit(ctx, s.wake)
	_, err := s.deliveries.UpdateAll(ctx, after.WebsiteID, of(after.ID, with(webhooks.Held)),
		set(with(webhooks.Pending), bson.E{
			Key:   "nextAt",
			Value: after.UpdatedAt,
		}, bson.E{Key: "updatedAt", Value: after.UpdatedAt}))
	return err
}

// hold stops the pending deliveries of a webhook until it is enabled again.
func (s *Store) hold(ctx context.Context, t tenant.ID, webhookID int64) error {
	_, err := s.deliveries.UpdateAll(ctx, t, of(webhookID, with(webhooks.Pending)), set(with(webhooks.Held)))
	return err
}

// Delete implements webhooks.Store. If it is interrupted, the dispatcher removes the remaining deliveries.
func (s *Store) Delete(ctx context.Context, t tenant.ID, webhookID int64) error {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.webhooks.Get(ctx, t, id(webhookID))
		if err != nil {
			return err
		}
		if err = version.Check(ctx, stored.Revision()); err != nil {
			return err
		}
		_, err = s.webhooks.Delete(ctx, t, id(webhookID))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.remove(ctx, t, webhookID); err != nil {
		return err
	}
	return s.texts.RecountSoon(ctx, t)
}

// remove removes the deliveries of a deleted webhook.
func (s *Store) remove(ctx context.Context, t tenant.ID, webhookID int64) error {
	for {
		n, err := s.deliveries.DeleteSome(ctx, t, of(webhookID), removeRows)
		if err != nil || n < removeRows {
			return err
		}
	}
}

// Deliveries implements webhooks.Store.
func (s *Store) Deliveries(
	ctx context.Context, t tenant.ID, webhookID int64, status webhooks.Status, w paging.Window,
) (paging.Slice[webhooks.Delivery], error) {
	filter := of(webhookID)
	if status != "" {
		filter = of(webhookID, with(status))
	}
	rows, err := mongokit.Newest(ctx, s.deliveries, t, filter, w, "body")
	found := paging.Slice[webhooks.Delivery]{Total: rows.Total, Next: rows.Next, More: rows.More}
	for _, row := range rows.Rows {
		found.Rows = append(found.Rows, row.Delivery)
	}
	return found, err
}

// Delivery implements webhooks.Store.
func (s *Store) Delivery(ctx context.Context, t tenant.ID, webhookID, deliveryID int64) (webhooks.Delivery, error) {
	row, err := s.deliveries.Get(ctx, t, of(webhookID, bson.E{Key: "_id", Value: deliveryID}))
	if err != nil {
		return webhooks.Delivery{}, err
	}
	return s.whole(ctx, row)
}

// Deliver implements webhooks.Store.
func (s *Store) Deliver(ctx context.Context, d webhooks.Delivery) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		mongokit.AfterCommit(ctx, s.wake)
		return s.insert(ctx, d.WebsiteID, []webhooks.Delivery{d})
	})
}

// Redeliver implements webhooks.Store.
func (s *Store) Redeliver(
	ctx context.Context, t tenant.ID, webhookID, deliveryID int64, now time.Time,
) (again webhooks.Delivery, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		d, err := s.Delivery(ctx, t, webhookID, deliveryID)
		if err != nil {
			return err
		}
		if d.Status == webhooks.Pending || d.Status == webhooks.Held {
			return fault.Coded(fault.Conflict, "delivery_pending", "the delivery is still pending")
		}
		again = d.Again(now)
		mongokit.AfterCommit(ctx, s.wake)
		return s.update(ctx, again)
	})
	return again, err
}

// update stores the mutable fields of a delivery.
func (s *Store) update(ctx context.Context, d webhooks.Delivery) error {
	_, err := s.deliveries.Update(
		ctx, d.WebsiteID, of(d.WebhookID, bson.E{Key: "_id", Value: d.ID}),
		set(with(d.Status),
			bson.E{Key: "tries", Value: d.Tries}, bson.E{
				Key:   "nextAt",
				Value: d.NextAt,
			}, bson.E{Key: "attempts", Value: d.Attempts},
			bson.E{Key: "updatedAt", Value: d.UpdatedAt}),
	)
	return err
}
