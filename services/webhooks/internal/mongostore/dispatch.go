package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/webhooks"
)

// The bounds of one read by the dispatcher.
const (
	dueRows     = 500
	pendingRows = 200
	readyKeys   = 32
)

// queued are the fields of a delivery that the dispatcher needs for order and size. Load reads the rest, one delivery
// at a time.
var queued = []string{
	"_id", "websiteId", "webhookId", "eventId", "type", "key", "order", "status", "nextAt", "bytes", "attempts.at",
}

// Waiting returns pending deliveries, those that are due first, except those of some webhooks. They have neither body
// nor attempts.
func (s *Store) Waiting(ctx context.Context, except []id.Webhook) ([]webhooks.Delivery, error) {
	filter := bson.D{with(webhooks.Pending)}
	if len(except) > 0 {
		filter = append(filter, bson.E{Key: "webhookId", Value: bson.D{{Key: "$nin", Value: except}}})
	}
	return s.waiting.List(ctx, filter, mongokit.Query{
		Sort:  bson.D{{Key: "nextAt", Value: 1}},
		Limit: dueRows,
		Only:  queued,
	})
}

// Standing returns the number of pending deliveries, and of webhooks that the system has disabled.
func (s *Store) Standing(ctx context.Context) (waiting, disabled int64, err error) {
	if waiting, err = s.waiting.Count(ctx, bson.D{with(webhooks.Pending)}); err != nil {
		return 0, 0, err
	}
	disabled, err = s.all.Count(ctx, bson.D{{Key: "disabledReason", Value: bson.D{{Key: "$gt", Value: ""}}}})
	return waiting, disabled, err
}

// Claim takes or renews the lease of a webhook, and reports whether the holder has it. A disabled or deleted webhook
// can't be claimed: its pending deliveries are held, or removed.
func (s *Store) Claim(
	ctx context.Context, t tenant.ID, webhookID id.Webhook, holder string, now, until time.Time,
) (webhooks.Webhook, bool, error) {
	w, err := s.webhooks.Modify(ctx, t, bson.D{
		{Key: "_id", Value: webhookID},
		{Key: "enabled", Value: true},
		{Key: "$or", Value: bson.A{
			bson.D{{Key: "leaseHolder", Value: holder}},
			bson.D{{Key: "leaseUntil", Value: bson.D{{Key: "$lt", Value: now}}}},
		}},
	}, set(bson.E{Key: "leaseHolder", Value: holder}, bson.E{Key: "leaseUntil", Value: until}))
	if !fault.Is(err, fault.NotFound) {
		return w, err == nil, err
	}
	w, err = s.webhooks.Get(ctx, t, byID(webhookID))
	switch {
	case fault.Is(err, fault.NotFound):
		err = s.remove(ctx, t, webhookID)
	case err == nil && !w.Enabled:
		err = s.hold(ctx, t, webhookID)
	}
	return w, false, err
}

// Release returns the lease of a webhook.
func (s *Store) Release(ctx context.Context, t tenant.ID, webhookID id.Webhook, holder string) error {
	_, err := s.webhooks.Update(ctx, t, bson.D{
		{Key: "_id", Value: webhookID}, {Key: "leaseHolder", Value: holder},
	}, set(bson.E{Key: "leaseUntil", Value: time.Time{}}))
	return err
}

// Ready returns deliveries of a webhook that may be made now: the first of each key. If that one isn't due, later ones
// of its key are postponed to its time. The deliveries have neither body nor attempts: see Load.
func (s *Store) Ready(
	ctx context.Context, t tenant.ID, webhookID id.Webhook, now time.Time,
) ([]webhooks.Delivery, error) {
	due, err := s.deliveries.List(ctx, t, of(webhookID, with(webhooks.Pending), bson.E{
		Key:   "nextAt",
		Value: bson.D{{Key: "$lte", Value: now}},
	}),
		mongokit.Query{Sort: bson.D{{Key: "nextAt", Value: 1}}, Limit: pendingRows, Only: queued})
	if err != nil {
		return nil, err
	}
	var ready []webhooks.Delivery
	looked := map[string]bool{}
	for _, d := range due {
		if looked[d.Key] || len(looked) == readyKeys {
			continue
		}
		looked[d.Key] = true
		first, err := s.deliveries.List(ctx, t, of(webhookID, with(webhooks.Pending), bson.E{Key: "key", Value: d.Key}),
			mongokit.Query{Sort: bson.D{{Key: "order", Value: 1}}, Limit: 1, Only: queued})
		switch {
		case err != nil:
			return nil, err
		case len(first) == 0: // delivered by another replica meanwhile
		case first[0].NextAt.After(now):
			if err := s.holdBack(ctx, first[0].Delivery); err != nil {
				return nil, err
			}
		default:
			ready = append(ready, first[0].Delivery)
		}
	}
	return ready, nil
}

// Load returns a delivery from Ready with its body and attempts. Its error is NotFound if it no longer exists or isn't
// pending.
func (s *Store) Load(ctx context.Context, d webhooks.Delivery) (webhooks.Delivery, error) {
	row, err := s.deliveries.Get(
		ctx, d.WebsiteID, of(d.WebhookID, with(webhooks.Pending), bson.E{Key: "_id", Value: d.ID}),
	)
	if err != nil {
		return webhooks.Delivery{}, err
	}
	return s.whole(ctx, row)
}

// holdBack postpones later deliveries of the same key to the time of d.
func (s *Store) holdBack(ctx context.Context, d webhooks.Delivery) error {
	_, err := s.deliveries.UpdateAll(
		ctx, d.WebsiteID,
		of(d.WebhookID, with(webhooks.Pending), bson.E{Key: "key", Value: d.Key},
			bson.E{
				Key:   "order",
				Value: bson.D{{Key: "$gt", Value: d.Order}},
			}, bson.E{Key: "nextAt", Value: bson.D{{Key: "$lt", Value: d.NextAt}}}),
		set(bson.E{Key: "nextAt", Value: d.NextAt}),
	)
	return err
}

// Record stores the results of attempts of one webhook's deliveries, in the deliveries and in the webhook, all or none.
// Only the holder of the webhook's lease calls it, and one call at a time: calls that write the same webhook at the
// same time would abort each other. Nothing is stored of what no longer exists.
func (s *Store) Record(ctx context.Context, t tenant.ID, webhookID id.Webhook, results []webhooks.Result) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.webhooks.Get(ctx, t, byID(webhookID))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		w := stored
		var changes []mongokit.Change
		var again []webhooks.Delivery
		for _, r := range results {
			d := r.After
			w = w.After(d, r.Attempt, d.UpdatedAt)
			switch {
			case d.Status == webhooks.Pending && !w.Enabled: // disabled during the attempt
				d.Status = webhooks.Held
			case d.Status == webhooks.Pending:
				again = append(again, d)
			}
			update, err := mongokit.Changes(r.Before, d)
			if err != nil {
				return err
			}
			if len(update) > 0 {
				changes = append(changes, mongokit.Change{Filter: of(d.WebhookID, bson.E{Key: "_id", Value: d.ID}), Update: update})
			}
		}
		if err := s.deliveries.UpdateEach(ctx, t, changes); err != nil {
			return err
		}
		for _, d := range again {
			if err := s.holdBack(ctx, d); err != nil {
				return err
			}
		}
		return s.health(ctx, stored, w)
	})
}
