package hostile_test

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestVisitorsSeeNoSummaryAndNoTags checks that no response and no event for a visitor contains the agents' notes about
// the conversation.
func TestVisitorsSeeNoSummaryAndNoTags(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.11").Website(t, harness.Free)
	v := w.Visit(t, nil)
	live := v.Events(t, "/visitor/events", "")
	live.Until(t, "ready")
	token := v.Open(t, "I want my money back.")
	begin := live.Want(t, "conversation.opened", "message.created")[1].ID
	path, own := "/conversations/"+token, "/visitor/conversations/"+token
	const summary, tag = "Difficult customer", "troll"
	w.Agent().Send(t, 200, "PATCH", path, harness.Map{"summary": summary, "tags": []string{tag}})
	w.Reply(t, token, "We will see.")

	answers := map[string]string{}
	seen := func(name string, conversation harness.Object) {
		t.Helper()
		answers[name] = conversation.String()
		if !conversation.Null("summary") || len(conversation.Texts("tags")) != 0 {
			t.Errorf("%s shows %s", name, conversation)
		}
		harness.Check(t, name, conversation, harness.Conversation)
	}
	resumed := v.Send(t, 201, "POST", "/visitor/sessions", harness.Map{
		"clientToken":  w.ClientToken,
		"visitorToken": v.Token,
	})
	if !resumed.Null("conversation") { // a session may require the visitor's secret
		seen("a session", resumed.Object("conversation"))
	}
	seen("own messages", v.Get(t, own+"/messages").Object("conversation"))
	v.Do(t, "POST", own+"/read", nil).Want(t, 204)
	seen("a rating", v.Send(t, 200, "POST", path+"/rate", harness.Map{"rating": 1}))
	seen("closing", v.Send(t, 200, "POST", own+"/close", nil))
	for name, stream := range map[string]*harness.Stream{"live": live, "resumed": v.Events(t, "/visitor/events", begin)} {
		if name == "resumed" {
			stream.Until(t, "ready")
		}
		for _, want := range []string{
			"conversation.updated", "message.created", "conversation.read", "conversation.rated",
			"conversation.updated",
		} {
			f := stream.Next(t)
			if f.Event != want {
				t.Fatalf("%s: %s, want %s", name, f.Event, want)
			}
			seen(fmt.Sprint(name, " ", want), f.Happened().Object("conversation"))
			if text := f.Data.String(); strings.Contains(text, summary) || strings.Contains(text, tag) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
	agents := w.Reader().Get(t, path).Object("conversation")
	if agents.Text("summary") != summary || len(agents.Texts("tags")) != 1 {
		t.Errorf("agents see %s", agents)
	}
}

// TestStreamsEndWithTheirPlan checks that an agent's stream ends after a downgrade, and that a new one has no events
// about tickets.
func TestStreamsEndWithTheirPlan(t *testing.T) {
	t.Parallel()
	s := harness.Running().From("198.51.100.12")
	w, other := s.Website(t, harness.Pro), s.Website(t, harness.Pro)
	v := w.Visit(t, nil)
	stream, kept := w.Reader().Events(t, "/events", ""), other.Reader().Events(t, "/events", "")
	stream.Until(t, "ready")
	kept.Until(t, "ready")
	w.NewTicket(t, harness.Map{"title": "Before"})
	stream.Until(t, "ticket.created")
	w.Operator().Send(t, 200, "PATCH", fmt.Sprint("/operator/websites/", w.ID), harness.Map{"plan": harness.Free})
	harness.Eventually(t, 2*harness.Patience, "the stream ends", func() (bool, any) { return stream.Ended(), nil })
	if kept.Ended() {
		t.Error("another website's stream ended too")
	}
	again := w.Reader().Events(t, "/events", stream.Last)
	again.Until(t, "ready")
	v.Send(t, 201, "POST", "/internal/visitors/tickets", harness.Map{"title": "After"})
	v.Open(t, "Hello?")
	for f := again.Next(t); f.Event != "message.created"; f = again.Next(t) {
		if strings.HasPrefix(f.Event, "ticket.") {
			t.Errorf("with the plan FREE, the stream has %s", f.Data)
		}
	}
}

// TestOneAddressCannotUseUpTheStreams checks that the visitors of one network may hold a bounded number of streams, and
// that others are served meanwhile.
func TestOneAddressCannotUseUpTheStreams(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.13").Website(t, harness.Pro)
	const bound, pages = 256, 8
	opened, status := 0, 200
	for visitor := 0; status == 200 && opened <= bound; visitor++ {
		near := *w
		near.System = w.From(fmt.Sprintf("2001:db8:0:13::%x", visitor+1))
		v := near.Visit(t, nil)
		for page := 0; page < pages && status == 200; page++ {
			if _, status = v.TryEvents(t, "/visitor/events", ""); status == 200 {
				opened++
			}
		}
	}
	if status != 429 || opened > bound {
		t.Errorf("one network opened %d streams, and then got %d", opened, status)
	}
	elsewhere := *w
	elsewhere.System = w.From("2001:db8:0:14::1")
	if _, status := elsewhere.Visit(t, nil).TryEvents(t, "/visitor/events", ""); status != 200 {
		t.Errorf("another network's visitor got %d", status)
	}
	if _, status := w.Reader().TryEvents(t, "/events", ""); status != 200 {
		t.Errorf("an agent got %d", status)
	}
}

// TestFreeWebsitesReadVisitorsTickets checks that a visitor's ticket gets the documented response with the plan FREE
// too, and that agents can read its text in a conversation.
func TestFreeWebsitesReadVisitorsTickets(t *testing.T) {
	t.Parallel()
	w := harness.Running().From("198.51.100.14").Website(t, harness.Free)
	agents := w.Reader().Events(t, "/events", "")
	agents.Until(t, "ready")
	v := w.Visit(t, nil)
	ticket := v.Send(t, 201, "POST", "/internal/visitors/tickets",
		harness.Map{"title": "Broken lamp", "description": "It came in pieces.", "email": "vera@home.example"})
	harness.Check(t, "a visitor's ticket", ticket, harness.Ticket)
	live := agents.Want(t, "conversation.opened", "message.created")[1].Happened()
	for _, want := range []string{"Broken lamp", "It came in pieces.", "vera@home.example"} {
		if got := live.Object("message").Text("content"); !strings.Contains(got, want) {
			t.Errorf("agents get %q, without %q", got, want)
		}
	}
	opened := w.Reader().Get(t, "/conversations").List("data")
	if len(opened) != 1 || opened[0].Int("visitorId") != v.ID || ticket.Int("conversationId") != opened[0].Int("id") {
		t.Errorf("the ticket %s is in the conversations %v", ticket, opened)
	}
	// The next ticket uses the same conversation.
	v.Send(t, 201, "POST", "/internal/visitors/tickets", harness.Map{"title": "Another lamp"})
	agents.Want(t, "message.created")
	w.Reader().Do(t, "GET", "/tickets", nil).Want(t, 403)
}
