package isolation_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/tests/harness"
)

// remains is what a client may have kept from before an erasure.
type remains struct {
	// For an erased visitor, World has the visitor's names; its credentials are those of the website.
	*harness.World
	words   []string          // texts and names that were written
	tags    map[string]string // the ETags of a visitor, a conversation and a ticket
	cursors map[string]string // of exports, by path
	event   string            // the id of an event before the erasure
}

// collectRemains collects the ETags, cursors and ids of a world whose visitor will be erased.
func collectRemains(t *testing.T, w *harness.World, words ...string) remains {
	t.Helper()
	r := remains{
		World: w, words: append(words, w.Caller.Token, w.Conversation), tags: map[string]string{},
		cursors: map[string]string{},
	}
	for kind, path := range map[string]string{"visitor": "/visitors/" + w.Caller.Token, "conversation": "/conversations/" +
		w.Conversation, "ticket": "/tickets/" + w.Ticket} {
		r.tags[kind] = w.Reader().Do(t, "GET", path, nil).Want(t, 200).Header.Get("ETag")
	}
	for _, kind := range []string{"conversations", "messages", "visitors", "tickets"} {
		export := w.Reader().Do(t, "GET", "/export/"+kind+"?limit=1", nil).Want(t, 200)
		r.cursors["/export/"+kind] = cursorOf(string(export.Body))
	}
	stream := w.Reader().Events(t, "/events", "")
	w.Caller.Say(t, w.Conversation, "Before.")
	r.event = stream.Until(t, "message.created").ID
	stream.Close()
	return r
}

// eraseVisitor erases a visitor of a website with all their data. It returns the website and what a client kept.
func eraseVisitor(t *testing.T) (*harness.World, remains) {
	t.Helper()
	w := harness.Running().World(t, harness.Pro)
	w.NewWebhook(t, harness.Receive(t, nil).URL, "*")
	name, said, answered, titled := harness.Unique("Walter "), harness.Unique("walters"), harness.Unique("towalter"),
		harness.Unique("parcelof")
	theirs := *w
	theirs.Caller = w.Visit(t,
		harness.Map{"name": name, "context": harness.Map{"mail": harness.Unique("walter") + "@home.example"}})
	theirs.Conversation = theirs.Caller.Open(t, said)
	theirs.Ticket = theirs.Caller.Send(t, 201, "POST", "/internal/visitors/tickets",
		harness.Map{"title": titled}).Text("id")
	w.Reply(t, theirs.Conversation, answered)
	r := collectRemains(t, &theirs, name, said, answered, titled)
	begun := w.Operator().Send(t, 202, "DELETE", fmt.Sprintf("/operator/websites/%d/visitors/%s", w.ID,
		theirs.Caller.Token), nil)
	w.Swept(t, begun.Int("id"))
	// The website's other objects don't belong to the visitor.
	website := *w.Website
	website.Name, theirs.Website, theirs.User = harness.Unique("no shop "), &website,
		harness.NewObject(t, harness.Map{"id": w.User.M["id"], "email": harness.Unique("nobody@")})
	return w, r
}

// TestErasedVisitor checks that an erased visitor's objects get the responses of unknown ones, in every operation, at
// every place, for every caller. No response mentions them.
func TestErasedVisitor(t *testing.T) {
	t.Parallel()
	w, theirs := eraseVisitor(t)
	s := harness.Running()
	c := cast{own: w, other: theirs.World, free: s.World(t, harness.Free)}
	unknown := theirs.Unknown()
	unknownClient := s.Visitor(unknown["visitor"])
	harness.Eventually(t, time.Second, "the edge refuses the erased visitor", func() (bool, any) {
		a := theirs.Caller.Do(t, "POST", "/visitor/heartbeat", nil)
		return a.Status == 401, a.Status
	})
	callers := c.callers(t)
	for _, op := range harness.Operations() {
		if op.Caller == harness.ByVisitor { // the credential itself
			for _, names := range []map[string]string{theirs.Objects(), w.Objects()} {
				assertSame(t, op.Name()+" by the erased visitor", op.Ask(t, theirs.Caller.Client, names),
					op.Ask(t, unknownClient, names))
			}
		}
		kind := objectKind(op.Path)
		if theirs.tags[kind] == "" {
			continue
		}
		t.Run(op.Name(), func(t *testing.T) {
			t.Parallel()
			for _, by := range callers {
				row(t, op, by.name, by.client, by.home, theirs.World, func(object string) int { return want(op, object, by) })
			}
			if op.Caller == harness.ByVisitor {
				row(t, op, "the visitor", w.Caller.Client, w, theirs.World, func(object string) int {
					return wantKnown(op, object)
				})
				return
			}
			for _, header := range []string{"If-Match", "If-None-Match"} {
				known := op.Allowed(w).With(header, theirs.tags[kind])
				assertSame(t, op.Name()+" with "+header, op.Ask(t, known, theirs.Objects()), op.Ask(t, known, unknown))
			}
		})
	}
	t.Run("places", func(t *testing.T) {
		for op, p := range identifyingPlaces(t) {
			switch kind := kinds[p.Name]; kind {
			case "visitor", "conversation", "number of a visitor":
				t.Run(op.Name()+" "+p.Name, func(t *testing.T) {
					for _, by := range callers {
						c.assertAlike(t, op, p, kind, by, want(op, own, by))
					}
				})
			}
		}
	})
	t.Run("reading", func(t *testing.T) { theirs.assertUnmentioned(t, w) })
}

// cursorOf returns the last cursor of an export.
func cursorOf(export string) string {
	_, rest, _ := strings.Cut(export, `"cursor":"`)
	cursor, _, _ := strings.Cut(rest, `"`)
	return cursor
}

// objectKind returns the kind of the object in a path, or "" if there is none.
func objectKind(path string) string {
	_, kind, _ := strings.Cut(path, "{")
	kind, _, _ = strings.Cut(kind, "}")
	return kind
}

// assertSame fails the test unless two responses are the same, byte for byte.
func assertSame(t *testing.T, what string, theirs, unknowns harness.Answer) {
	t.Helper()
	if a, b := plain(theirs), plain(unknowns); a != b {
		t.Errorf("%s: an erased object gets another response than an unknown one:\n%s\n%s", what, a, b)
	}
}

// assertUnmentioned fails the test if the website's agents can read anything about the erased visitor. It reads lists,
// searches, exports from the beginning and from a former cursor, streams from a former event, and the webhooks'
// deliveries.
func (r remains) assertUnmentioned(t *testing.T, w *harness.World) {
	t.Helper()
	paths := []string{"/webhooks?limit=100"}
	for _, op := range harness.Operations() {
		if op.Method == "GET" && op.Caller == harness.ByRead && !strings.HasSuffix(op.Path, "/events") {
			paths = append(paths, harness.Fill(op.Path, w.Objects()))
		}
	}
	for list, searched := range map[string]bool{
		"/conversations": true, "/inbox": true, "/tickets": true, "/visitors": false, "/users": false,
	} {
		paths = append(paths, list+"?limit=100", list+"?updatedSince=2020-01-01T00:00:00Z&limit=100")
		for _, word := range r.words {
			if !searched {
				break
			}
			paths = append(paths, list+"?search="+url.QueryEscape(word))
		}
	}
	for _, hook := range w.Reader().Do(t, "GET", "/webhooks", nil).Want(t, 200).List() {
		at := "/webhooks/" + harness.PathID(hook.Int("id")) + "/deliveries"
		paths = append(paths, at+"?limit=100")
		for _, d := range w.Reader().Do(t, "GET", at+"?limit=100", nil).Want(t, 200).List() {
			paths = append(paths, at+"/"+harness.PathID(d.Int("id")))
		}
	}
	if len(paths) < 50 {
		t.Fatalf("only %d paths are read", len(paths))
	}
	for _, path := range paths {
		r.assertAbsent(t, "GET "+path, string(w.Reader().Do(t, "GET", path, nil).Want(t, 200).Body))
	}
	for path, cursor := range r.cursors {
		harness.Eventually(t, harness.Patience, "the end of "+path, func() (bool, any) {
			body := string(w.Reader().Do(t, "GET", path+"?cursor="+url.QueryEscape(cursor), nil).Want(t, 200).Body)
			r.assertAbsent(t, "GET "+path+" from a former cursor", body)
			cursor = cursorOf(body)
			return strings.Contains(body, `"endOfStream":true`), body
		})
	}
	for name, stream := range map[string]*harness.Stream{
		"an agent's": w.Reader().Events(t, "/events", r.event), "a visitor's": w.Caller.Events(t, "/visitor/events", r.event),
	} {
		after := w.Reply(t, w.Conversation, harness.Unique("after"))
		for {
			f := stream.Next(t)
			r.assertAbsent(t, name+" stream", f.Data.String())
			if strings.Contains(f.Data.String(), after.Content) {
				break
			}
		}
	}
}

// assertAbsent fails the test if text contains one of the erased words.
func (r remains) assertAbsent(t *testing.T, where, text string) {
	t.Helper()
	for _, word := range r.words {
		if strings.Contains(text, word) && !strings.Contains(where, url.QueryEscape(word)) {
			t.Errorf("%s contains %q: %.2000s", where, word, text)
		}
	}
}

// TestErasedWebsite checks that an erased website's objects, tokens and visitors get the responses of unknown ones. The
// edge's caches expire within a second.
func TestErasedWebsite(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	c := newCast(t)
	theirs := collectRemains(t, c.other)
	open := c.other.Reader().Events(t, "/events", "")
	fillCaches(t, c.other)
	begun := s.Operator().Send(t, 202, "DELETE", fmt.Sprintf("/operator/websites/%d", c.other.ID), nil)
	s.Swept(t, begun.Int("id"))
	for range harness.Pages(t) {
		if _, more := open.Try(t); !more {
			break
		}
	}
	unknown := c.other.Unknown()
	harness.Eventually(t, time.Second, "its widget is gone at the edge", func() (bool, any) {
		a := s.Public().Do(t, "GET", "/widgets/"+c.other.ClientToken, nil)
		return a.Status == 404, a.Status
	})
	bearer, visitor := s.Bearer(identity.NewSecret()), s.Visitor(unknown["visitor"])
	callers := c.callers(t)
	for _, op := range harness.Operations() {
		t.Run(op.Name(), func(t *testing.T) {
			t.Parallel()
			for _, names := range []map[string]string{theirs.Objects(), c.own.Objects()} {
				switch op.Caller {
				case harness.ByPublic:
				case harness.ByVisitor:
					assertSame(t, "by its visitor", op.Ask(t, theirs.Caller.Client, names), op.Ask(t, visitor, names))
				default:
					for _, level := range []string{harness.Read, harness.Write, harness.ReadWrite} {
						assertSame(t, "by its token", op.Ask(t, theirs.As(level), names), op.Ask(t, bearer, names))
						assertSame(t, "by its token, with a state",
							op.Ask(t, theirs.As(level).With("If-None-Match", theirs.tags["ticket"]),
								names), op.Ask(t, bearer, names))
					}
				}
			}
			if op.Body["clientToken"] != nil {
				assertSame(t, "its client token", op.Ask(t, s.Public(), theirs.Objects()), op.Ask(t, s.Public(), unknown))
			}
			if op.Malformed == 0 {
				return
			}
			for _, by := range callers {
				row(t, op, by.name, by.client, by.home, c.other, func(object string) int {
					if op.Caller == harness.ByPublic && object == others {
						return 404
					}
					return want(op, object, by)
				})
			}
			if tag := theirs.tags[objectKind(op.Path)]; tag != "" && op.Caller != harness.ByVisitor {
				for _, header := range []string{"If-Match", "If-None-Match"} {
					known := op.Allowed(c.own).With(header, tag)
					assertSame(t, "with "+header, op.Ask(t, known, theirs.Objects()), op.Ask(t, known, unknown))
				}
			}
		})
	}
	t.Run("places", func(t *testing.T) {
		for op, p := range identifyingPlaces(t) {
			switch kind := kinds[p.Name]; kind {
			case "visitor", "conversation", "number of a visitor", "user", "client":
				for _, by := range callers {
					c.assertAlike(t, op, p, kind, by, want(op, own, by))
				}
			case "cursor":
				if cursor := theirs.cursors[op.Path]; cursor != "" { // it names the website: another website refuses it
					at := func(cursor string) harness.Answer {
						return c.own.Reader().Do(t, "GET", op.Path+"?cursor="+url.QueryEscape(cursor), nil)
					}
					at(cursor).Want(t, 400)
					assertSame(t, op.Name()+" after its cursor", at(cursor), at("AAAA"))
				}
			}
		}
	})
}

// fillCaches makes the edge cache a website's tokens, its visitor and its widget.
func fillCaches(t *testing.T, w *harness.World) {
	t.Helper()
	for _, level := range []string{harness.Read, harness.Write, harness.ReadWrite} {
		w.As(level).Do(t, "GET", "/health", nil).Want(t, 200)
	}
	w.Caller.Do(t, "POST", "/visitor/heartbeat", nil).Want(t, 200)
	w.Public().Do(t, "GET", "/widgets/"+w.ClientToken, nil).Want(t, 200)
	w.Public().Do(t, "GET", "/widget/"+w.ClientToken, nil).Want(t, 200)
}
