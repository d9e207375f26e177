package hostile_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/tests/harness"
)

// TestTokensCannotActAsVisitors: a client that reads visitor tokens can use one to rate and to create a ticket, as
// documented, but for nothing else.
func TestTokensCannotActAsVisitors(t *testing.T) {
	t.Parallel()
	s := harness.Running().From("198.51.100.41")
	w := s.World(t, harness.Pro)
	stranger := w.Visit(t, nil)
	seen := w.Reader().Get(t, "/visitors/"+w.Caller.Token).Text("token")
	for _, op := range harness.Operations() {
		if op.Caller != harness.ByVisitor {
			continue
		}
		if op.Row != 0 {
			op.Ask(t, s.Visitor(seen), w.Objects()).Want(t, op.Status)
			continue
		}
		refused(t, op.Ask(t, s.Visitor(seen), w.Objects()), "visitor_secret_missing")
		refused(t, op.Ask(t, s.Proven(seen, stranger.Secret), w.Objects()), "visitor_secret_invalid")
		refused(t, op.Ask(t, s.Proven(seen, identity.HashSecret(w.Caller.Secret)), w.Objects()), "visitor_secret_invalid")
	}
	for name, sent := range map[string]harness.Map{
		"no secret": {}, "an empty one": {"visitorSecret": ""}, "null": {"visitorSecret": nil},
		"another's": {"visitorSecret": stranger.Secret},
	} {
		sent["visitorToken"], sent["name"] = seen, "Mallory"
		if got := w.Visit(t, sent); got.Token == seen || got.ID == w.Caller.ID || !got.Made.Null("conversation") {
			t.Errorf("a session with the token and %s resumes the visitor: %s", name, got.Made)
		}
	}
	if name := w.Reader().Get(t, "/visitors/"+seen).Text("name"); name == "Mallory" {
		t.Error("a session without the secret has changed the visitor")
	}
	if back := w.Visit(t, w.Caller.Back()); back.ID != w.Caller.ID || !back.Made.Null("visitorSecret") {
		t.Errorf("the visitor cannot resume: %s", back.Made)
	}
}

func refused(t *testing.T, a harness.Answer, code string) {
	t.Helper()
	if got := a.Want(t, 401).Object().Text("code"); got != code {
		t.Errorf("%s %s: %s, want %s", a.Method, a.Path, got, code)
	}
}

// TestNoResponseHasAVisitorsSecret: no response contains a visitor's secret or its hash, except the session that issues
// it.
func TestNoResponseHasAVisitorsSecret(t *testing.T) {
	t.Parallel()
	s := harness.Running().From("198.51.100.42")
	w := s.World(t, harness.Pro)
	for _, op := range harness.Operations() {
		if op.Ends || strings.HasSuffix(op.Path, "/events") {
			continue
		}
		client := op.Allowed(w)
		if op.ByToken() {
			client = w.Agent()
		}
		silent(t, w, op.Ask(t, client, w.Objects()))
	}
	for _, path := range []string{"/visitors/" + w.Caller.Token + "/export", "/export"} {
		silent(t, w, w.Operator().Do(t, "GET", fmt.Sprintf("/operator/websites/%d%s", w.ID, path), nil).Want(t, 200))
	}
	silent(t, w, w.Operator().Do(t, "GET", "/operator/audit", nil).Want(t, 200))
}

func silent(t *testing.T, w *harness.World, a harness.Answer) {
	t.Helper()
	for _, text := range []string{w.Caller.Secret, identity.HashSecret(w.Caller.Secret)} {
		if strings.Contains(string(a.Body), text) {
			t.Errorf("%s %s contains the visitor's secret: %.300s", a.Method, a.Path, a.Body)
		}
	}
}

// TestWriteResponsesHaveOnlyWrittenValues: with a token of the level WRITE, the response to a change contains only
// values that the request wrote. Every documented member is still there, which the client checks for each response.
func TestWriteResponsesHaveOnlyWrittenValues(t *testing.T) {
	t.Parallel()
	s := harness.Running().From("198.51.100.43")
	w := s.World(t, harness.Pro)
	hidden := stock(t, w)
	ignored := harness.Map{
		"ip": "x", "email": nil, "name": nil, "title": nil, "summary": nil, "visitor": 1, "messages": 1,
		"assignee": 1,
	}
	for _, op := range harness.Operations() {
		if op.Caller != harness.ByWrite || op.Ends || op.Row == 9 { // a widget's settings are public
			continue
		}
		bodies := []any{nil}
		if op.Body != nil {
			more := maps.Clone(op.Good(w.Objects()))
			if op.Row != 0 { // documented operations ignore unknown members
				for name, v := range ignored {
					if _, own := more[name]; !own {
						more[name] = v
					}
				}
				bodies = append(bodies, ignored)
			}
			bodies = append(bodies, harness.Map{}, more)
		}
		for _, body := range bodies {
			a := w.Writer().Do(t, op.Method, harness.Fill(op.Path, w.Objects()), body)
			for what, text := range hidden {
				if strings.Contains(string(a.Body), text) {
					t.Errorf("%s with %v returns %s, %q: %s", op.Name(), body, what, text, a.Body)
				}
			}
		}
	}
	written := w.Writer().Send(t, 200, "PATCH", "/visitors/"+w.Caller.Token+"/context",
		harness.Map{"context": harness.Map{"cart": 3, "gone": nil}})
	if written.Text("context") != `{"cart":3}` || written.Text("name") != "" || written.Text("token") != w.Caller.Token {
		t.Errorf("a change of the context returns %s", written)
	}
	read := w.Agent().Send(t, 200, "PATCH", "/visitors/"+w.Caller.Token+"/context", harness.Map{})
	if read.Text("name") == "" || read.Text("ip") == "" {
		t.Errorf("a token that may read gets %s", read)
	}
	user := w.Writer().Send(t, 200, "PATCH", "/users/"+harness.PathID(w.User.Int("id")), harness.Map{"name": "Una"})
	if user.Text("name") != "Una" || user.Text("email") != "" {
		t.Errorf("a change of a name returns %s", user)
	}
}

// stock sets texts in the objects of w that only tokens with reading may see.
func stock(t *testing.T, w *harness.World) map[string]string {
	t.Helper()
	hidden := map[string]string{"an address": "198.51.100.43", "an agent's e-mail": w.User.Text("email")}
	text := func(what string) string {
		hidden[what] = harness.Unique("hidden-")
		return hidden[what]
	}
	agent := w.Agent()
	agent.Send(t, 200, "PATCH", "/visitors/"+w.Caller.Token+"/context",
		harness.Map{"name": text("a visitor's name"), "context": harness.Map{"mail": text("a visitor's context")}})
	agent.Send(t, 200, "PATCH", "/users/"+harness.PathID(w.User.Int("id")), harness.Map{"name": text("an agent's name")})
	agent.Do(t, "PUT", "/tags/"+w.Tag, harness.Map{"names": harness.Map{"de": text("a tag's name")}}).Want(t, 200)
	agent.Send(t, 200, "PATCH", "/conversations/"+w.Conversation, harness.Map{
		"summary": text("a summary"), "tags": []string{w.Tag}, "assigneeId": w.User.Int("id"),
	})
	agent.Send(t, 200, "PATCH", "/tickets/"+w.Ticket, harness.Map{
		"title": text("a title"), "description": text("a description"), "email": harness.Unique("hidden.") + "@home.example",
		"assigneeId": w.User.Int("id"),
	})
	agent.Send(t, 201, "POST", "/tickets/"+w.Ticket+"/messages", harness.Map{"content": text("a ticket's message")})
	return hidden
}

// TestWebhooksNeedReading: a webhook receives all events, so a token that may not read can't create, change or trigger
// one.
func TestWebhooksNeedReading(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.44").World(t, harness.Free)
	for _, op := range harness.Operations() {
		if !strings.HasPrefix(op.Path, "/webhooks") || op.Method == "GET" || op.Method == "DELETE" {
			continue
		}
		for _, c := range []harness.Client{w.Writer(), w.Reader()} {
			if code := op.Ask(t, c, w.Objects()).Want(t, 403).Object().Text("code"); code != "permission_missing" {
				t.Errorf("%s: %s", op.Name(), code)
			}
		}
	}
}
