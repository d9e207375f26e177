package dispatch_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/webhooks"
	"fivechat.dev/services/webhooks/internal/dispatch"
	"fivechat.dev/services/webhooks/internal/mongostore"
)

// receiver is a fake Sender. It records requests and responds as configured.
type receiver struct {
	mu     sync.Mutex
	got    map[id.Webhook][]string // events by webhook
	under  map[id.Webhook]int      // requests in progress
	most   map[id.Webhook]int
	answer func(ctx context.Context, w webhooks.Webhook, d webhooks.Delivery, try int) webhooks.Attempt
	tries  map[string]int
}

// Send implements dispatch.Sender.
func (r *receiver) Send(ctx context.Context, w webhooks.Webhook, d webhooks.Delivery) webhooks.Attempt {
	key := fmt.Sprint(w.ID, " ", d.EventID)
	r.mu.Lock()
	r.got[w.ID] = append(r.got[w.ID], d.EventID)
	r.under[w.ID]++
	r.most[w.ID] = max(r.most[w.ID], r.under[w.ID])
	r.tries[key]++
	try := r.tries[key]
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.under[w.ID]--
		r.mu.Unlock()
	}()
	if r.answer == nil {
		return webhooks.Attempt{Status: 200}
	}
	return r.answer(ctx, w, d, try)
}

func (r *receiver) events(webhook id.Webhook) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.got[webhook]...)
}

// counting is a store that counts how results are recorded.
type counting struct {
	*mongostore.Store
	before func() // called before results are recorded; may be nil

	mu                      sync.Mutex
	calls, now, most, total int
}

// Record implements dispatch.Store.
func (c *counting) Record(ctx context.Context, t tenant.ID, w id.Webhook, results []webhooks.Result) error {
	c.mu.Lock()
	c.calls, c.now, c.total = c.calls+1, c.now+1, c.total+len(results)
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	if c.before != nil {
		c.before()
	}
	err := c.Store.Record(ctx, t, w, results)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now--
	return err
}

type fixture struct {
	t     *testing.T
	store *counting
	to    *receiver
	wakes []func()
	pos   int64
}

// open makes a store and n dispatchers over it.
func open(
	t *testing.T, n int, answer func(context.Context, webhooks.Webhook, webhooks.Delivery, int) webhooks.Attempt,
) *fixture {
	t.Helper()
	db := storetest.DB(t, "webhooks")
	h := &fixture{
		t: t,
		to: &receiver{
			got:    map[id.Webhook][]string{},
			under:  map[id.Webhook]int{},
			most:   map[id.Webhook]int{},
			tries:  map[string]int{},
			answer: answer,
		},
	}
	h.store = &counting{Store: mongostore.New(db, outbox.NewLog(db, storetest.Telemetry(t, "webhooks")), func() {
		for _, wake := range h.wakes {
			wake()
		}
	}, time.Now)}
	storetest.Ready(t, db)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range n {
		d := dispatch.New(h.store, h.to, webhooks.Schedule{
			time.Millisecond, time.Millisecond, time.Millisecond,
		}, storetest.Telemetry(t, "webhooks"))
		h.wakes = append(h.wakes, d.Wake)
		all.Go(func() { _ = d.Run(ctx) })
	}
	t.Cleanup(func() { cancel(); all.Wait() })
	return h
}

func (h *fixture) hook(of tenant.ID) id.Webhook {
	h.t.Helper()
	id, err := h.store.WebhookID(h.t.Context())
	if err == nil {
		err = h.store.Create(h.t.Context(), webhooks.Webhook{
			ID:        id,
			WebsiteID: of,
			URL:       "https://a.example",
			Events:    []string{"*"},
			Enabled:   true,
			CreatedAt: time.Now().Add(-time.Hour),
		})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// tell appends n events of each key, in turn. An event's id is its key and its number.
func (h *fixture) tell(of tenant.ID, keys, n int) {
	h.t.Helper()
	var records []outbox.Record
	for i := range n {
		for key := range keys {
			h.pos++
			records = append(records, outbox.Record{
				ID:      fmt.Sprintf("%d-%03d", key, i),
				Website: of,
				Type:    "message.created",
				Key:     int64(key),
				At:      time.Now(),
				Pos:     h.pos,
				Data:    "{}",
			})
		}
	}
	if err := h.store.Apply(h.t.Context(), fmt.Sprint("log of ", of), records); err != nil {
		h.t.Fatal(err)
	}
}

// wait waits until a webhook was sent n events.
func (h *fixture) wait(webhook id.Webhook, n int) []string {
	h.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		got := h.to.events(webhook)
		if len(got) >= n {
			return got
		}
		if time.Now().After(end) {
			h.t.Fatalf("webhook %d was sent %d events and not %d: %q", webhook, len(got), n, got)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// until waits until a condition holds.
func (h *fixture) until(what string, holds func() bool) {
	for end := time.Now().Add(20 * time.Second); !holds(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Errorf("not in time: %s", what)
			return
		}
	}
}

// inOrder fails the test if the events of a key aren't in order. A repeated event isn't out of order.
func inOrder(t *testing.T, got []string) {
	t.Helper()
	last := map[string]string{}
	for _, id := range got {
		key, number, _ := strings.Cut(id, "-")
		if number < last[key] {
			t.Errorf("%s comes after %s", id, last[key])
		}
		last[key] = number
	}
}

// TestReplicasDeliverEachEventOnce: each event is delivered once and in order, although all replicas look for it.
func TestReplicasDeliverEachEventOnce(t *testing.T) {
	t.Parallel()
	h := open(t, 3, nil)
	one, two := storetest.Tenant(1), storetest.Tenant(2)
	hooks := map[id.Webhook]tenant.ID{h.hook(one): one, h.hook(one): one, h.hook(two): two}
	h.tell(one, 5, 20)
	h.tell(two, 3, 10)
	for id, of := range hooks {
		want := map[tenant.ID]int{one: 100, two: 30}[of]
		got := h.wait(id, want)
		inOrder(t, got)
		if len(got) != want {
			t.Errorf("%d events and not %d", len(got), want)
		}
	}
}

// TestFailureHoldsBackItsKey: events of one conversation wait for the failed one; those of others don't.
func TestFailureHoldsBackItsKey(t *testing.T) {
	t.Parallel()
	h := open(t, 1, func(_ context.Context, _ webhooks.Webhook, d webhooks.Delivery, try int) webhooks.Attempt {
		if strings.HasPrefix(d.EventID, "1-") && try < 3 {
			return webhooks.Attempt{Status: 500}
		}
		return webhooks.Attempt{Status: 200}
	})
	one := storetest.Tenant(1)
	id := h.hook(one)
	h.tell(one, 3, 5)
	got := h.wait(id, 5+15+5)
	inOrder(t, got)
	if n := h.to.most[id]; n > 8 {
		t.Errorf("%d requests at once", n)
	}
}

// TestSlowReceiverDoesntDelayOthers: it has the allowed number of concurrent requests and no more.
func TestSlowReceiverDoesntDelayOthers(t *testing.T) {
	t.Parallel()
	var slow id.Webhook
	release := make(chan struct{})
	h := open(t, 1, func(ctx context.Context, w webhooks.Webhook, _ webhooks.Delivery, _ int) webhooks.Attempt {
		if w.ID == slow {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return webhooks.Attempt{Status: 200}
	})
	one := storetest.Tenant(1)
	slow = h.hook(one)
	quick := h.hook(one)
	h.tell(one, 20, 3)
	inOrder(t, h.wait(quick, 60))
	if n := len(h.to.events(slow)); n != 8 {
		t.Errorf("the slow one has %d requests", n)
	}
	close(release)
	inOrder(t, h.wait(slow, 60))
}

// TestStoppingCountsNoAttempt: attempts in progress when a replica stops are made again by another one, and aren't
// counted.
func TestStoppingCountsNoAttempt(t *testing.T) {
	t.Parallel()
	one := storetest.Tenant(1)
	h := open(t, 0, nil)
	id := h.hook(one)
	h.tell(one, 1, 1)
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan struct{})
	h.to.answer = func(ctx context.Context, _ webhooks.Webhook, _ webhooks.Delivery, try int) webhooks.Attempt {
		if try == 1 {
			close(entered)
			<-ctx.Done()
			return webhooks.Attempt{Error: "broken off"}
		}
		return webhooks.Attempt{Status: 200}
	}
	first := dispatch.New(h.store, h.to, webhooks.Standard(), storetest.Telemetry(t, "webhooks"))
	ended := make(chan struct{})
	go func() { defer close(ended); _ = first.Run(ctx) }()
	<-entered
	cancel()
	<-ended
	rest, stop := context.WithCancel(context.Background())
	second := dispatch.New(h.store, h.to, webhooks.Standard(), storetest.Telemetry(t, "webhooks"))
	var all sync.WaitGroup
	all.Go(func() { _ = second.Run(rest) })
	h.wait(id, 2)
	stop()
	all.Wait()
	d, err := h.store.Ready(t.Context(), one, id, time.Now().Add(time.Hour))
	if err != nil || len(d) != 0 {
		t.Errorf("%d still wait, %v", len(d), err)
	}
}

// TestResultsOfAWebhookHaveOneWriter: what arrives while results are recorded is recorded together afterwards.
// Transactions that write the same webhook at the same time would abort each other.
func TestResultsOfAWebhookHaveOneWriter(t *testing.T) {
	t.Parallel()
	const keys = 24
	h := open(t, 1, nil)
	webhook := h.hook(storetest.Tenant(1))
	var once sync.Once
	h.store.before = func() {
		once.Do(func() {
			h.until("other deliveries are made", func() bool { return len(h.to.events(webhook)) >= 8 })
		})
	}
	h.tell(storetest.Tenant(1), keys, 1)
	h.until("all results are recorded", func() bool {
		h.store.mu.Lock()
		defer h.store.mu.Unlock()
		return h.store.total == keys
	})
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	if h.store.most != 1 || h.store.calls == keys {
		t.Errorf("%d results in %d transactions, %d at a time", keys, h.store.calls, h.store.most)
	}
}
