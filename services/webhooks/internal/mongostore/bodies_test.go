package mongostore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/webhooks"
	"fivechat.dev/services/webhooks/internal/mongostore"
)

// sized returns the records of an event with a body of about size bytes.
func (h *fixture) sized(of tenant.ID, key int64, size int) []outbox.Record {
	h.t.Helper()
	records := h.tell(of, "message.created", key)
	records[0].Data = fmt.Sprintf(`{"visitorId":%d,"text":%q}`, 70+key, strings.Repeat("x", size))
	return records
}

// body returns the body of a webhook's only delivery, as it would be sent.
func (h *fixture) body(w webhooks.Webhook) string {
	h.t.Helper()
	found, err := h.Ready(h.t.Context(), w.WebsiteID, w.ID, time.Now().Add(time.Second))
	h.must(err)
	if len(found) != 1 {
		h.t.Fatalf("%d are ready", len(found))
	}
	loaded, err := h.Load(h.t.Context(), found[0])
	h.must(err)
	read, err := h.Delivery(h.t.Context(), w.WebsiteID, w.ID, loaded.ID)
	h.must(err)
	if read.Body != loaded.Body || int64(len(read.Body)) != read.Bytes || read.Bytes != found[0].Bytes {
		h.t.Errorf(
			"read %d bytes, loaded %d, stated %d and %d", len(read.Body), len(loaded.Body), read.Bytes,
			found[0].Bytes,
		)
	}
	return loaded.Body
}

// TestLargeBodiesAreStoredOnce: the deliveries of one event share a large body. A small body, or that of a single
// webhook, is in the delivery's row, where earlier versions look for it.
func TestLargeBodiesAreStoredOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		hooks, size  int
		bodies, rows int
	}{
		{"a large one for several", 3, 64 << 10, 1, 3},
		{"a large one for one", 1, 64 << 10, 0, 1},
		{"a small one for several", 3, 100, 0, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			hooks := make([]webhooks.Webhook, c.hooks)
			for i := range hooks {
				hooks[i] = h.hook(one, "*")
			}
			h.must(h.Apply(t.Context(), "conversations", h.sized(one, 1, c.size)))
			for _, w := range hooks {
				if body := h.body(w); !strings.Contains(body, strings.Repeat("x", c.size)) {
					t.Errorf("webhook %d is sent %d bytes", w.ID, len(body))
				}
			}
			kinds, rows := storetest.Exported(t, h, subject.Website(one))
			if kinds["webhook_body"] != c.bodies || kinds["webhook_delivery"] != c.rows {
				t.Errorf("stored: %v", kinds)
			}
			if all := len(strings.Join(rows, "")); c.bodies == 1 && all > 2*c.size {
				t.Errorf("%d bytes are stored", all)
			}
			storetest.Erase(t, h, subject.Visitor(one, 71))
			kinds, _ = storetest.Exported(t, h, subject.Website(one))
			if kinds["webhook_body"]+kinds["webhook_delivery"] != 0 {
				t.Errorf("left after the visitor's erasure: %v", kinds)
			}
		})
	}
}

// TestDeliveryWithoutBodyIsRemoved: a delivery whose body no longer exists is removed, and not sent without it.
func TestDeliveryWithoutBodyIsRemoved(t *testing.T) {
	t.Parallel()
	db := storetest.DB(t, "webhooks")
	h := &fixture{t: t, log: outbox.NewLog(db, storetest.Telemetry(t, "webhooks"))}
	h.Store = mongostore.New(db, h.log, func() {}, time.Now)
	storetest.Ready(t, db)
	w, ctx := h.hook(one, "*"), t.Context()
	h.hook(one, "*")
	h.must(h.Apply(ctx, "conversations", h.sized(one, 1, 64<<10)))
	_, err := mongokit.Tenanted[struct{}](db, "webhooks_bodies", "body").Delete(ctx, one, nil)
	h.must(err)
	found, err := h.Ready(ctx, one, w.ID, time.Now().Add(time.Second))
	h.must(err)
	if _, err := h.Load(ctx, found[0]); !fault.Is(err, fault.NotFound) {
		t.Errorf("loaded: %v", err)
	}
	if n := len(h.all(w, "")); n != 0 {
		t.Errorf("%d deliveries are left", n)
	}
}

// TestOlderVersionsRefuseSharedBodies: a reader that knows only texts must fail, or it would send an empty body. Rows
// that it wrote, without a length, can be read.
func TestOlderVersionsRefuseSharedBodies(t *testing.T) {
	t.Parallel()
	db := storetest.DB(t, "webhooks")
	h := &fixture{t: t, log: outbox.NewLog(db, storetest.Telemetry(t, "webhooks"))}
	h.Store = mongostore.New(db, h.log, func() {}, time.Now)
	type old struct {
		ID        int64     `bson:"_id"`
		WebsiteID tenant.ID `bson:"websiteId"`
		WebhookID int64     `bson:"webhookId"`
		EventID   string    `bson:"eventId"`
		Key       string    `bson:"key"`
		Order     int64     `bson:"order"`
		Body      string    `bson:"body"`
		Status    string    `bson:"status"`
		NextAt    time.Time `bson:"nextAt"`
	}
	rows := mongokit.Tenanted[old](db, "webhooks_deliveries", "delivery")
	storetest.Ready(t, db)
	ctx, w, other := t.Context(), h.hook(one, "*"), h.hook(one, "*")
	h.must(h.Apply(ctx, "conversations", h.sized(one, 1, 64<<10)))
	if got, err := rows.List(ctx, one, nil, mongokit.Query{}); err == nil {
		t.Errorf("read: %d rows, the first with %d bytes", len(got), len(got[0].Body))
	}
	h.must(h.Delete(ctx, one, w.ID))
	h.must(h.Delete(ctx, one, other.ID))
	w = h.hook(one, "*")
	h.must(rows.Insert(ctx, one, old{
		ID:        9_999,
		WebsiteID: one,
		WebhookID: int64(w.ID),
		EventID:   "old",
		Body:      "{}",
		Status:    "PENDING",
		NextAt:    start,
	}))
	found, err := h.Ready(ctx, one, w.ID, time.Now())
	h.must(err)
	loaded, err := h.Load(ctx, found[0])
	if err != nil || loaded.Body != "{}" || loaded.EventID != "old" {
		t.Errorf("%+v, %v", loaded, err)
	}
}

// TestSweepRemovesUnusedBodies: a body is removed with the last of its deliveries, and not before.
func TestSweepRemovesUnusedBodies(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx, first, second := t.Context(), h.hook(one, "*"), h.hook(one, "*")
	h.must(h.Apply(ctx, "conversations", h.sized(one, 1, 64<<10)))
	left := func() int {
		kinds, _ := storetest.Exported(t, h, subject.Website(one))
		return kinds["webhook_body"]
	}
	at := time.Now()
	sweep := func() {
		t.Helper()
		at = at.Add(25 * time.Hour)
		if more, err := h.Sweep(ctx, at); more || err != nil {
			t.Fatalf("%v, %v", more, err)
		}
	}
	h.must(h.Delete(ctx, one, first.ID))
	if sweep(); left() != 1 || h.body(second) == "" {
		t.Errorf("%d bodies while a delivery needs one", left())
	}
	h.must(h.Delete(ctx, one, second.ID))
	if sweep(); left() != 0 {
		t.Errorf("%d bodies without deliveries", left())
	}
}
