package contract_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// TestEventsAreAsDocumented checks that each event on the streams matches the schema of its name, and that each
// documented event occurs.
func TestEventsAreAsDocumented(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	agents := w.Reader().Events(t, "/events", "")
	v := w.Visit(t, nil)
	visitor := v.Events(t, "/visitor/events", "")
	for _, s := range []*harness.Stream{agents, visitor} {
		ready := s.Next(t)
		documented(t, ready)
	}
	token := v.Open(t, "Hello?")
	path, own := "/conversations/"+token, "/visitor/conversations/"+token
	agent := w.Agent()
	agent.Do(t, "POST", path+"/read", nil).Want(t, 204)
	person := w.Person(t, harness.Agent)
	person.Do(t, "POST", path+"/read", nil).Want(t, 204)
	person.Do(t, "POST", path+"/viewing", harness.Map{"viewing": true}).Want(t, 204)
	user := "/users/" + harness.PathID(w.NewUser(t).Int("id"))
	agent.Do(t, "POST", user+"/heartbeat", nil).Want(t, 204)
	agent.Send(t, 200, "PUT", user+"/status", harness.Map{"status": "away"})
	agent.Do(t, "POST", path+"/typing", harness.Map{"typing": true}).Want(t, 204)
	v.Do(t, "POST", own+"/typing", harness.Map{"typing": false}).Want(t, 204)
	w.Reply(t, token, "Hello!")
	note := agent.Send(t, 201, "POST", path+"/notes", harness.Map{"content": "A regular."})
	agent.Send(t, 200, "PATCH", path+"/notes/"+harness.PathID(note.Int("id")), harness.Map{"content": "Rarely."})
	agent.Do(t, "DELETE", path+"/notes/"+harness.PathID(note.Int("id")), nil).Want(t, 200)
	about := "/visitors/" + v.Token + "/notes"
	note = agent.Send(t, 201, "POST", about, harness.Map{"content": "A regular."})
	agent.Send(t, 200, "PATCH", about+"/"+harness.PathID(note.Int("id")), harness.Map{"content": "Rarely."})
	agent.Do(t, "DELETE", about+"/"+harness.PathID(note.Int("id")), nil).Want(t, 200)
	v.Do(t, "POST", own+"/read", nil).Want(t, 204)
	v.Send(t, 200, "POST", path+"/rate", harness.Map{"rating": 5})
	agent.Send(t, 200, "PATCH", path, harness.Map{"snoozedUntil": time.Now().Add(time.Hour)})
	agent.Send(t, 200, "PATCH", path, harness.Map{"status": "CLOSED"})
	agent.Send(t, 200, "PATCH", "/visitors/"+v.Token+"/context", harness.Map{"name": "Vera"})
	agent.Send(t, 200, "POST", "/conversations/import",
		harness.Map{"rows": []harness.Map{harness.Row(harness.Unique("row"), "Is it open?", "It is.")}})
	ticket := w.NewTicket(t, harness.Map{"title": "A chart"}).Text("id")
	agent.Send(t, 200, "PATCH", "/tickets/"+ticket, harness.Map{"priority": "HIGH"})
	agent.Send(t, 201, "POST", "/tickets/"+ticket+"/messages", harness.Map{"content": "We look."})
	agent.Do(t, "DELETE", "/tickets/"+ticket, nil).Want(t, 200)
	// An erasure also removes what its visitor's events said, if they have not reached the stream yet.
	blocked, gone := w.Visit(t, nil), w.Visit(t, nil)
	agent.Do(t, "PUT", "/visitors/"+blocked.Token+"/block", nil).Want(t, 200)
	person.Do(t, "DELETE", "/visitors/"+blocked.Token+"/block", nil).Want(t, 200)
	gone.Open(t, "Forget me.")
	w.Operator().Do(t, "DELETE", "/operator/websites/"+harness.PathID(w.ID)+"/visitors/"+gone.Token, nil).Want(t, 202)

	agent.Send(t, 201, "POST", "/canned-replies",
		harness.Map{"shortcut": harness.Unique("hello-"), "title": "Greeting", "text": "Hello!"})

	receiver := harness.Receive(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusGone) })
	w.NewWebhook(t, receiver.URL, "visitor.created")
	w.Visit(t, nil)

	missing := map[string]bool{}
	for name := range document(t).Components.Schemas {
		missing[name] = strings.Contains(name, ".") || name == "typing"
	}
	for len(left(missing)) > 0 {
		f, open := agents.Try(t)
		if !open {
			t.Fatalf("documented events that never occurred: %v", left(missing))
		}
		documented(t, f)
		missing[f.Event] = false
	}
	for range 8 { // opened, two messages, read twice, typing twice, rated
		f := visitor.Next(t)
		documented(t, f)
		if strings.HasPrefix(f.Event, "note.") || strings.HasPrefix(f.Event, "inbox.") ||
			strings.HasPrefix(f.Event, "visitor.") {
			t.Errorf("a visitor received %s", f.Event)
		}
	}
}

func left(missing map[string]bool) []string {
	var names []string
	for name, is := range missing {
		if is {
			names = append(names, name)
		}
	}
	return names
}

func documented(t *testing.T, f harness.Frame) {
	t.Helper()
	d, err := harness.TheDocument()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := d.Schema(f.Event)
	if err != nil {
		t.Errorf("%s is not documented: %v", f.Event, err)
		return
	}
	if err := harness.Fits(schema, []byte(f.Data.String())); err != nil {
		t.Errorf("%s: %v", f.Event, err)
	}
}
