package journeys_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"fivechat.dev/tests/harness"
)

// verified fails the test if a receiver that has secret would reject the request.
func verified(t *testing.T, secret string, got harness.Received) {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Verify(got.Body, got.Header); err != nil {
		t.Errorf("%v: %v %s", err, got.Header, got.Body)
	}
}

// wait waits until a receiver got n requests, and returns them.
func wait(t *testing.T, r *harness.Receiver, n int) (got []harness.Received) {
	t.Helper()
	harness.Eventually(t, 2*harness.Patience, fmt.Sprint(n, " requests"), func() (bool, any) {
		got = r.Got()
		return len(got) >= n, len(got)
	})
	return got
}

// TestWebhooks checks that each event is delivered once to the subscribed webhooks, in order and signed, with the data
// of the event stream.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	r, picky := harness.Receive(t, nil), harness.Receive(t, nil)
	hook := w.NewWebhook(t, r.URL+"/all?a=b", "*")
	chosen := w.NewWebhook(t, picky.URL, "ticket.*", "conversation.opened")
	visitor := w.Visit(t, nil)
	conversation := visitor.Open(t, "Is it open?")
	for i := range 10 {
		w.Reply(t, conversation, fmt.Sprint("answer ", i))
	}
	w.NewTicket(t, harness.Map{"title": "Broken handle", "description": "It came off."})

	got := wait(t, r, 14)
	var said []string
	ids := map[string]bool{}
	for _, g := range got {
		verified(t, hook.Text("secret"), g)
		o := g.Object(t)
		if g.Path != "/all" || o.Int("websiteId") != w.ID || o.Text("id") != g.Header.Get("webhook-id") ||
			ids[o.Text("id")] ||
			g.Header.Get("Content-Type") != "application/json" || g.Header.Get("User-Agent") == "" {
			t.Errorf("%s %v %s", g.Path, g.Header, g.Body)
		}
		ids[o.Text("id")] = true
		if o.Text("type") == "message.created" {
			said = append(said, o.Object("data").Object("message").Text("content"))
		}
	}
	if len(said) != 11 || said[0] != "Is it open?" || said[10] != "answer 9" || !inOrder(said[1:]) {
		t.Errorf("messages %q", said)
	}
	for _, g := range wait(t, picky, 2) {
		verified(t, chosen.Text("secret"), g)
		if typ := g.Object(t).Text("type"); typ != "conversation.opened" && typ != "ticket.created" {
			t.Errorf("got an event of type %s", typ)
		}
	}
	var seen harness.Object
	harness.Eventually(t, harness.Patience, "the success is shown", func() (bool, any) {
		seen = w.Agent().Get(t, fmt.Sprintf("/webhooks/%d", hook.Int("id")))
		return !seen.Null("deliveredAt"), seen
	})
	if seen.Null("deliveredAt") || !seen.Null("failingSince") || !seen.Bool("enabled") || seen.M["secret"] != nil {
		t.Errorf("%s", seen)
	}
	var log harness.Object
	// the receiver gets it before the log shows it
	harness.Eventually(t, harness.Patience, "all are recorded", func() (bool, any) {
		log = w.Agent().Get(t, fmt.Sprintf("/webhooks/%d/deliveries?status=DELIVERED&limit=100", hook.Int("id")))
		return log.Int("total") == int64(len(ids)), log.Int("total")
	})
	if strings.Contains(log.String(), "v1,") || strings.Contains(log.String(), "whsec") {
		t.Errorf("the log: %s", log)
	}
}

func inOrder(said []string) bool {
	for i, s := range said {
		if s != fmt.Sprint("answer ", i) {
			return false
		}
	}
	return true
}

// TestWebhookSecretIsRotated checks that both secrets verify during the overlap, and afterwards only the new one.
func TestWebhookSecretIsRotated(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	r := harness.Receive(t, nil)
	hook := w.NewWebhook(t, r.URL, "*")
	path := fmt.Sprintf("/webhooks/%d", hook.Int("id"))
	first := hook.Text("secret")
	second := w.Agent().Send(t, 200, "POST", path+"/secret", nil)
	if second.Null("previousSecretUntil") || second.Text("secret") == first {
		t.Errorf("%s", second)
	}
	w.Agent().Send(t, 202, "POST", path+"/test", nil)
	got := wait(t, r, 1)
	verified(t, first, got[0])
	verified(t, second.Text("secret"), got[0])
	if o := got[0].Object(t); o.Text("type") != "webhook.test" || o.Object("data").Int("webhookId") != hook.Int("id") {
		t.Errorf("%s", o)
	}
	third := w.Agent().Send(t, 200, "POST", path+"/secret", harness.Map{"overlapSeconds": 0})
	d := w.Agent().Send(t, 202, "POST", path+"/test", nil)
	got = wait(t, r, 2)
	verified(t, third.Text("secret"), got[1])
	old, err := standardwebhooks.NewWebhook(second.Text("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if old.Verify(got[1].Body, got[1].Header) == nil {
		t.Error("the former secret still signs")
	}
	// A delivery can be sent again, with the same id.
	id := harness.PathID(d.Int("id"))
	w.Delivered(t, harness.PathID(hook.Int("id")), id, "DELIVERED")
	w.Agent().Send(t, 202, "POST", path+"/deliveries/"+id+"/redeliver", nil)
	if got = wait(t, r, 3); got[2].Header.Get("webhook-id") != d.Text("eventId") ||
		string(got[2].Body) != string(got[1].Body) {
		t.Errorf("again: %v %s", got[2].Header, got[2].Body)
	}
	if again := w.Delivered(t, harness.PathID(hook.Int("id")), id, "DELIVERED"); len(again.List("attempts")) != 2 {
		t.Errorf("%s", again)
	}
}

// TestSlowAndBrokenReceiversDontDelayOthers: one that is slow, unreachable or gone, redirects, or responds with
// garbage.
func TestSlowAndBrokenReceiversDontDelayOthers(t *testing.T) {
	t.Parallel()
	w, neighbour := harness.Running().Website(t, harness.Pro), harness.Running().Website(t, harness.Free)
	release := make(chan struct{})
	elsewhere := harness.Receive(t, nil)
	slow := harness.Receive(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) }) // before the receiver is closed
	var dropped atomic.Int64
	bad := map[string]*harness.Receiver{
		"redirecting": harness.Receive(t, func(rw http.ResponseWriter, req *http.Request) {
			http.Redirect(rw, req, elsewhere.URL, http.StatusTemporaryRedirect)
		}),
		"garbage": harness.Receive(t, func(rw http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(rw).Hijack()
			if err == nil {
				dropped.Add(1)
				fmt.Fprint(c, "\x00\x01 what?\r\n\r\n")
				c.Close()
			}
		}),
		"endless": harness.Receive(t, func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Set-Cookie", "a=secret")
			rw.WriteHeader(http.StatusInternalServerError)
			for range 1 << 12 {
				if _, err := rw.Write([]byte(strings.Repeat("\xff", 1<<10))); err != nil {
					return
				}
			}
		}),
	}
	w.NewWebhook(t, slow.URL, "*")
	unreachable := w.NewWebhook(t, "http://127.0.0.1:1/", "*")
	ids := map[string]int64{"unreachable": unreachable.Int("id")}
	for name, r := range bad {
		ids[name] = w.NewWebhook(t, r.URL, "*").Int("id")
	}
	good, other := harness.Receive(t, nil), harness.Receive(t, nil)
	w.NewWebhook(t, good.URL, "message.created")
	neighbour.NewWebhook(t, other.URL, "message.created")

	start := time.Now()
	for _, site := range []*harness.Website{w, neighbour} {
		conversation := site.Visit(t, nil).Open(t, "question")
		for i := range 20 {
			site.Reply(t, conversation, fmt.Sprint("answer ", i))
		}
	}
	wait(t, good, 21)
	wait(t, other, 21)
	t.Logf("delivered to the others in %v", time.Since(start))
	for name, want := range map[string]string{
		"unreachable": "the connection was refused", "garbage": "", "redirecting": "", "endless": "",
	} {
		path := fmt.Sprintf("/webhooks/%d/deliveries?status=PENDING&limit=100", ids[name])
		var first harness.Object
		harness.Eventually(t, 2*harness.Patience, name+" is attempted", func() (bool, any) {
			rows := w.Agent().Get(t, path).List("data")
			first = rows[len(rows)-1]
			return len(first.List("attempts")) > 0, first
		})
		a := first.List("attempts")[0]
		switch name {
		case "redirecting":
			if a.Int("status") != 307 || !strings.Contains(a.String(), elsewhere.URL) {
				t.Errorf("%s: %s", name, a)
			}
		case "endless":
			if a.Int("status") != 500 || len(a.Object("response").Text("body")) > 16<<10 ||
				strings.Contains(a.String(), "a=secret") {
				t.Errorf("%s: %.300s", name, a)
			}
		default:
			if !a.Null("status") || want != "" && a.Text("error") != want {
				t.Errorf("%s: %s", name, a)
			}
		}
	}
	if len(elsewhere.Got()) > 0 {
		t.Error("a redirect was followed")
	}
	if n := len(slow.Got()); n == 0 || n > 8 {
		t.Errorf("the slow receiver has %d concurrent requests", n)
	}
}

// TestFailingWebhookIsDisabled checks that a webhook whose receiver is gone is disabled and its owner notified. Once
// enabled, it continues with the pending events.
func TestFailingWebhookIsDisabled(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	var gone atomic.Bool
	gone.Store(true)
	r := harness.Receive(t, func(rw http.ResponseWriter, _ *http.Request) {
		if gone.Load() {
			rw.WriteHeader(http.StatusGone)
		}
	})
	events := w.Agent().Events(t, "/events", "")
	hook := w.NewWebhook(t, r.URL, "visitor.created")
	path := fmt.Sprintf("/webhooks/%d", hook.Int("id"))
	w.Visit(t, nil)
	var seen harness.Object
	harness.Eventually(t, 2*harness.Patience, "the webhook is disabled", func() (bool, any) {
		seen = w.Agent().Get(t, path)
		return !seen.Bool("enabled"), seen
	})
	if seen.Text("disabledReason") != "GONE" || seen.Null("disabledAt") || seen.Null("failingSince") {
		t.Errorf("%s", seen)
	}
	disabled := events.Until(t, "webhook.disabled").Data
	if disabled.Object("data").Int("webhookId") != hook.Int("id") || disabled.Object("data").Text("reason") != "GONE" {
		t.Errorf("%s", disabled)
	}
	w.Agent().Do(t, "POST", path+"/test", nil).Want(t, 409)
	gone.Store(false)
	on := w.Agent().Send(t, 200, "PATCH", path, harness.Map{"enabled": true})
	if !on.Bool("enabled") || !on.Null("disabledReason") {
		t.Errorf("%s", on)
	}
	failed := w.Agent().Get(t, path+"/deliveries?status=FAILED").List("data")
	if len(failed) != 1 {
		t.Fatalf("%d deliveries failed", len(failed))
	}
	w.Agent().Send(t, 202, "POST", fmt.Sprintf("%s/deliveries/%d/redeliver", path, failed[0].Int("id")), nil)
	wait(t, r, 2)
	w.Visit(t, nil)
	wait(t, r, 3)
}
