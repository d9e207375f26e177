package webhooks_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/webhooks"
)

var noon = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

func TestURLs(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"https://a.example":                      true,
		"https://a.example:8443/b?c=d":           true,
		"https://[2001:db8::1]/":                 true,
		"https://xn--bcher-kva.example":          true,
		"http://a.example":                       false,
		"HTTPS://a.example":                      true,
		"ftp://a.example":                        false,
		"https://":                               false,
		"https:///path":                          false,
		"https:a.example":                        false,
		"//a.example":                            false,
		"a.example":                              false,
		"":                                       false,
		"https://u:p@a.example":                  false,
		"https://u@a.example":                    false,
		"https://a.example/#b":                   false,
		"https://a.example#":                     false,
		"https://a.example/%zz":                  false,
		"https://a b.example":                    false,
		"https://a.example/\x00":                 false,
		"javascript:alert(1)":                    false,
		"file:///etc/passwd":                     false,
		"https://a/" + strings.Repeat("a", 2100): false,
	} {
		err := webhooks.Draft{URL: url, Events: []string{"*"}}.Validate(false)
		if (err == nil) != ok || err != nil && (!fault.Is(err, fault.Invalid) ||
			fault.From(err).Fields[0].Field != "url") {
			t.Errorf("%q: %v", url, err)
		}
		patch := webhooks.Patch{URL: optional.Of(url)}.Validate(false)
		if (patch == nil) != ok {
			t.Errorf("%q in a patch: %v", url, patch)
		}
	}
	if err := (webhooks.Draft{URL: "http://127.0.0.1:1/", Events: []string{"*"}}).Validate(true); err != nil {
		t.Errorf("where http is allowed: %v", err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		events []string
		ok     bool
		wants  string
	}{
		{[]string{"*"}, true, "ticket.created"},
		{[]string{"ticket.*"}, true, "ticket.message_created"},
		{[]string{"ticket.created", "message.*"}, true, "message.created"},
		{[]string{"visitor.*"}, true, "visitor.updated"},
		{nil, false, ""},
		{[]string{""}, false, ""},
		{[]string{"ticket"}, false, ""},
		{[]string{"ticket*"}, false, ""},
		{[]string{"*.created"}, false, ""},
		{[]string{"**"}, false, ""},
		{[]string{"typing"}, false, ""},
		{[]string{"webhook.test"}, false, ""},
		{[]string{"nothing.*"}, false, ""},
		{[]string{"*", "*"}, false, ""},
		{slices.Repeat([]string{"*"}, 20), false, ""},
	} {
		err := webhooks.Draft{URL: "https://a", Events: c.events}.Validate(false)
		if (err == nil) != c.ok || err != nil && fault.From(err).Fields[0].Field != "events" {
			t.Errorf("%q: %v", c.events, err)
		}
		if w := (webhooks.Webhook{Events: c.events, Enabled: true}); c.ok && !w.Wants(c.wants) {
			t.Errorf("%q does not want %s", c.events, c.wants)
		}
	}
	chosen := webhooks.Webhook{Events: []string{"visitor.*"}, Enabled: true}
	if chosen.Wants("visitors.imported") || chosen.Wants("ticket.created") ||
		(webhooks.Webhook{Events: []string{"*"}}).Wants("ticket.created") {
		t.Error("what it does not want, or while it is disabled")
	}
}

func TestPatchRefusesNull(t *testing.T) {
	t.Parallel()
	p := webhooks.Patch{
		URL: optional.Value[string]{Set: true, Null: true}, Description: optional.Of(strings.Repeat("ä", 256)),
		Events: optional.Value[[]string]{Set: true, Null: true}, Enabled: optional.Value[bool]{Set: true, Null: true},
	}
	if err := p.Validate(false); err == nil || len(fault.From(err).Fields) != 4 {
		t.Errorf("%v", err)
	}
	if err := (webhooks.Patch{Description: optional.Of(strings.Repeat("ä", 255))}).Validate(false); err != nil {
		t.Error(err)
	}
}

// TestSchedule: a failing delivery is tried for a little over three days, with growing pauses, and then fails.
func TestSchedule(t *testing.T) {
	t.Parallel()
	refused := webhooks.Attempt{Status: 500}
	for _, chance := range []float64{0, 0.5, 1} {
		d, now := webhooks.Delivery{Status: webhooks.Pending}, noon
		var last time.Duration
		tries := 0
		for d.Status == webhooks.Pending {
			d = d.After(refused, webhooks.Standard(), now, chance)
			tries++
			if d.Status == webhooks.Pending {
				if wait := d.NextAt.Sub(now); wait <= last {
					t.Errorf("after %d tries it waits %v, before it %v", tries, wait, last)
				} else {
					last = wait
				}
				now = d.NextAt
			}
		}
		if d.Status != webhooks.Failed || tries != 10 || len(d.Attempts) != 10 || d.Tries != 10 {
			t.Errorf("%s after %d tries with %d attempts", d.Status, tries, len(d.Attempts))
		}
		if took := now.Sub(noon); took < 65*time.Hour || took > 90*time.Hour {
			t.Errorf("it took %v", took)
		}
	}
}

func TestAttemptUpdatesDeliveryAndWebhook(t *testing.T) {
	t.Parallel()
	healthy := webhooks.Webhook{Enabled: true, DeliveredAt: noon.Add(-time.Hour)}
	first := webhooks.Delivery{Status: webhooks.Pending, CreatedAt: noon.Add(-time.Minute)}
	last := first
	last.Tries = len(webhooks.Standard())
	for name, c := range map[string]struct {
		hook     webhooks.Webhook
		delivery webhooks.Delivery
		attempt  webhooks.Attempt
		status   webhooks.Status
		wait     time.Duration
		reason   webhooks.Reason
	}{
		"200":     {healthy, first, webhooks.Attempt{Status: 200}, webhooks.Delivered, 0, ""},
		"204":     {healthy, first, webhooks.Attempt{Status: 204}, webhooks.Delivered, 0, ""},
		"301":     {healthy, first, webhooks.Attempt{Status: 301}, webhooks.Pending, 5 * time.Second, ""},
		"404":     {healthy, first, webhooks.Attempt{Status: 404}, webhooks.Pending, 5 * time.Second, ""},
		"nothing": {healthy, first, webhooks.Attempt{Error: "x"}, webhooks.Pending, 5 * time.Second, ""},
		"asked to wait": {
			healthy, first, webhooks.Attempt{Status: 429, RetryAfter: time.Hour}, webhooks.Pending, time.Hour, "",
		},
		"asked for too long": {
			healthy, first,
			webhooks.Attempt{Status: 503, RetryAfter: 999 * time.Hour},
			webhooks.Pending,
			24 * time.Hour, "",
		},
		"gone":         {healthy, first, webhooks.Attempt{Status: 410}, webhooks.Failed, 0, webhooks.Gone},
		"the last one": {healthy, last, webhooks.Attempt{Status: 500}, webhooks.Failed, 0, webhooks.Exhausted},
		"while others succeed": {
			webhooks.Webhook{Enabled: true, DeliveredAt: noon},
			last,
			webhooks.Attempt{Status: 500},
			webhooks.Failed,
			0, "",
		},
		"already disabled": {webhooks.Webhook{}, first, webhooks.Attempt{Status: 410}, webhooks.Failed, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := c.delivery.After(c.attempt, webhooks.Standard(), noon, 0.5)
			if d.Status != c.status || c.wait != 0 && d.NextAt.Sub(noon) != c.wait {
				t.Errorf("%s, next in %v", d.Status, d.NextAt.Sub(noon))
			}
			w := c.hook.After(d, c.attempt, noon)
			if w.DisabledReason != c.reason || w.Enabled != (c.hook.Enabled && c.reason == "") ||
				(c.reason != "") != (w.Version > c.hook.Version) {
				t.Errorf("%+v", w)
			}
			if success := c.attempt.Succeeded(); success != w.FailingSince.IsZero() ||
				success != w.DeliveredAt.Equal(noon) && name != "while others succeed" {
				t.Errorf("delivered at %v, failing since %v", w.DeliveredAt, w.FailingSince)
			}
		})
	}
	var many webhooks.Delivery
	for range 50 {
		many = many.Again(noon).After(webhooks.Attempt{Status: 200}, webhooks.Standard(), noon, 0)
	}
	if len(many.Attempts) != 12 || many.Tries != 1 {
		t.Errorf("%d attempts are kept", len(many.Attempts))
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	one, two := site(t, 1), site(t, 2)
	hook := func(webhook id.Webhook, of tenant.ID, created time.Time, events ...string) webhooks.Webhook {
		return webhooks.Webhook{
			ID:        webhook,
			WebsiteID: of,
			Events:    events,
			Enabled:   true,
			CreatedAt: created,
		}
	}
	hooks := []webhooks.Webhook{
		hook(1, one, noon, "*"), hook(2, one, noon, "ticket.*"), hook(3, two, noon, "*"),
		hook(4, one, noon.Add(time.Second), "*"),
	}
	var happened []webhooks.Event
	for i, typ := range []string{"message.created", "ticket.created"} {
		e, err := webhooks.NewEvent(typ, typ, "k", int64(i), one, noon, []byte(`{"conversation":{"visitorId":9}}`))
		if err != nil {
			t.Fatal(err)
		}
		happened = append(happened, e)
	}
	var got []string
	number := func(n int) id.Delivery { return id.Delivery(100 + n) }
	if ahead := webhooks.Plan(hooks[3:], happened, noon, number); len(ahead) != len(happened) {
		t.Errorf("a webhook created by a clock that was ahead gets %d events", len(ahead))
	}
	for _, d := range webhooks.Plan(hooks, happened, noon.Add(time.Minute), number) {
		got = append(got, string(rune('0'+d.WebhookID))+" "+d.EventID)
		if d.WebsiteID != one || d.VisitorID != 9 || d.Status != webhooks.Pending || d.ID < 100 ||
			!strings.Contains(d.Body, `"timestamp":"2024-01-15T12:00:00.000Z"`) {
			t.Errorf("%+v", d)
		}
	}
	if want := []string{"1 message.created", "1 ticket.created", "2 ticket.created"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if _, err := webhooks.NewEvent("e", "t", "k", 1, one, noon, []byte("{")); err == nil {
		t.Error("data that is no JSON")
	}
}

func site(t *testing.T, n int64) tenant.ID {
	t.Helper()
	id, err := tenant.New(n)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestPreviousSecretSignsDuringOverlap(t *testing.T) {
	t.Parallel()
	w := webhooks.Webhook{Secret: "new", Previous: "old", PreviousUntil: noon}
	if got := w.Secrets(noon.Add(-1)); !slices.Equal(got, []string{"new", "old"}) {
		t.Errorf("during the overlap %q", got)
	}
	if got := w.Secrets(noon); !slices.Equal(got, []string{"new"}) {
		t.Errorf("after it %q", got)
	}
	if a, b := webhooks.NewSecret(), webhooks.NewSecret(); a == b || len(a) != len("whsec_")+44 {
		t.Errorf("%s %s", a, b)
	}
}

// TestAttemptsAreBoundedInBytes: of large attempts the oldest are dropped, but never the last one.
func TestAttemptsAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{10: 12, webhooks.MaxAttemptsBytes / 4: 4, 2 * webhooks.MaxAttemptsBytes: 1} {
		var d webhooks.Delivery
		for i := range 20 {
			d = d.After(webhooks.Attempt{
				Status: 500 + i,
				Body:   strings.Repeat("x", size),
			}, webhooks.Standard(), noon, 0)
		}
		if n := len(d.Attempts); n != want || d.Attempts[n-1].Status != 519 {
			t.Errorf("attempts of %d bytes: %d are kept, want %d", size, n, want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc"},
		{"aä", 3, "aä"},
		{"aä", 2, "a\uFFFD"},
		{"a\xffb", 9, "a\uFFFDb"},
	} {
		if got := webhooks.Cut(c.text, c.most); got != c.want {
			t.Errorf("%q cut to %d is %q", c.text, c.most, got)
		}
	}
}
