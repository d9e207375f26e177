package mongostore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/webhooks"
	"fivechat.dev/services/webhooks/internal/mongostore"
)

var (
	one, two = storetest.Tenant(1), storetest.Tenant(2)
	start    = time.Now().UTC().Truncate(time.Millisecond).Add(-time.Hour)
)

type fixture struct {
	*mongostore.Store
	t     *testing.T
	log   *outbox.Log
	woken int
	pos   int64
}

func open(t *testing.T) *fixture {
	t.Helper()
	db := storetest.DB(t, "webhooks")
	h := &fixture{t: t, log: outbox.NewLog(db, storetest.Telemetry(t, "webhooks"))}
	h.Store = mongostore.New(db, h.log, func() { h.woken++ }, time.Now)
	storetest.Ready(t, db)
	return h
}

func (h *fixture) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// hook makes an enabled webhook.
func (h *fixture) hook(of tenant.ID, types ...string) webhooks.Webhook {
	h.t.Helper()
	number, err := h.WebhookID(h.t.Context())
	h.must(err)
	w := webhooks.Webhook{
		ID:        number,
		WebsiteID: of,
		URL:       "https://a.example",
		Events:    types,
		Enabled:   true,
		Secret:    webhooks.NewSecret(),
		CreatedAt: start,
		UpdatedAt: start,
	}
	h.must(h.Create(h.t.Context(), w))
	return w
}

// tell returns the records of events about keys of a website.
func (h *fixture) tell(of tenant.ID, typ contract.EventType, keys ...int64) (records []outbox.Record) {
	for _, key := range keys {
		h.pos++
		records = append(records, outbox.Record{
			ID:      fmt.Sprint("e", h.pos),
			Website: of,
			Type:    typ,
			Key:     key,
			At:      time.Now(),
			Pos:     h.pos,
			Data:    fmt.Sprintf(`{"visitorId":%d}`, 70+key),
		})
	}
	return records
}

func (h *fixture) all(w webhooks.Webhook, status webhooks.Status) []webhooks.Delivery {
	h.t.Helper()
	found, err := h.Deliveries(h.t.Context(), w.WebsiteID, w.ID, status, paging.Window{Limit: 100})
	h.must(err)
	return found.Rows
}

func (h *fixture) ready(w webhooks.Webhook, at time.Time) (ids []string) {
	h.t.Helper()
	found, err := h.Ready(h.t.Context(), w.WebsiteID, w.ID, at)
	h.must(err)
	for _, d := range found {
		ids = append(ids, d.EventID)
	}
	slices.Sort(ids)
	return ids
}

// record records an attempt of the delivery of an event.
func (h *fixture) record(w webhooks.Webhook, event string, status int, at time.Time) webhooks.Delivery {
	h.t.Helper()
	rows := h.all(w, webhooks.Pending)
	i := slices.IndexFunc(rows, func(d webhooks.Delivery) bool { return d.EventID == event })
	if i < 0 {
		h.t.Fatalf("%s does not wait", event)
	}
	a := webhooks.Attempt{At: at, Status: status}
	d := rows[i].After(a, webhooks.Standard(), at, 0.5)
	result := webhooks.Result{Before: rows[i], After: d, Attempt: a}
	h.must(h.Record(h.t.Context(), w.WebsiteID, w.ID, []webhooks.Result{result}))
	return d
}

// TestEachEventIsDeliveredOnce, however its log is split into batches.
func TestEachEventIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	everything, tickets, theirs := h.hook(one, "*"), h.hook(one, "ticket.*"), h.hook(two, "*")
	records := append(h.tell(one, "message.created", 1, 2), h.tell(two, "message.created", 3)...)
	records = append(records, outbox.Record{
		ID:      "erased",
		Website: one,
		Type:    "message.created",
		Pos:     4,
		Data:    "{}",
		Erased:  true,
	},
		outbox.Record{
			ID:     "nobody's",
			Type:   "erased",
			Pos:    5,
			Data:   "{}",
			Erased: true,
		})
	for _, part := range [][]outbox.Record{records[:1], records[:3], records, records[1:]} {
		h.must(h.Apply(t.Context(), "conversations", part))
	}
	if a, b, c := len(h.all(everything, "")), len(h.all(tickets, "")), len(h.all(theirs, "")); a != 2 || b != 0 ||
		c != 1 {
		t.Errorf("%d, %d and %d deliveries", a, b, c)
	}
	if pos, err := h.Position(t.Context(), "conversations"); pos != 5 || err != nil {
		t.Errorf("position %d, %v", pos, err)
	}
	if h.woken == 0 {
		t.Error("the dispatcher wasn't woken")
	}
	bad := append(h.tell(one, "message.created", 1), outbox.Record{
		ID:      "x",
		Website: one,
		Type:    "x",
		Pos:     9,
		Data:    "no JSON",
	})
	if err := h.Apply(t.Context(), "visitors", bad); err == nil {
		t.Error("data that is no JSON")
	}
	if n := len(h.all(everything, "")); n != 2 {
		t.Errorf("half of a batch was stored: %d", n)
	}
}

// TestFailureHoldsBackItsKey: the first delivery of each key is ready. A failed one holds back later ones of its key,
// and no others.
func TestFailureHoldsBackItsKey(t *testing.T) {
	t.Parallel()
	h := open(t)
	w, other := h.hook(one, "*"), h.hook(one, "*")
	h.must(h.Apply(t.Context(), "conversations", h.tell(one, "message.created", 1, 1, 2, 1, 2)))
	now := time.Now().Add(time.Second)
	if got := h.ready(w, now); !slices.Equal(got, []string{"e1", "e3"}) {
		t.Fatalf("at first %q", got)
	}
	failed := h.record(w, "e1", 500, now)
	h.record(w, "e3", 200, now)
	if got := h.ready(w, now); !slices.Equal(got, []string{"e5"}) {
		t.Errorf("after a failure %q", got)
	}
	h.must(h.Apply(t.Context(), "conversations", h.tell(one, "message.created", 1, 3)))
	if got := h.ready(w, time.Now().Add(time.Second)); !slices.Equal(got, []string{"e5", "e7"}) {
		t.Errorf("what comes later of the same %q", got)
	}
	waiting, err := h.Waiting(t.Context(), []id.Webhook{other.ID})
	due := slices.IndexFunc(waiting, func(d webhooks.Delivery) bool { return d.NextAt.After(time.Now().Add(time.Second)) })
	if err != nil || due != 2 {
		t.Errorf("the first %d of %d are due, %v", due, len(waiting), err)
	}
	if got := h.ready(other, now.Add(time.Second)); len(got) != 3 {
		t.Errorf("to another webhook %q", got)
	}
	if got := h.ready(w, failed.NextAt); !slices.Equal(got, []string{"e1", "e5", "e7"}) {
		t.Errorf("when its time has come %q", got)
	}
	h.record(w, "e1", 200, failed.NextAt)
	if got := h.ready(w, failed.NextAt); !slices.Equal(got, []string{"e2", "e5", "e7"}) {
		t.Errorf("after it %q", got)
	}
}

func TestLeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	h := open(t)
	w, ctx, now := h.hook(one, "*"), t.Context(), time.Now()
	claim := func(who string, at time.Time) bool {
		t.Helper()
		_, mine, err := h.Claim(ctx, one, w.ID, who, at, at.Add(time.Minute))
		h.must(err)
		return mine
	}
	if first, kept := claim("a", now), claim("a", now); !first || !kept || claim("b", now) {
		t.Error("the lease is a's")
	}
	if !claim("b", now.Add(2*time.Minute)) || claim("a", now.Add(2*time.Minute)) {
		t.Error("it ran out and is b's")
	}
	h.must(h.Release(ctx, one, w.ID, "a")) // not its own lease
	if claim("a", now.Add(2*time.Minute)) {
		t.Error("another's lease was given back")
	}
	h.must(h.Release(ctx, one, w.ID, "b"))
	if !claim("a", now.Add(2*time.Minute)) {
		t.Error("it was given back")
	}
	if _, mine, err := h.Claim(ctx, two, w.ID, "c", now.Add(time.Hour), now.Add(2*time.Hour)); mine || err != nil {
		t.Errorf("in another's name: %v, %v", mine, err)
	}
}

// TestDisabledWebhookHoldsItsDeliveries: pending deliveries are held, events meanwhile aren't delivered, and enabling
// continues the held ones.
func TestDisabledWebhookHoldsItsDeliveries(t *testing.T) {
	t.Parallel()
	h := open(t)
	w, ctx := h.hook(one, "*"), t.Context()
	h.must(h.Apply(ctx, "conversations", h.tell(one, "message.created", 1, 2, 3)))
	now := time.Now().UTC().Truncate(time.Millisecond)
	h.record(w, "e1", 410, now)
	off, err := h.Get(ctx, one, w.ID)
	h.must(err)
	if off.Enabled || off.DisabledReason != webhooks.Gone || off.Version != 1 || len(h.all(w, webhooks.Held)) != 2 ||
		len(h.all(w, webhooks.Failed)) != 1 {
		t.Errorf("%+v; %d held", off, len(h.all(w, webhooks.Held)))
	}
	if waiting, disabled, err := h.Standing(ctx); waiting != 0 || disabled != 1 || err != nil {
		t.Errorf("%d wait, %d are disabled, %v", waiting, disabled, err)
	}
	h.must(h.Apply(ctx, "conversations", h.tell(one, "message.created", 4)))
	if _, mine, err := h.Claim(ctx, one, w.ID, "a", now, now.Add(time.Minute)); mine || err != nil {
		t.Errorf("claimed: %v, %v", mine, err)
	}
	if n := len(h.all(w, "")); n != 3 {
		t.Errorf("%d deliveries", n)
	}
	_, err = h.Save(ctx, one, w.ID, func(stored webhooks.Webhook) (webhooks.Webhook, error) {
		stored.Enabled, stored.UpdatedAt = true, now
		return stored, nil
	})
	h.must(err)
	if got := h.ready(w, now); len(got) != 2 {
		t.Errorf("after enabling %q", got)
	}
}

// TestBacklogDisablesAWebhook: a webhook that accepts nothing doesn't fill the store.
func TestBacklogDisablesAWebhook(t *testing.T) {
	t.Parallel()
	h := open(t)
	w, ctx := h.hook(one, "*"), t.Context()
	keys := make([]int64, 500)
	for range webhooks.MaxWaiting / len(keys) {
		h.must(h.Apply(ctx, "conversations", h.tell(one, "message.created", keys...)))
	}
	if got, err := h.Get(ctx, one, w.ID); err != nil || !got.Enabled {
		t.Fatalf("%v, %v", got.Enabled, err)
	}
	h.must(h.Apply(ctx, "conversations", h.tell(one, "message.created", 1)))
	if got, err := h.Get(ctx, one, w.ID); err != nil || got.DisabledReason != webhooks.Backlog {
		t.Errorf("%q, %v", got.DisabledReason, err)
	}
}

func TestRedeliver(t *testing.T) {
	t.Parallel()
	h := open(t)
	w, ctx := h.hook(one, "*"), t.Context()
	h.must(h.Apply(ctx, "conversations", h.tell(one, "message.created", 1)))
	now := time.Now().UTC().Truncate(time.Millisecond)
	waiting := h.all(w, "")[0]
	if _, err := h.Redeliver(ctx, one, w.ID, waiting.ID, now); !fault.Is(err, fault.Conflict) {
		t.Errorf("one that waits: %v", err)
	}
	h.record(w, "e1", 200, now)
	for _, c := range []struct {
		of   tenant.ID
		hook id.Webhook
		id   id.Delivery
	}{{two, w.ID, waiting.ID}, {one, w.ID + 1, waiting.ID}, {one, w.ID, waiting.ID + 1}} {
		if _, err := h.Redeliver(ctx, c.of, c.hook, c.id, now); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v: %v", c, err)
		}
	}
	again, err := h.Redeliver(ctx, one, w.ID, waiting.ID, now)
	if err != nil || again.Status != webhooks.Pending || again.EventID != "e1" || len(again.Attempts) != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	if got, err := h.Delivery(ctx, one, w.ID, waiting.ID); err != nil || got.Status != webhooks.Pending ||
		got.Body == "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWebhooksOfAWebsite(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx := t.Context()
	var last webhooks.Webhook
	for range webhooks.MaxWebhooks {
		last = h.hook(one, "*")
	}
	number, err := h.WebhookID(ctx)
	h.must(err)
	if err := h.Create(ctx, webhooks.Webhook{ID: number, WebsiteID: one}); !fault.Is(err, fault.Conflict) {
		t.Errorf("one too many: %v", err)
	}
	theirs := h.hook(two, "*")
	found, err := h.List(ctx, one, paging.Window{Limit: 5})
	if err != nil || found.Total != webhooks.MaxWebhooks || len(found.Rows) != 5 || found.Rows[0].ID != last.ID {
		t.Errorf("%d of %d, %v", len(found.Rows), found.Total, err)
	}
	if err := h.Delete(ctx, one, theirs.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("another's: %v", err)
	}
	h.must(h.Apply(ctx, "conversations", h.tell(one, "message.created", 1)))
	h.must(h.Delete(ctx, one, last.ID))
	if n := len(h.all(last, "")); n != 0 {
		t.Errorf("%d of its deliveries are left", n)
	}
}

func TestGuarded(t *testing.T) {
	t.Parallel()
	h := open(t)
	w := h.hook(one, "*")
	storetest.Guarded(t,
		func(ctx context.Context) (version.Of, error) {
			got, err := h.Get(ctx, one, w.ID)
			return got.Revision(), err
		},
		func(ctx context.Context) error {
			_, err := h.Save(ctx, one, w.ID, func(w webhooks.Webhook) (webhooks.Webhook, error) {
				w.Version++
				return w, nil
			})
			return err
		},
		func(ctx context.Context) error { return h.Delete(ctx, one, w.ID) })
}

// TestExportHasNoSecrets: an export has a website's webhooks and deliveries without secrets. A visitor's export and
// erasure include deliveries about the visitor.
func TestExportHasNoSecrets(t *testing.T) {
	t.Parallel()
	h := open(t)
	w, theirs := h.hook(one, "*"), h.hook(two, "*")
	h.must(
		h.Apply(
			t.Context(), "conversations",
			append(h.tell(one, "message.created", 1, 1, 2), h.tell(two, "message.created", 1)...),
		),
	)
	kinds, rows := storetest.Exported(t, h, subject.Website(one))
	if kinds["webhook"] != 1 || kinds["webhook_delivery"] != 3 || strings.Contains(strings.Join(rows, ""), "whsec_") {
		t.Errorf("%v: %s", kinds, rows)
	}
	if kinds, _ = storetest.Exported(t, h, subject.Visitor(one, 71)); kinds["webhook_delivery"] != 2 || len(kinds) != 1 {
		t.Errorf("of a visitor: %v", kinds)
	}
	storetest.Erase(t, h, subject.Visitor(one, 71))
	if n := len(h.all(w, "")); n != 1 {
		t.Errorf("%d are left", n)
	}
	storetest.Erase(t, h, subject.Website(one))
	if kinds, _ = storetest.Exported(t, h, subject.Website(one)); len(kinds) != 0 || len(h.all(theirs, "")) != 1 {
		t.Errorf("left: %v, and %d of the other website's", kinds, len(h.all(theirs, "")))
	}
}

// TestVisitorsDeliveriesAreErased: also deliveries whose data doesn't name the visitor. Pending announcements of an
// erasure stay.
func TestVisitorsDeliveriesAreErased(t *testing.T) {
	t.Parallel()
	h := open(t)
	w := h.hook(one, "*")
	about := func(source string, typ contract.EventType, key, visitor int64) {
		records := h.tell(one, typ, key)
		records[0].Data, records[0].Visitor = fmt.Sprintf(`{"ticketId":"%d"}`, key), visitor
		h.must(h.Apply(t.Context(), source, records))
		h.pos = records[0].Pos
	}
	about("tickets", "ticket.created", 1, 7)
	about("tickets", "ticket.deleted", 1, 7)
	about("tickets", "ticket.created", 2, 8)
	about("tickets", "ticket.created", 3, 0)
	about("tickets", "conversation.erased", 4, 7)
	storetest.Erase(t, h, subject.Visitor(one, 7))
	var left []string
	for _, d := range h.all(w, "") {
		left = append(left, d.Type+" "+d.Key)
	}
	slices.Sort(left)
	want := []string{
		"conversation.erased tickets:4",
		"ticket.created tickets:2",
		"ticket.created tickets:3",
		"ticket.deleted tickets:1",
	}
	if !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	h.record(w, "e2", 204, time.Now())
	h.record(w, "e5", 204, time.Now())
	storetest.Erase(t, h, subject.Visitor(one, 7))
	if n := len(h.all(w, "")); n != 2 {
		t.Errorf("%d are left", n)
	}
}
