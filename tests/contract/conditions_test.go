package contract_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// resource is the result of one GET that a PATCH changes.
type resource struct {
	get, patch, remove string
	body               func(n int) harness.Map // of a change, different for every n
	public             bool                    // any caller may get it, and the edge caches it
}

// shownWithin bounds how long a change may take until a GET shows it.
func (r resource) shownWithin() time.Duration {
	if r.public {
		return harness.Patience
	}
	return 0
}

func resources() map[string]resource {
	text := func(member string) func(int) harness.Map {
		return func(n int) harness.Map { return harness.Map{member: fmt.Sprint("Text ", n)} }
	}
	return map[string]resource{
		"visitor": {"/visitors/{visitor}", "/visitors/{visitor}/context", "", text("name"), false},
		"user":    {"/users/{user}", "/users/{user}", "/users/{user}", text("name"), false},
		"widget": {"/widgets/{client}", "/widgets/{client}", "", func(n int) harness.Map {
			return harness.Map{"buttonXPos": n}
		}, true},
		"conversation": {
			"/conversations/{conversation}", "/conversations/{conversation}", "",
			text("summary"), false,
		},
		"a conversation's thread": {
			"/conversations/{conversation}/messages", "/conversations/{conversation}", "",
			text("summary"), false,
		},
		"ticket": {"/tickets/{ticket}", "/tickets/{ticket}", "/tickets/{ticket}", text("title"), false},
		"a ticket's status": {"/tickets/{ticket}", "/tickets/{ticket}/status", "/tickets/{ticket}", func(n int) harness.Map {
			return harness.Map{"status": []string{"OPEN", "PENDING", "RESOLVED", "CLOSED"}[n%4]}
		}, false},
	}
}

// TestConditions checks that every resource has an ETag that changes with it. A client with the current ETag gets 304.
// A change or deletion with an outdated ETag is refused.
func TestConditions(t *testing.T) {
	t.Parallel()
	for name, r := range resources() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, stranger := harness.Running().World(t, harness.Pro), harness.Running().World(t, harness.Pro)
			get, path := harness.Fill(r.get, w.Objects()), harness.Fill(r.patch, w.Objects())
			reader := w.Reader()
			if r.public {
				reader = w.Public()
			}
			tag := func() string {
				t.Helper()
				tag := reader.Do(t, "GET", get, nil).Want(t, 200).Header.Get("ETag")
				if !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || len(tag) < 5 {
					t.Fatalf("the tag of %s is %q", get, tag)
				}
				return tag
			}
			n := 0
			change := func(match string) harness.Answer {
				n++
				return w.Agent().With("If-Match", match).Do(t, "PATCH", path, r.body(n))
			}

			first := tag()
			if a := reader.With("If-None-Match", `"x", `+first).Do(t, "GET", get, nil); a.Status != 304 || len(a.Body) != 0 ||
				a.Header.Get("ETag") != first {
				t.Errorf("the current ETag got %d %v %s", a.Status, a.Header, a.Body)
			}
			others := stranger.Agent().Do(t, "GET", harness.Fill(r.get, stranger.Objects()), nil).Header.Get("ETag")
			for _, match := range []string{others, `"x"`, `"x", ` + others, "W/" + first} {
				wantCode(t, change(match), 412, "precondition_failed", "")
			}
			wantCode(t, change("x"), 400, "", "If-Match")
			if now := tag(); now != first {
				t.Errorf("a refused request changed the ETag %s to %s", first, now)
			}
			answered := change(`"x", `+first).Want(t, 200).Header.Get("ETag")
			var second string
			harness.Eventually(t, r.shownWithin(), "a change shows in the ETag", func() (bool, any) {
				second = tag()
				return second != first, second
			})
			if r.get == r.patch && name != "conversation" && answered != second {
				t.Errorf("the ETag was %s and is %s; the change returned %s", first, second, answered)
			}
			wantCode(t, change(first), 412, "precondition_failed", "")
			change(answered).Want(t, 200)
			harness.Eventually(t, r.shownWithin(), "the client's ETag is outdated", func() (bool, any) {
				a := reader.With("If-None-Match", second).Do(t, "GET", get, nil)
				return a.Status == 200, a.Status
			})
			change("*").Want(t, 200)

			theirs := stranger.Agent().With("If-Match", tag())
			theirs.Do(t, "PATCH", path, r.body(0)).Want(t, 404)
			if r.remove == "" {
				return
			}
			gone := harness.Fill(r.remove, w.Objects())
			wantCode(t, w.Writer().With("If-Match", second).Do(t, "DELETE", gone, nil), 412, "precondition_failed", "")
			theirs.Do(t, "DELETE", gone, nil).Want(t, 404)
			w.Writer().With("If-Match", tag()).Do(t, "DELETE", gone, nil).Want(t, 200)
			w.Writer().With("If-Match", "*").Do(t, "DELETE", gone, nil).Want(t, 404)
		})
	}
}

// TestOneOfConcurrentChangesSucceeds: many clients change the same state, and one succeeds.
func TestOneOfConcurrentChangesSucceeds(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	for name, r := range resources() {
		get, path := harness.Fill(r.get, w.Objects()), harness.Fill(r.patch, w.Objects())
		client := w.Agent().With("If-Match", w.Agent().Do(t, "GET", get, nil).Want(t, 200).Header.Get("ETag"))
		var all sync.WaitGroup
		var changed atomic.Int64
		for n := range 10 {
			all.Go(func() {
				switch a := client.Do(t, "PATCH", path, r.body(n+100)); a.Status {
				case 200:
					changed.Add(1)
				case 412:
				default:
					t.Errorf("%s: %d %s", name, a.Status, a.Body)
				}
			})
		}
		all.Wait()
		if changed.Load() != 1 {
			t.Errorf("%s: %d clients changed the same state", name, changed.Load())
		}
	}
}

// TestWhichEventsChangeETags checks that a message changes the ETag of its conversation or ticket, and so does a
// rating. Presence, typing and reading change the response, but don't make a conditional request fail.
func TestWhichEventsChangeETags(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	conversation, ticket, user := "/conversations/"+w.Conversation, "/tickets/"+w.Ticket,
		"/users/"+harness.PathID(w.User.Int("id"))
	agent := w.Agent()
	for _, c := range []struct {
		what, get string
		body      harness.Map
		does      func()
		shown     bool // the response differs
		changes   bool
	}{
		{"a visitor's message", conversation, harness.Map{"status": "CLOSED"}, func() {
			w.Caller.Say(t, w.Conversation, "Wait!")
		}, true, true},
		{"a rating", conversation, harness.Map{"status": "CLOSED"}, func() {
			w.Caller.Send(t, 200, "POST", conversation+"/rate", harness.Map{"rating": 5})
		}, true, true},
		{"reading", conversation, harness.Map{"summary": "1"}, func() {
			agent.Do(t, "POST", conversation+"/read", nil).Want(t, 204)
		}, true, false},
		{"typing", conversation, harness.Map{"summary": "2"}, func() {
			w.Caller.Do(t, "POST", "/visitor"+conversation+"/typing", harness.Map{"typing": true}).Want(t, 204)
		}, true, false},
		{"a ticket's message", ticket, harness.Map{"title": "1"}, func() {
			agent.Send(t, 201, "POST", ticket+"/messages", harness.Map{"content": "Found."})
		}, true, true},
		{"a heartbeat", user, harness.Map{"name": "1"}, func() {
			agent.Do(t, "POST", user+"/heartbeat", nil).Want(t, 204)
		}, true, false},
		{"nothing", user, harness.Map{"name": "2"}, func() {}, false, false},
	} {
		before := agent.Do(t, "GET", c.get, nil).Want(t, 200).Header.Get("ETag")
		c.does()
		if now := agent.With("If-None-Match", before).Do(t, "GET", c.get, nil); (now.Status == 200) != c.shown {
			t.Errorf("after %s a GET with the former ETag has the status %d", c.what, now.Status)
		}
		want := 200
		if c.changes {
			want = 412
		}
		if a := agent.With("If-Match", before).Do(t, "PATCH", c.get, c.body); a.Status != want {
			t.Errorf("after %s a change with the former ETag got %d %s", c.what, a.Status, a.Body)
		}
	}
}

// TestTagsHaveNoETag: an entry of the catalogue has no ETag, so that a deletion with one is refused.
func TestTagsHaveNoETag(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Free)
	wantCode(t, w.Writer().With("If-Match", `"1.1.x"`).Do(t, "DELETE", "/tags/"+w.Tag, nil), 412,
		"precondition_failed", "")
	w.Writer().With("If-Match", "*").Do(t, "DELETE", "/tags/"+w.Tag, nil).Want(t, 200)
}

// TestWidgetCaching: browsers and shared caches may keep a widget for a moment.
func TestWidgetCaching(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	a := w.Public().Do(t, "GET", "/widgets/"+w.ClientToken, nil).Want(t, 200)
	again := w.Public().With("If-None-Match", a.Header.Get("ETag")).
		Do(t, "GET", "/widgets/"+w.ClientToken, nil).Want(t, 304)
	for _, h := range []harness.Answer{a, again} {
		have := h.Header.Values("Cache-Control")
		if len(have) != 1 || have[0] != "public, max-age=1, stale-while-revalidate=5" {
			t.Errorf("%d: Cache-Control is %q", h.Status, have)
		}
	}
	unknown := w.Public().Do(t, "GET", "/widgets/nobody", nil).Want(t, 404).Header.Get("Cache-Control")
	if unknown != "no-store" {
		t.Errorf("Cache-Control of an unknown widget is %q", unknown)
	}
}
