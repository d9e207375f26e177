package mongostore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/webhooks"
)

// Position returns the position up to which a source's log has been processed.
func (s *Store) Position(ctx context.Context, source string) (int64, error) {
	return s.positions.Position(ctx, source)
}

// Apply stores the deliveries of a source's records, each once. Erased records cause no deliveries.
func (s *Store) Apply(ctx context.Context, source string, records []outbox.Record) error {
	hooks, err := s.listening(ctx, records)
	if err != nil {
		return err
	}
	var first int64
	if most := int64(len(records) * len(hooks)); most > 0 {
		// Ids are reserved before the transaction, which may run more than once with the same ones.
		if first, err = s.deliveryIDs.Reserve(ctx, most); err != nil {
			return err
		}
	}
	return s.positions.Apply(ctx, source, records, func(ctx context.Context, fresh []outbox.Record) error {
		happened, err := eventsOf(source, fresh)
		if err != nil {
			return err
		}
		planned := webhooks.Plan(hooks, happened, s.now(), func(place int) id.Delivery {
			return id.Delivery(first + int64(place))
		})
		for t, rows := range byWebsite(planned) {
			if err := s.insert(ctx, t, rows); err != nil {
				return err
			}
		}
		if len(planned) > 0 {
			mongokit.AfterCommit(ctx, s.wake)
		}
		return nil
	})
}

// listening returns the enabled webhooks of the records' websites. It disables those with too many pending deliveries.
func (s *Store) listening(ctx context.Context, records []outbox.Record) ([]webhooks.Webhook, error) {
	sites := bson.A{}
	for _, r := range records {
		if !r.Website.IsZero() && !slices.Contains(sites, any(r.Website)) {
			sites = append(sites, r.Website)
		}
	}
	if len(sites) == 0 {
		return nil, nil
	}
	hooks, err := s.all.List(ctx, bson.D{
		{Key: mongokit.TenantKey, Value: bson.D{{Key: "$in", Value: sites}}}, {Key: "enabled", Value: true},
	}, mongokit.Query{})
	if err != nil {
		return nil, err
	}
	kept := hooks[:0]
	for _, w := range hooks {
		n, err := s.deliveries.Count(ctx, w.WebsiteID, of(w.ID, with(webhooks.Pending)))
		if err != nil {
			return nil, err
		}
		if n < webhooks.MaxWaiting {
			kept = append(kept, w)
		} else if err := s.disable(ctx, w, webhooks.Backlog); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

func (s *Store) disable(ctx context.Context, w webhooks.Webhook, why webhooks.Reason) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.webhooks.Get(ctx, w.WebsiteID, byID(w.ID))
		if err != nil || !stored.Enabled {
			return err
		}
		return s.health(ctx, stored, stored.Disabled(why, s.now()))
	})
}

// health stores a webhook's state, and appends an event if it was disabled.
func (s *Store) health(ctx context.Context, before, after webhooks.Webhook) error {
	if err := s.write(ctx, before, after); err != nil || before.Enabled == after.Enabled {
		return err
	}
	return s.log.Append(ctx, after.WebsiteID, int64(after.ID), after.WasDisabled())
}

func eventsOf(source string, records []outbox.Record) ([]webhooks.Event, error) {
	var happened []webhooks.Event
	for _, r := range records {
		if r.Erased || r.Website.IsZero() {
			continue
		}
		e, err := webhooks.NewEvent(
			r.ID, string(r.Type), fmt.Sprintf("%s:%d", source, r.Key), r.Pos, r.Website, r.At, json.RawMessage(r.Data),
		)
		if err != nil {
			return nil, err
		}
		e.Trace, e.VisitorID = r.Trace, cmp.Or(e.VisitorID, id.Visitor(r.Visitor))
		happened = append(happened, e)
	}
	return happened, nil
}

func byWebsite(planned []webhooks.Delivery) map[tenant.ID][]webhooks.Delivery {
	rows := map[tenant.ID][]webhooks.Delivery{}
	for _, d := range planned {
		rows[d.WebsiteID] = append(rows[d.WebsiteID], d)
	}
	return rows
}
