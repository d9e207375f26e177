package journeys

import (
	"sync"
	"testing"

	"fivechat.dev/tests/harness"
)

// keyed returns a client whose requests carry an Idempotency-Key.
func keyed(c harness.Client, key string) harness.Client { return c.With("Idempotency-Key", key) }

// Repeated checks that a request repeated with its idempotency key gets the first response and has no effect. With
// another body, or with a malformed key, it is refused. Each token and each visitor has its own keys. Uploads ignore keys.
func Repeated(t *testing.T, s harness.System) {
	w := s.World(t, harness.Pro)
	for _, op := range harness.Operations() {
		if op.Method != "POST" && op.Method != "PATCH" || op.Caller == harness.ByPublic || op.IsUpload {
			continue
		}
		c, path := keyed(op.Allowed(w), harness.Unique("key ")), harness.Fill(op.Path, w.Objects())
		var body any
		if op.Body != nil {
			body = op.Good(w.Objects())
		}
		first, again := c.Do(t, op.Method, path, body).Want(t, op.Status), c.Do(t, op.Method, path, body).Want(t, op.Status)
		if string(again.Body) != string(first.Body) || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") ||
			again.Header.Get("ETag") != first.Header.Get("ETag") {
			t.Errorf("%s again:\nhave %v %s\nwant %v %s", op.Name(), again.Header, again.Body, first.Header, first.Body)
		}
		if first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: replayed %q, then %q", op.Name(), first.Header.Get("Idempotency-Replayed"),
				again.Header.Get("Idempotency-Replayed"))
		}
		code := c.Do(t, op.Method, path, harness.Map{"another": "body"}).Want(t, 422).Object().Text("code")
		if code != "idempotency_key_reused" {
			t.Errorf("%s with another body: %s", op.Name(), code)
		}
		for _, bad := range []string{"", harness.Unique("é")} {
			p := keyed(op.Allowed(w), bad).Do(t, op.Method, path, body).Want(t, 400).Object()
			if named := p.List("errors"); len(named) != 1 || named[0].Text("field") != "Idempotency-Key" {
				t.Errorf("%s under the key %q: %s", op.Name(), bad, p)
			}
		}
	}
	refusedAgain(t, w)
	ownKeys(t, s)
}

// refusedAgain checks that a refusal is repeated too, even if the request would now succeed. Sessions ignore keys.
func refusedAgain(t *testing.T, w *harness.World) {
	agent, body := keyed(w.Agent(), "refused"), harness.Map{"name": "Una", "email": w.User.Text("email")}
	first := agent.Do(t, "POST", "/users", body)
	agent.Do(t, "DELETE", "/users/"+harness.PathID(w.User.Int("id")), nil).Want(t, 200)
	again := agent.Do(t, "POST", "/users", body)
	if first.Status != 409 || again.Status != 409 || string(again.Body) != string(first.Body) {
		t.Errorf("a refusal: %d %s\nagain: %d %s", first.Status, first.Body, again.Status, again.Body)
	}
	keyed(w.Agent(), "another key").Do(t, "POST", "/users", body).Want(t, 201)
	keyed(w.Public(), "k").Do(t, "POST", "/visitor/sessions", harness.Map{"clientToken": w.ClientToken}).Want(t, 400)
}

// ownKeys checks that the same key of another website, token or visitor is another request.
func ownKeys(t *testing.T, s harness.System) {
	one, two := s.Website(t, harness.Pro), s.Website(t, harness.Pro)
	_, other := one.Token(t, harness.ReadWrite)
	key, body, seen := harness.Unique("key-"), harness.Map{"title": "Broken handle"}, map[string]bool{}
	for _, c := range []harness.Client{one.Agent(), two.Agent(), one.Bearer(other), one.Writer()} {
		made := keyed(c, key).Send(t, 201, "POST", "/tickets", body)
		if seen[made.Text("id")] {
			t.Errorf("the key returned another caller's ticket: %s", made)
		}
		seen[made.Text("id")] = true
	}
	for _, v := range []harness.Session{one.Visit(t, nil), one.Visit(t, nil), two.Visit(t, nil)} {
		made := keyed(v.Client, key).Send(t, 201, "POST", "/internal/visitors/tickets", body)
		if seen[made.Text("id")] || made.Object("visitor").Text("token") != v.Token {
			t.Errorf("the key returned another caller's ticket: %s", made)
		}
		seen[made.Text("id")] = true
	}
}

// RepeatedAtOnce checks that of many equal concurrent requests one is executed. The others get its response, or are
// asked to retry.
func RepeatedAtOnce(t *testing.T, s harness.System) {
	const callers = 20
	w := s.Website(t, harness.Free)
	v := w.Visit(t, nil)
	token := v.Open(t, "first")
	for _, c := range []struct {
		client harness.Client
		path   string
	}{{v.Client, "/visitor/conversations/" + token + "/messages"}, {w.Agent(), "/conversations/" + token + "/messages"}} {
		client, body := keyed(c.client, harness.Unique("key-")), harness.Map{"content": "Once"}
		var mu sync.Mutex
		made, bodies := 0, map[string]bool{}
		side(callers, func(int) {
			a := client.Do(t, "POST", c.path, body)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case a.Status == 201:
				bodies[string(a.Body)] = true
				if a.Header.Get("Idempotency-Replayed") == "" {
					made++
				}
			case a.Status != 409 || a.Object().Text("code") != "idempotency_in_progress" || a.Header.Get("Retry-After") == "":
				t.Errorf("%s: %d %v %s", c.path, a.Status, a.Header, a.Body)
			}
		})
		if made != 1 || len(bodies) != 1 {
			t.Errorf("%s: %d were executed, with %d different responses", c.path, made, len(bodies))
		}
		again := client.Do(t, "POST", c.path, body).Want(t, 201)
		if !bodies[string(again.Body)] || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s again: %s", c.path, again.Body)
		}
	}
	if n := len(chat(harness.Of(w.Agent().API(t).GetConversation(t.Context(), token, nil)).OK(t).Messages)); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
}
