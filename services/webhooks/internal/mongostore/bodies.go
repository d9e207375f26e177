package mongostore

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/webhooks"
)

// inlineBody is the largest body, in bytes, that each delivery has in its own row. A larger body that several webhooks
// of a website receive is stored once, in webhooks_bodies.
const inlineBody = 4 << 10

// The bounds of the search for bodies without deliveries.
const (
	checkEvery = 24 * time.Hour // how long a body may outlive its last delivery
	checkRows  = 500
)

// storedBody is the field "body" of a delivery's row: the text, or true if the body is in webhooks_bodies. A version
// that only knows texts can't decode true, so it fails instead of sending an empty body. The delivery waits for a
// replica of this version.
type storedBody struct {
	text   string
	shared bool
}

// MarshalBSONValue implements bson.ValueMarshaler.
func (b storedBody) MarshalBSONValue() (byte, []byte, error) {
	var value any = b.text
	if b.shared {
		value = true
	}
	typ, data, err := bson.MarshalValue(value)
	return byte(typ), data, err
}

// UnmarshalBSONValue implements bson.ValueUnmarshaler.
func (b *storedBody) UnmarshalBSONValue(typ byte, data []byte) error {
	value := bson.RawValue{Type: bson.Type(typ), Value: data}
	if shared, is := value.BooleanOK(); is {
		*b = storedBody{shared: shared}
		return nil
	}
	text, is := value.StringValueOK()
	if !is {
		return fmt.Errorf("webhooks: a delivery's body has the BSON type %s", value.Type)
	}
	*b = storedBody{text: text}
	return nil
}

// deliveryRow is a delivery as it is stored.
type deliveryRow struct {
	webhooks.Delivery `bson:",inline"`
	Stored            storedBody `bson:"body"`
	// the body is in webhooks_bodies; used for counting without reading bodies
	Shared bool `bson:"shared,omitempty"`
}

// bodyRow is the body of an event that several deliveries share.
type bodyRow struct {
	ID        id.Delivery  `bson:"_id"` // that of the first delivery
	WebsiteID tenant.ID    `bson:"websiteId"`
	EventID   string       `bson:"eventId"`
	Webhooks  []id.Webhook `bson:"webhooks"` // webhooks whose deliveries refer to it
	VisitorID id.Visitor   `bson:"visitorId"`
	Body      string       `bson:"body"`
	Bytes     int64        `bson:"bytes"` // length of Body
	CreatedAt time.Time    `bson:"createdAt"`
	CheckAt   time.Time    `bson:"checkAt"` // when to check whether a delivery still refers to it
}

// rowsOf returns the rows of new deliveries of one website. Deliveries of one event must be adjacent.
func rowsOf(planned []webhooks.Delivery) (rows []deliveryRow, bodies []bodyRow) {
	for len(planned) > 0 {
		first, n := planned[0], 1
		for n < len(planned) && planned[n].EventID == first.EventID {
			n++
		}
		shared := n > 1 && len(first.Body) > inlineBody
		body := bodyRow{
			ID:        first.ID,
			WebsiteID: first.WebsiteID,
			EventID:   first.EventID,
			VisitorID: first.VisitorID,
			Body:      first.Body,
			Bytes:     int64(len(first.Body)),
			CreatedAt: first.CreatedAt,
			CheckAt:   first.CreatedAt.Add(checkEvery),
		}
		for _, d := range planned[:n] {
			stored := storedBody{text: d.Body}
			if shared {
				stored = storedBody{shared: true}
				body.Webhooks = append(body.Webhooks, d.WebhookID)
			}
			rows = append(rows, deliveryRow{Delivery: d, Stored: stored, Shared: shared})
		}
		if shared {
			bodies = append(bodies, body)
		}
		planned = planned[n:]
	}
	return rows, bodies
}

// insert stores new deliveries of one website. It must run in a transaction.
func (s *Store) insert(ctx context.Context, t tenant.ID, planned []webhooks.Delivery) error {
	rows, bodies := rowsOf(planned)
	if err := s.bodies.Insert(ctx, t, bodies...); err != nil {
		return err
	}
	if err := s.deliveries.Insert(ctx, t, rows...); err != nil {
		return err
	}
	var texts []int64
	for _, row := range rows {
		texts = append(texts, row.size())
	}
	for _, body := range bodies {
		texts = append(texts, body.size())
	}
	return s.texts.Add(ctx, t, texts...)
}

// size is what a delivery counts towards the storage limit: its row, and its body if that is in the row.
func (row deliveryRow) size() int64 {
	if row.Shared {
		return rowcount.Block
	}
	return rowcount.Block + row.Bytes
}

// size is what a body counts towards the storage limit.
func (row bodyRow) size() int64 { return rowcount.Block + row.Bytes }

// countTexts counts the storage of a website in webhooks_deliveries and webhooks_bodies. The database removes expired
// deliveries itself; the daily recount corrects the counter.
func (s *Store) countTexts(ctx context.Context, t tenant.ID, add func(int64)) error {
	err := s.deliveries.Each(ctx, t, nil, mongokit.Query{Only: []string{"bytes", "shared"}}, func(row deliveryRow) {
		add(row.size())
	})
	if err != nil {
		return err
	}
	return s.bodies.Each(ctx, t, nil, mongokit.Query{Only: []string{"bytes"}}, func(row bodyRow) { add(row.size()) })
}

// Stored counts the bytes that deliveries take.
func (s *Store) Stored() *rowcount.Bytes { return s.texts }

// whole returns a delivery with its body. If the body no longer exists, because its visitor was erased, the delivery is
// removed and NotFound. It is never sent without its body.
func (s *Store) whole(ctx context.Context, row deliveryRow) (webhooks.Delivery, error) {
	d := row.Delivery
	d.Body = row.Stored.text
	if !row.Stored.shared {
		return d, nil
	}
	found, err := s.bodies.Get(ctx, d.WebsiteID, bson.D{{Key: "eventId", Value: d.EventID}})
	if fault.Is(err, fault.NotFound) {
		_, err := s.deliveries.Delete(ctx, d.WebsiteID, of(d.WebhookID, bson.E{Key: "_id", Value: d.ID}))
		if err != nil {
			return d, err
		}
		return d, fault.Missing("delivery")
	}
	d.Body = found.Body
	return d, err
}

// Sweep removes bodies without deliveries, and reports whether more may be due for a check. Replicas may call it
// concurrently.
func (s *Store) Sweep(ctx context.Context, now time.Time) (more bool, err error) {
	due, err := s.dueBodies.List(ctx, bson.D{{Key: "checkAt", Value: bson.D{{Key: "$lte", Value: now}}}},
		mongokit.Query{
			Sort:  bson.D{{Key: "checkAt", Value: 1}},
			Limit: checkRows,
			Only:  []string{"_id", "websiteId", "eventId", "webhooks"},
		})
	if err != nil {
		return false, err
	}
	for _, b := range due {
		if err := s.sweep(ctx, b, now); err != nil {
			return false, err
		}
	}
	return len(due) == checkRows, nil
}

// sweep removes a body if no delivery refers to it. None can be added meanwhile: deliveries are stored together with
// their body.
func (s *Store) sweep(ctx context.Context, b bodyRow, now time.Time) error {
	left, err := s.deliveries.List(ctx, b.WebsiteID, bson.D{
		{Key: "webhookId", Value: bson.D{{Key: "$in", Value: b.Webhooks}}}, {Key: "eventId", Value: b.EventID},
	}, mongokit.Query{Limit: 1, Only: []string{"_id"}})
	switch {
	case err != nil:
		return err
	case len(left) == 0:
		_, err = s.bodies.Delete(ctx, b.WebsiteID, byID(b.ID))
	default:
		_, err = s.bodies.Update(ctx, b.WebsiteID, byID(b.ID), set(bson.E{Key: "checkAt", Value: now.Add(checkEvery)}))
	}
	return err
}
