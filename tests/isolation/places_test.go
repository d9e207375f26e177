package isolation_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"fivechat.dev/api-gateway/openapi"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/tests/fuzz"
	"fivechat.dev/tests/harness"
)

// identifierNames matches the parameters and members that can identify an object. Each one in the document has its kind
// in kinds.
var identifierNames = regexp.MustCompile(`(?i)(id|token|key|cursor|match)$`)

// kinds maps these parameters and members to the kind of object that they identify.
var kinds = map[string]string{
	"visitorId": "number of a visitor", "assigneeId": "user", "authorId": "user", "visitorToken": "visitor",
	"teamId":             "team",
	"conversationToken":  "conversation",
	"clientToken":        "", // public, in the website's pages
	"websiteClientToken": "client", "cursor": "cursor", "Idempotency-Key": "key", "If-Match": "state",
	"If-None-Match":   "state",
	"clientMessageId": "key", "key": "row",
	"Last-Event-ID":  "", // TestEventIDs: streams don't end, so they can't be compared
	"emailMessageId": "", // an id of another system, which identifies nothing here
	"userId":         "", // of the website's own users, in a claim; TestJourneys has those of another website
	"token":          "", // signed by the website's backend, in a claim; TestJourneys has another website's
}

// TestPlaces calls each operation with each id, token, cursor, key or ETag outside of the path (TestMatrix does the
// path). The response for another website's value is the same as for an unknown one, for every kind of caller.
func TestPlaces(t *testing.T) {
	t.Parallel()
	quiet, busy := newCast(t), newCast(t) // nothing changes on quiet, so that responses stay the same
	busy.spent = harness.Running().World(t, harness.Pro)
	before := quiet.other.State(t) + busy.other.State(t)
	callers := map[bool][]caller{true: quiet.callers(t), false: busy.callers(t)}
	t.Run("places", func(t *testing.T) {
		for op, p := range identifyingPlaces(t) {
			kind := kinds[p.Name]
			t.Run(op.Name()+" "+p.Name, func(t *testing.T) {
				t.Parallel()
				c := busy
				if op.Method == "GET" {
					c = quiet
				}
				switch op.Caller {
				case harness.ByVisitor:
					c.assertAlike(t, op, p, kind, caller{"the visitor", c.own, c.own.Caller.Client, ""}, op.Status)
				case harness.ByPublic:
					c.assertAlike(t, op, p, kind, caller{"none", c.own, c.own.Public(), ""}, op.Status)
				default:
					for _, by := range callers[op.Method == "GET"] {
						c.assertAlike(t, op, p, kind, by, want(op, own, by))
					}
				}
			})
		}
	})
	if after := quiet.other.State(t) + busy.other.State(t); after != before {
		t.Errorf("the other website changed:\nbefore %s\nafter  %s", before, after)
	}
	assertNotIdentified(t, quiet.own, quiet.other, quiet.free, busy.own, busy.other, busy.free, busy.spent)
}

// identifyingPlaces returns every place of the document outside of the path that identifies an object, with its
// operation.
func identifyingPlaces(t *testing.T) iter.Seq2[harness.Operation, fuzz.Location] {
	t.Helper()
	all, err := fuzz.Operations(openapi.JSON)
	if err != nil {
		t.Fatal(err)
	}
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	asks := map[string]harness.Operation{}
	for _, op := range harness.Operations() {
		asks[d.Find(op.Method, harness.Fill(op.Path, harness.Malformed())).ID] = op
	}
	return func(yield func(harness.Operation, fuzz.Location) bool) {
		for _, documented := range all {
			for _, p := range documented.Locations() {
				op, asked := asks[documented.ID]
				kind, known := kinds[p.Name]
				if !identifierNames.MatchString(p.Name) || p.In == "path" || !asked || known && kind == "" {
					continue
				}
				if !known {
					t.Errorf("%s has %s in its %s: add its kind to kinds", documented.ID, p.Name, p.In)
					continue
				}
				if !yield(op, p) {
					return
				}
			}
		}
	}
}

// shortest is the length from which a value in a response must be an echo of the request.
const shortest = 6

// assertAlike calls an operation with each kind of value in a place as one caller. Without the value the status is
// status.
func (c cast) assertAlike(t *testing.T, op harness.Operation, p fuzz.Location, kind string, by caller, status int) {
	t.Helper()
	answers := map[string]string{}
	for _, sort := range []string{others, unknown, malformed} {
		names := by.home.Objects()
		if op.Ends && status == op.Status {
			names = by.home.Another(t, op.Path)
		}
		value := c.valueFor(t, op, kind, sort, names)
		a := put(t, op, p, by.client, names, value)
		switch {
		case status >= 400 && a.Status != status:
			t.Errorf("%s, %s %s: status %d, want %d: %s", by.name, sort, p.Name, a.Status, status, a.Body)
		case sort == malformed && a.Status == op.Status && op.Method == "DELETE":
			t.Errorf("%s: a malformed %s is ignored: %s", by.name, p.Name, a.Body)
		}
		answers[sort] = visible(a, op)
		if len(value) >= shortest {
			answers[sort] = strings.NewReplacer(value, "§", url.QueryEscape(value), "§").Replace(answers[sort])
		}
		for what, theirs := range map[string]string{
			"conversation": c.other.Conversation, "visitor": c.other.Caller.Token,
			"agent": c.other.User.Text("email"), "name": c.other.Name,
		} {
			if theirs != value && bytes.Contains(a.Body, []byte(theirs)) {
				t.Errorf("%s, %s %s: the answer holds the other website's %s: %s", by.name, sort, p.Name, what, a.Body)
			}
		}
	}
	if answers[others] != answers[unknown] {
		t.Errorf("%s: another website's %s gets another response than an unknown one:\n%s\n%s", by.name, p.Name,
			answers[others], answers[unknown])
	}
	if status >= 400 && answers[malformed] != answers[unknown] {
		t.Errorf("%s: a malformed %s is checked before the caller:\n%s\n%s", by.name, p.Name, answers[malformed],
			answers[unknown])
	}
}

// put calls an operation with a value in a place.
func put(t *testing.T, op harness.Operation, p fuzz.Location, c harness.Client, names map[string]string,
	value string,
) harness.Answer {
	t.Helper()
	path, body := harness.Fill(op.Path, names), op.Good(names)
	switch p.In {
	case "query":
		glue := "?"
		if strings.Contains(path, "?") {
			glue = "&"
		}
		path += glue + p.Name + "=" + url.QueryEscape(value)
	case "header":
		c = c.With(p.Name, value)
	case "body":
		switch {
		case p.Name == "key":
			body = harness.Map{"rows": []harness.Map{harness.Row(value, "Is it open?")}}
		case strings.HasSuffix(p.Name, "Id") && p.Name != "clientMessageId" && value != "no-number":
			body[p.Name] = rawNumber(value)
		default:
			body[p.Name] = value
		}
	}
	if op.Body == nil {
		return c.Do(t, op.Method, path, nil)
	}
	return c.Do(t, op.Method, path, body)
}

// valueFor returns the value for a place of a kind: another website's, an unknown one, or a malformed one. A key is
// first used on a third website, because that changes the website.
func (c cast) valueFor(t *testing.T, op harness.Operation, kind, sort string, names map[string]string) string {
	t.Helper()
	var theirs, unknowns, bad string
	switch kind {
	case "number of a visitor":
		theirs, unknowns, bad = harness.PathID(c.other.Caller.ID), harness.PathID(harness.UnknownID), "no-number"
	case "cursor":
		theirs, unknowns, bad = c.cursors(t, op)
	case "key", "row":
		theirs, unknowns, bad = harness.Unique("key."), harness.Unique("key."), strings.Repeat("k", 300)
		if sort == others {
			useKey(t, op, kind, theirs, c.spent)
		}
	case "state":
		theirs, unknowns, bad = c.etagOf(t, op), `"nobody.1.x"`, `"nobody`
	default:
		theirs, unknowns, bad = c.other.Objects()[kind], c.own.Unknown()[kind], harness.Malformed()[kind]
	}
	return map[string]string{others: theirs, unknown: unknowns, malformed: bad}[sort]
}

// useKey sends an operation with a key on a website, about the website's own objects.
func useKey(t *testing.T, op harness.Operation, kind, key string, w *harness.World) {
	t.Helper()
	names := w.Objects()
	if op.Ends {
		names = w.Another(t, op.Path)
	}
	place := fuzz.Location{In: "header", Name: "Idempotency-Key"}
	switch {
	case kind == "row":
		place = fuzz.Location{In: "body", Name: "key"}
	case op.Body["content"] != nil:
		put(t, op, fuzz.Location{In: "body", Name: "clientMessageId"}, op.Allowed(w), names, key)
	}
	put(t, op, place, op.Allowed(w), names, key)
}

// etagOf returns the ETag of the other website's object of an operation.
func (c cast) etagOf(t *testing.T, op harness.Operation) string {
	t.Helper()
	path := strings.TrimSuffix(strings.TrimSuffix(harness.Fill(op.Path, c.other.Objects()), "/context"), "/status")
	if strings.HasPrefix(path, "/widget-") || strings.HasPrefix(path, "/tags/") {
		return `"1.1.x"` // these have no ETag of their own
	}
	return c.other.Agent().Do(t, "GET", path, nil).Want(t, 200).Header.Get("ETag")
}

// cursors returns a cursor of the other website's list, the same one with an unknown row, and a malformed one.
func (c cast) cursors(t *testing.T, op harness.Operation) (theirs, unknowns, bad string) {
	t.Helper()
	if strings.HasPrefix(op.Path, "/export/") {
		lines := bytes.Split(bytes.TrimSpace(c.other.Agent().Do(t, "GET", op.Path, nil).Want(t, 200).Body), []byte("\n"))
		_, rest, _ := bytes.Cut(lines[len(lines)-1], []byte(`"cursor":"`))
		text, _, _ := strings.Cut(string(rest), `"`)
		opened, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		unknown := strings.Replace(string(opened), fmt.Sprintf(`"w":%d`, c.other.ID),
			fmt.Sprintf(`"w":%d`, harness.UnknownID), 1)
		return text, base64.RawURLEncoding.EncodeToString([]byte(unknown)), "AAAA"
	}
	at := paging.Cursor{ID: c.other.ID}
	if err := at.UnmarshalText([]byte("AAABjVYp4AAAAAAAAAAAAQ")); err != nil {
		t.Fatal(err)
	}
	list := harness.Fill(op.Path, c.other.Objects()) + "?limit=1"
	if page := op.Allowed(c.other).Get(t, list); !page.Null("nextCursor") {
		if err := at.UnmarshalText([]byte(page.Text("nextCursor"))); err != nil {
			t.Fatal(err)
		}
	}
	theirs, at.ID = at.String(), at.ID+1
	return theirs, at.String(), "AAAA"
}

// visible is the part of a response to compare. Of refusals and GETs it is everything. Of created or changed objects it
// is the members without their values, which differ with every request.
func visible(a harness.Answer, op harness.Operation) string {
	if a.Status >= 300 || len(a.Body) == 0 || strings.Contains(a.Header.Get("Content-Type"), "event-stream") {
		if len(a.Body) == 0 {
			return fmt.Sprint(a.Status)
		}
		return plain(a)
	}
	if op.Method == "GET" && strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		return fmt.Sprint(a.Status, " ", harness.Render(a.Value(), "online")) // presence changes by itself
	}
	if op.Method == "GET" {
		return fmt.Sprint(a.Status, " ", string(a.Body))
	}
	return fmt.Sprint(a.Status, " ", a.Header.Get("Idempotency-Replayed"), members(a.Value()))
}

// members renders a value without its leaves. Of a list it renders the first item.
func members(v any) string {
	switch v := v.(type) {
	case map[string]any:
		masked := map[string]any{}
		for k, e := range v {
			masked[k] = members(e)
		}
		return harness.Render(masked)
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		return "[" + members(v[0]) + "]"
	default:
		return fmt.Sprintf("%T", v)
	}
}

// TestEventIDs checks that a stream resumed after another website's event contains only its own website's events.
func TestEventIDs(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	theirs := c.other.Reader().Events(t, "/events", "")
	c.other.Reply(t, c.other.Conversation, "Still there?")
	at := theirs.Until(t, "message.created").ID
	c.other.Reply(t, c.other.Conversation, "Hello?")
	for name, stream := range map[string]*harness.Stream{
		"an agent's": c.own.Reader().Events(t, "/events", at), "a visitor's": c.own.Caller.Events(t, "/visitor/events", at),
	} {
		c.own.Reply(t, c.own.Conversation, "It has come.")
		for {
			f := stream.Next(t)
			text := f.Data.String()
			if strings.Contains(text, c.other.Conversation) ||
				strings.Contains(text, fmt.Sprintf(`"websiteId":%d,`, c.other.ID)) {
				t.Errorf("%s stream contains the other website: %s", name, text)
			}
			if f.Event == "message.created" {
				break
			}
		}
	}
}

// TestWebhooksGetOnlyOwnEvents checks that a webhook for all events gets none of another website.
func TestWebhooksGetOnlyOwnEvents(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	receiver := harness.Receive(t, nil)
	c.own.NewWebhook(t, receiver.URL, "*")
	c.other.Reply(t, c.other.Conversation, "Hello?")
	c.other.NewTicket(t, harness.Map{"title": "Theirs"})
	c.own.NewTicket(t, harness.Map{"title": "Ours"})
	c.own.Reply(t, c.own.Conversation, "It has come.")
	harness.Eventually(t, 2*harness.Patience, "both events of the website's own", func() (bool, any) {
		return len(receiver.Got()) >= 2, len(receiver.Got())
	})
	for _, got := range receiver.Got() {
		if id := got.Object(t).Int("websiteId"); id != c.own.ID {
			t.Errorf("a webhook of website %d gets an event of website %d: %s", c.own.ID, id, got.Body)
		}
	}
}
