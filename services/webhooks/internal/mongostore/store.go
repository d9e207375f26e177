// Package mongostore stores webhooks and deliveries in MongoDB, with the positions up to which the followed logs have
// been processed.
//
// Begin with Store. Invariant: the deliveries of a record and its position are written in one transaction, so
// each event is planned once. Rules about states and schedules belong to package webhooks.
package mongostore

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
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
	now         func() time.Time
}

// New declares the collections. wake is called when there may be due deliveries. now is the clock.
func New(db *mongokit.DB, log *outbox.Log, wake func(), now func() time.Time) *Store {
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
		db: db, log: log, wake: wake, now: timestamp.Clock(now),
		webhooks: mongokit.Tenanted[webhooks.Webhook](db, "webhooks_webhooks", "webhook", newest()),
		all:      mongokit.GlobalOf[webhooks.Webhook](db, "webhooks_webhooks", "webhook", keys("disabledReason")),
		deliveries: mongokit.Tenanted[deliveryRow](db, "webhooks_deliveries", "delivery",
			once, newest("webhookId"), newest("webhookId", "status"), keys("webhookId", "status", "nextAt"),
			keys("webhookId", "status", "key", "order"), newest("visitorId"), newest()).Spread("webhookId"),
		waiting: mongokit.GlobalOf[webhooks.Delivery](db, "webhooks_deliveries", "delivery",
			keys("status", "nextAt", "webhookId"), mongokit.Index{
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

func byID[ID ~int64](n ID) bson.D { return bson.D{{Key: "_id", Value: n}} }

// of matches deliveries of a webhook.
func of(webhookID id.Webhook, more ...bson.E) bson.D {
	return append(bson.D{{Key: "webhookId", Value: webhookID}}, more...)
}

func with(s webhooks.Status) bson.E { return bson.E{Key: "status", Value: s} }

func set(fields ...bson.E) bson.D { return bson.D{{Key: "$set", Value: bson.D(fields)}} }

// WebhookID implements webhooks.Store.
func (s *Store) WebhookID(ctx context.Context) (id.Webhook, error) {
	n, err := s.webhookIDs.Next(ctx)
	return id.Webhook(n), err
}

// DeliveryID implements webhooks.Store.
func (s *Store) DeliveryID(ctx context.Context) (id.Delivery, error) {
	n, err := s.deliveryIDs.Next(ctx)
	return id.Delivery(n), err
}

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
func (s *Store) Get(ctx context.Context, t tenant.ID, webhookID id.Webhook) (webhooks.Webhook, error) {
	return s.webhooks.Get(ctx, t, byID(webhookID))
}

// List implements webhooks.Store.
func (s *Store) List(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[webhooks.Webhook], error) {
	return mongokit.Newest(ctx, s.webhooks, t, nil, w, mongokit.Query{Omit: "secret"})
}

// Save implements webhooks.Store.
func (s *Store) Save(
	ctx context.Context, t tenant.ID, webhookID id.Webhook, change func(webhooks.Webhook) (webhooks.Webhook, error),
) (saved webhooks.Webhook, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.webhooks.Get(ctx, t, byID(webhookID))
		if err != nil {
			return err
		}
		if err = version.Check(ctx, stored.Revision()); err != nil {
			return err
		}
		if saved, err = change(stored); err != nil || reflect.DeepEqual(saved, stored) {
			return err
		}
		return s.write(ctx, stored, saved)
	})
	return saved, err
}

// write stores what differs between two states of a webhook, and holds or continues its deliveries.
func (s *Store) write(ctx context.Context, before, after webhooks.Webhook) error {
	err := s.webhooks.Save(ctx, after.WebsiteID, byID(after.ID), before, after)
	if err != nil || before.Enabled == after.Enabled {
		return err
	}
	if !after.Enabled {
		return s.hold(ctx, after.WebsiteID, after.ID)
	}
	mongokit.AfterCommit(ctx, s.wake)
	_, err = s.deliveries.UpdateAll(ctx, after.WebsiteID, of(after.ID, with(webhooks.Held)),
		set(with(webhooks.Pending), bson.E{
			Key:   "nextAt",
			Value: after.UpdatedAt,
		}, bson.E{Key: "updatedAt", Value: after.UpdatedAt}))
	return err
}

// hold stops the pending deliveries of a webhook until it is enabled again.
func (s *Store) hold(ctx context.Context, t tenant.ID, webhookID id.Webhook) error {
	_, err := s.deliveries.UpdateAll(ctx, t, of(webhookID, with(webhooks.Pending)), set(with(webhooks.Held)))
	return err
}

// Delete implements webhooks.Store. If it is interrupted, the dispatcher removes the remaining deliveries.
func (s *Store) Delete(ctx context.Context, t tenant.ID, webhookID id.Webhook) error {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.webhooks.Get(ctx, t, byID(webhookID))
		if err != nil {
			return err
		}
		if err = version.Check(ctx, stored.Revision()); err != nil {
			return err
		}
		_, err = s.webhooks.Delete(ctx, t, byID(webhookID))
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
func (s *Store) remove(ctx context.Context, t tenant.ID, webhookID id.Webhook) error {
	for {
		n, err := s.deliveries.DeleteSome(ctx, t, of(webhookID), removeRows)
		if err != nil || n < removeRows {
			return err
		}
	}
}

// Deliveries implements webhooks.Store.
func (s *Store) Deliveries(
	ctx context.Context, t tenant.ID, webhookID id.Webhook, status webhooks.Status, w paging.Window,
) (paging.Slice[webhooks.Delivery], error) {
	filter := of(webhookID)
	if status != "" {
		filter = of(webhookID, with(status))
	}
	rows, err := mongokit.Newest(ctx, s.deliveries, t, filter, w, mongokit.Query{Omit: "body"})
	found := paging.Slice[webhooks.Delivery]{Total: rows.Total, Next: rows.Next, More: rows.More}
	for _, row := range rows.Rows {
		found.Rows = append(found.Rows, row.Delivery)
	}
	return found, err
}

// Delivery implements webhooks.Store.
func (s *Store) Delivery(
	ctx context.Context, t tenant.ID, webhookID id.Webhook, deliveryID id.Delivery,
) (webhooks.Delivery, error) {
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
	ctx context.Context, t tenant.ID, webhookID id.Webhook, deliveryID id.Delivery, now time.Time,
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
		return s.update(ctx, d, again)
	})
	return again, err
}

// update stores what differs between two states of a delivery.
func (s *Store) update(ctx context.Context, before, after webhooks.Delivery) error {
	changes, err := mongokit.Changes(before, after)
	if err != nil || len(changes) == 0 {
		return err
	}
	filter := of(after.WebhookID, bson.E{Key: "_id", Value: after.ID})
	_, err = s.deliveries.Update(ctx, after.WebsiteID, filter, changes)
	return err
}
