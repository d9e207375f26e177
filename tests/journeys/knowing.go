package journeys

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// Notes follows what a team writes about a visitor: another agent's note can't be changed, streams of agents show it,
// and nothing that the visitor reads does.
func Notes(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	visitor := w.Visit(t, nil)
	ada, bob := w.Person(t, harness.Agent), w.Person(t, harness.Agent)
	events, own := w.Reader().Events(t, "/events", ""), visitor.Events(t, "/visitor/events", "")
	events.Next(t) // ready
	own.Next(t)
	at := "/visitors/" + visitor.Token + "/notes"
	note := ada.Send(t, 201, "POST", at, harness.Map{"content": "Prefers parcels to the office."})
	one := at + "/" + harness.PathID(note.Int("id"))
	bob.Do(t, "PATCH", one, harness.Map{"content": "Mine."}).Want(t, 403)
	ada.Send(t, 200, "PATCH", one, harness.Map{"content": "Prefers parcels to the shop."})
	listed := bob.Get(t, at).List("data")
	if len(listed) != 1 || listed[0].Text("content") != "Prefers parcels to the shop." ||
		listed[0].Int("authorId") != ada.User {
		t.Errorf("the notes are %v", listed)
	}
	visitor.Do(t, "GET", at, nil).Want(t, 401)
	visitor.Open(t, "Hello?")
	if f := own.Next(t); f.Event != "conversation.opened" && f.Event != "message.created" {
		t.Errorf("the visitor receives %s", f.Event)
	}
	ada.Do(t, "DELETE", one, nil).Want(t, 200)
	for _, want := range []string{"visitor.note_created", "visitor.note_updated", "visitor.note_deleted"} {
		for events.Next(t).Event != want {
			continue // others come between
		}
	}
	if left := bob.Get(t, at).List("data"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Visit follows a visitor from page to page: agents see origin and path of each, and no query.
func Visit(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	on := func(page string) harness.Map {
		return harness.Map{"context": harness.Map{"page": "https://shop.example" + page}}
	}
	visitor := w.Visit(t, on("/atlas?order=4711"))
	for _, page := range []string{"/cart#top", "/cart", "/atlas"} {
		body := on(page)
		body["clientToken"], body["visitorToken"], body["visitorSecret"] = w.ClientToken, visitor.Token, visitor.Secret
		w.Public().Send(t, 201, "POST", "/visitor/sessions", body)
	}
	visit := w.Reader().Get(t, "/visitors/"+visitor.Token+"/visit")
	var pages []string
	for _, p := range visit.List("pages") {
		pages = append(pages, p.Text("url"))
	}
	want := []string{"https://shop.example/atlas", "https://shop.example/cart", "https://shop.example/atlas"}
	if !slices.Equal(pages, want) || visit.Null("arrivedAt") {
		t.Errorf("the visit is %v", visit)
	}
	never := w.Visit(t, nil)
	if got := w.Reader().Get(t, "/visitors/"+never.Token+"/visit").List("pages"); len(got) != 0 {
		t.Errorf("a visitor whose page isn't known: %v", got)
	}
	visitor.Do(t, "GET", "/visitors/"+visitor.Token+"/visit", nil).Want(t, 401)
}

// Blocked is a visitor that an agent blocks: both sides still read, and what the visitor writes is refused, until the
// block is taken back.
func Blocked(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	visitor, other := w.Visit(t, nil), w.Visit(t, nil)
	agent := w.Person(t, harness.Agent)
	talk := visitor.Open(t, "Buy followers!")
	events := w.Reader().Events(t, "/events", "")
	events.Next(t) // ready
	post := "/visitor/conversations/" + talk + "/messages"
	writes := map[string]func() harness.Answer{
		"a message": func() harness.Answer { return visitor.Do(t, "POST", post, harness.Map{"content": "Cheap!"}) },
		"a conversation": func() harness.Answer {
			return visitor.Do(t, "POST", "/visitor/conversations", harness.Map{"content": "Cheap!"})
		},
		"a ticket": func() harness.Answer {
			return visitor.Do(t, "POST", "/internal/visitors/tickets", harness.Map{"title": "Cheap!"})
		},
		"a rating": func() harness.Answer {
			return visitor.Do(t, "POST", "/conversations/"+talk+"/rate", harness.Map{"rating": 1})
		},
		"typing": func() harness.Answer {
			return visitor.Do(t, "POST", "/visitor/conversations/"+talk+"/typing", harness.Map{"typing": true})
		},
	}
	block := "/visitors/" + visitor.Token + "/block"
	agent.Do(t, "PUT", block, nil).Want(t, 200)
	for name, write := range writes {
		harness.Eventually(t, 15*time.Second, name+" is refused", func() (bool, any) {
			a := write()
			return a.Status == 403 && strings.Contains(string(a.Body), "visitor_blocked"), string(a.Body)
		})
	}
	visitor.Do(t, "GET", post+"?after=0", nil).Want(t, 200)
	visitor.Do(t, "POST", "/visitor/heartbeat", nil).Want(t, 200)
	if rows := agent.Get(t, "/visitors/rows?blocked=true").List("data"); len(rows) != 1 ||
		rows[0].Text("token") != visitor.Token {
		t.Errorf("blocked are %v", rows)
	}
	other.Open(t, "Hello?")
	agent.Do(t, "DELETE", block, nil).Want(t, 200)
	harness.Eventually(t, 15*time.Second, "the visitor writes again", func() (bool, any) {
		a := writes["a message"]()
		return a.Status == 201, string(a.Body)
	})
	for _, want := range []string{"visitor.blocked", "visitor.unblocked"} {
		for events.Next(t).Event != want {
			continue // others come between
		}
	}
}
