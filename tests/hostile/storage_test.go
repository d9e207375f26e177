package hostile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

const message = 64 << 10 // bytes, the longest message

// every polls look after each pause until it reports ok, slowly enough for the default quotas.
func every(t *testing.T, pause, within time.Duration, what string, look func() (ok bool, state any)) {
	t.Helper()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for end := time.Now().Add(within); ; <-tick.C {
		ok, state := look()
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v; last seen: %v", what, within, state)
		}
	}
}

// exported returns how many bytes of each kind the export of a website has.
func exported(t *testing.T, w *harness.Website) map[string]int {
	t.Helper()
	a := w.Operator().Do(t, "GET", fmt.Sprintf("/operator/websites/%d/export", w.ID), nil).Want(t, 200)
	kinds := map[string]int{}
	for line := range bytes.Lines(a.Body) {
		var row struct{ Kind string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		kinds[row.Kind] += len(line)
	}
	return kinds
}

// TestEventBodyIsStoredOnce: 20 webhooks that subscribe to the same long messages get each of them whole, and the
// service stores each message once.
func TestEventBodyIsStoredOnce(t *testing.T) {
	t.Parallel()
	const hooks, messages = 20, 10
	s := harness.Running().From("198.51.100.20")
	w := s.Website(t, harness.Free)
	r := harness.Receive(t, nil)
	for range hooks {
		w.NewWebhook(t, r.URL, "message.created")
	}
	v := w.Visit(t, nil)
	token := v.Open(t, strings.Repeat("m", message))
	for range messages - 1 {
		v.Say(t, token, strings.Repeat("m", message))
	}
	every(t, 100*time.Millisecond, time.Minute, "every webhook gets every message", func() (bool, any) {
		return len(r.Got()) >= hooks*messages, len(r.Got())
	})
	for _, got := range r.Got() {
		if content := got.Object(t).Object("data").Object("message").Text("content"); len(content) != message {
			t.Fatalf("a webhook got %d bytes of a message of %d", len(content), message)
		}
	}
	kinds := exported(t, w)
	if n := kinds["webhook_delivery"] + kinds["webhook_body"]; n > 2*messages*message {
		t.Errorf("%d messages of %d bytes take %d bytes for %d webhooks: %v", messages, message, n, hooks, kinds)
	}
}

// TestBlockedWebhooksLookLikeUnknownNames: the error for an address of the internal network is the same as for an
// unknown name, so a website can't map the network.
func TestBlockedWebhooksLookLikeUnknownNames(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.21").Website(t, harness.Free)
	reported := map[string]string{}
	for _, url := range []string{"https://10.0.0.1/", "https://[fd00::1]/", "https://nobody.invalid/"} {
		hook := harness.PathID(w.NewWebhook(t, url, "*").Int("id"))
		delivery := harness.PathID(w.Agent().Send(t, 202, "POST", "/webhooks/"+hook+"/test", nil).Int("id"))
		every(t, 200*time.Millisecond, 30*time.Second, "an attempt", func() (bool, any) {
			attempts := w.Agent().Get(t, "/webhooks/"+hook+"/deliveries/"+delivery).List("attempts")
			if len(attempts) == 0 {
				return false, attempts
			}
			reported[url] = attempts[0].Text("error")
			return true, nil
		})
	}
	for url, text := range reported {
		if text == "" || text != reported["https://nobody.invalid/"] {
			t.Errorf("%s: %q, and of an unknown name %q", url, text, reported["https://nobody.invalid/"])
		}
	}
}

// fill posts a visitor's messages until the website has reached its storage limit.
func fill(t *testing.T, w *harness.Website) {
	t.Helper()
	v := w.Visit(t, nil)
	token := v.Open(t, strings.Repeat("m", message))
	every(t, 250*time.Millisecond, time.Minute, "a message is refused", func() (bool, any) {
		a := v.Do(t, "POST", "/visitor/conversations/"+token+"/messages",
			harness.Map{"content": strings.Repeat("m", message)})
		return a.Status == 413, a.Status
	})
}

// TestStorageLimit: a website that has reached its limit can't store more, but everything else works; another website
// can still store. A higher limit takes effect without a restart.
func TestStorageLimit(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	s := harness.Running().From("198.51.100.22")
	w, other := s.Website(t, harness.Pro), s.Website(t, harness.Pro)
	at := fmt.Sprintf("/operator/websites/%d", w.ID)
	v := w.Visit(t, nil)
	conversation := v.Open(t, "before")
	ticket := w.NewTicket(t, harness.Map{"title": "before"}).Text("id")
	if before := w.Reader().Get(t, "/website").Object("storage"); before.Int("limit") != 100<<30 ||
		before.Int("used") < 3*4<<10 {
		t.Errorf("before: %s", before)
	}
	got := w.Operator().Send(t, 200, "PATCH", at, harness.Map{"storageLimit": limit})
	if got.Int("storageLimit") != limit || got.Object("storage").Int("limit") != limit {
		t.Errorf("the operator sees %s", got)
	}
	fill(t, w)
	stored := w.Reader().Get(t, "/website").Object("storage")
	if stored.Int("used") < limit || stored.Int("used") > 10*limit || stored.Int("limit") != limit {
		t.Errorf("after the refusal: %s", stored)
	}
	text := harness.Map{"content": "x"}
	for _, c := range []struct {
		by           harness.Client
		method, path string
		body         harness.Map
	}{
		{v.Client, "POST", "/visitor/conversations/" + conversation + "/messages", text},
		{v.Client, "POST", "/visitor/conversations", text},
		{v.Client, "POST", "/internal/visitors/tickets", harness.Map{"title": "x", "description": "x"}},
		{w.Agent(), "POST", "/conversations/" + conversation + "/messages", text},
		{w.Agent(), "POST", "/conversations/import", harness.Map{"rows": []harness.Map{harness.Row("k", "a", "b")}}},
		{w.Agent(), "PATCH", "/visitors/" + v.Token + "/context", harness.Map{"context": harness.Map{"a": "b"}}},
		{w.Agent(), "POST", "/tickets", harness.Map{"title": "x"}},
		{w.Agent(), "POST", "/tickets/" + ticket + "/messages", text},
	} {
		refused := c.by.Do(t, c.method, c.path, c.body).Want(t, 413).Object()
		detail := refused.Text("detail")
		if refused.Text("code") != "storage_full" || !strings.Contains(detail, fmt.Sprint(limit)) {
			t.Errorf("%s %s: %s", c.method, c.path, refused)
		}
	}
	every(t, 250*time.Millisecond, time.Minute, "a new visitor is refused", func() (bool, any) {
		a := w.Public().Do(t, "POST", "/visitor/sessions", harness.Map{"clientToken": w.ClientToken})
		return a.Status == 413 && a.Object().Text("code") == "storage_full", a.Status
	})
	w.Visit(t, v.Back())
	w.Reader().Get(t, "/conversations/"+conversation)
	w.Agent().Send(t, 200, "PATCH", "/conversations/"+conversation, harness.Map{"status": "CLOSED"})
	w.Agent().Send(t, 200, "DELETE", "/tickets/"+ticket, nil)
	other.Visit(t, nil).Open(t, strings.Repeat("m", message))

	w.Operator().Send(t, 200, "PATCH", at, harness.Map{"storageLimit": nil})
	every(t, 250*time.Millisecond, time.Minute, "a message is stored again", func() (bool, any) {
		a := v.Do(t, "POST", "/visitor/conversations/"+conversation+"/messages", text)
		return a.Status == 201, a.Status
	})
	for _, wrong := range []any{5, -1, 1 << 60, "much"} {
		w.Operator().Do(t, "PATCH", at, harness.Map{"storageLimit": wrong}).Want(t, 400)
	}
}

// TestErasedTextIsNotCounted: erased data no longer counts.
func TestErasedTextIsNotCounted(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.23").Website(t, harness.Free)
	used := func() int64 { return w.Reader().Get(t, "/website").Object("storage").Int("used") }
	before := used()
	v := w.Visit(t, nil)
	conversation := v.Open(t, strings.Repeat("m", message))
	for range 4 {
		v.Say(t, conversation, strings.Repeat("m", message))
	}
	if after := used(); after < before+5*message || after > before+6*message {
		t.Errorf("5 messages of %d bytes take %d", message, after-before)
	}
	e := w.Operator().Send(t, 202, "DELETE", fmt.Sprintf("/operator/websites/%d/visitors/%s", w.ID, v.Token), nil)
	w.Swept(t, e.Int("id"))
	if after := used(); after != before {
		t.Errorf("after the erasure %d bytes are used, before it all %d", after, before)
	}
}
