package journeys

import (
	"context"
	"iter"
	"testing"

	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

// Live checks that both sides of a chat get its events, and that no other client gets any.
func Live(t *testing.T, s harness.System) {
	w, stranger := s.Website(t, harness.Free), s.Website(t, harness.Free)
	v, other := w.Visit(t, nil), w.Visit(t, nil)
	agents, visitor := w.Reader().Events(t, "/events", ""), v.Events(t, "/visitor/events", "")
	elsewhere := []*harness.Stream{stranger.Reader().Events(t, "/events", ""), other.Events(t, "/visitor/events", "")}
	for _, stream := range append(elsewhere, agents, visitor) {
		if ready := stream.Next(t); ready.Event != "ready" || ready.Data.Bool("resumed") || ready.ID == "" {
			t.Fatalf("a stream begins with %+v", ready)
		}
	}
	token := v.Open(t, "Is the atlas in stock?")
	path, own := "/conversations/"+token, "/visitor/conversations/"+token
	for _, stream := range []*harness.Stream{agents, visitor} {
		happened := stream.Want(t, "conversation.opened", "message.created")
		if got := happened[0].Happened().Object("conversation"); got.Text("token") != token {
			t.Errorf("opened: %s", got)
		}
		harness.Check(t, "an opened conversation", happened[0].Happened().Object("conversation"), harness.Conversation)
		message := happened[1].Happened().Object("message")
		harness.Check(t, "a created message", message, harness.Message)
		if message.Text("content") != "Is the atlas in stock?" || message.Int("visitorId") != v.ID {
			t.Errorf("created: %s", message)
		}
	}
	w.Writer().Do(t, "POST", path+"/typing", harness.Map{"typing": true}).Want(t, 204)
	if f := visitor.Want(t, "typing")[0]; f.ID != "" || !f.Happened().Bool("typing") ||
		f.Happened().Text("sender") != "USER" || f.Happened().Text("conversationToken") != token {
		t.Errorf("typing: %+v", f)
	}
	w.Writer().Do(t, "POST", path+"/read", nil).Want(t, 204)
	w.Writer().Do(t, "POST", path+"/read", nil).Want(t, 204) // there are no unread messages, so no event
	w.Reply(t, token, "It is.")
	if f := visitor.Want(t, "conversation.read", "message.created")[0]; f.Happened().Text("reader") != "USER" {
		t.Errorf("read: %s", f.Data)
	}
	v.Do(t, "POST", own+"/read", nil).Want(t, 204)
	w.Writer().Send(t, 200, "PATCH", path, harness.Map{"status": "CLOSED"})
	v.Send(t, 200, "POST", path+"/rate", harness.Map{"rating": 5})
	seen := agents.Want(t, "typing", "conversation.read", "message.created", "conversation.read", "conversation.updated",
		"conversation.rated")
	if updated := seen[4].Happened(); updated.Text("from") != "OPEN" || updated.Text("status") != "CLOSED" {
		t.Errorf("updated: %s", updated)
	}
	visitor.Want(t, "conversation.read", "conversation.updated", "conversation.rated")

	// Neither the other website nor the other visitor gets these events: the first event of each is its own.
	stranger.Visit(t, nil).Open(t, "Hello?")
	elsewhere[0].Want(t, "conversation.opened", "message.created")
	other.Open(t, "Me too")
	elsewhere[1].Want(t, "conversation.opened", "message.created")
}

// Resuming checks that a stream resumes after the last event, with the events missed in between.
func Resuming(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Pro)
	v := w.Visit(t, nil)
	stream := v.Events(t, "/visitor/events", "")
	stream.Want(t, "ready")
	token := v.Open(t, "one")
	stream.Want(t, "conversation.opened", "message.created")
	w.Reply(t, token, "two")
	stream.Want(t, "message.created")
	stream.Close()
	w.Reply(t, token, "three")
	w.Visit(t, nil).Open(t, "not theirs")
	v.Say(t, token, "four")
	back := v.Events(t, "/visitor/events", stream.Last)
	if ready := back.Next(t); ready.Event != "ready" || !ready.Data.Bool("resumed") {
		t.Fatalf("resuming begins with %+v", ready)
	}
	w.Reply(t, token, "five")
	ids := map[string]bool{}
	for _, want := range []string{"three", "four", "five"} {
		f := back.Want(t, "message.created")[0]
		if got := f.Happened().Object("message").Text("content"); got != want || ids[f.ID] {
			t.Errorf("got %q with id %s, want %q", got, f.ID, want)
		}
		ids[f.ID] = true
	}

	agents := w.Reader().Events(t, "/events", stream.Last)
	agents.Want(t, "ready", "message.created", "conversation.opened", "message.created", "message.created",
		"message.created")
	ticket := w.NewTicket(t, harness.Map{"title": "An atlas"})
	if f := agents.Until(t, "ticket.created"); f.Happened().Text("status") != "NEW" ||
		f.Happened().Text("ticketId") != ticket.Text("id") {
		t.Errorf("a ticket: %s", f.Data)
	}
	for _, forged := range []string{"x", "1.2", "9999999999.9999999999.9999999999", "-1.-1.-1"} {
		fresh := v.Events(t, "/visitor/events", forged)
		if ready := fresh.Next(t); ready.Event != "ready" || ready.Data.Bool("resumed") {
			t.Errorf("with the id %q a stream begins with %+v", forged, ready)
		}
		w.Reply(t, token, "from now on, "+forged)
		if got := fresh.Want(t, "message.created")[0].Happened().Object("message").Text("content"); got !=
			"from now on, "+forged {
			t.Errorf("with the id %q came %q", forged, got)
		}
		fresh.Close()
	}
}

// Following checks that a program gets events by the client, in the document's types, and resumes after the last one.
func Following(t *testing.T, s harness.System) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*harness.Patience)
	defer cancel()
	w := s.Website(t, harness.Pro)
	v := w.Visit(t, nil)
	next, stop := iter.Pull2(v.API(t).StreamOwnEvents(ctx, ""))
	defer func() { stop() }()
	if ready, _ := following[api.Ready](t, next); ready.Resumed {
		t.Error("a new stream is marked as resumed")
	}
	token := v.Open(t, "one")
	if opened, _ := following[api.ConversationOpened](t, next); opened.Data.Conversation.Token != token {
		t.Errorf("opened: %+v", opened)
	}
	created, last := following[api.MessageCreated](t, next)
	if created.Data.Message.Content != "one" || created.Data.Sender != api.SenderVISITOR {
		t.Errorf("created: %+v", created)
	}
	stop()
	w.Reply(t, token, "two")
	next, stop = iter.Pull2(v.API(t).StreamOwnEvents(ctx, last))
	if ready, _ := following[api.Ready](t, next); !ready.Resumed {
		t.Error("a resumed stream isn't marked as resumed")
	}
	if created, _ := following[api.MessageCreated](t, next); created.Data.Message.Content != "two" {
		t.Errorf("the missed message: %+v", created)
	}
	for _, err := range w.Writer().API(t).StreamEvents(ctx, "") { // a WRITE token doesn't include reading
		harness.Refused(t, err, 403)
	}
}

// following returns the next event, whose type must be E, and its id.
func following[E any](t *testing.T, next func() (client.Event, error, bool)) (E, string) {
	t.Helper()
	e, err, _ := next()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := e.Decode()
	event, is := decoded.(E)
	if err != nil || !is {
		t.Fatalf("got %s, %v, want a %T: %s", e.Name, err, event, e.Data)
	}
	return event, e.ID
}

// Digested checks that a closed conversation gets a summary and tags, unless an agent wrote a summary.
func Digested(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	agent, v := w.Agent(), w.Visit(t, nil)
	agent.Do(t, "PUT", "/tags/delivery", harness.Map{"names": harness.Map{"de": "Lieferung"}}).Want(t, 200)
	token := v.Open(t, "Hello. Where is my parcel?")
	path := "/conversations/" + token
	w.Reply(t, token, "Your parcel arrives tomorrow.")
	v.Say(t, token, "Thanks for the quick Lieferung!")
	kept := v.Open(t, "Where is my parcel, and its delivery?")
	agent.Send(t, 200, "PATCH", "/conversations/"+kept, harness.Map{"summary": "An agent's own."})
	stream := w.Reader().Events(t, "/events", "")
	stream.Want(t, "ready")
	for _, token := range []string{token, kept} {
		agent.Send(t, 200, "PATCH", "/conversations/"+token, harness.Map{"status": "CLOSED"})
	}
	harness.Eventually(t, 2*harness.Patience, "the summary of the closed conversation", func() (bool, any) {
		a, b := agent.Get(t, path).Object("conversation"), agent.Get(t, "/conversations/"+kept).Object("conversation")
		return !a.Null("summary") && len(b.Texts("tags")) > 0, []any{a, b}
	})
	c := agent.Get(t, path+"?lang=de").Object("conversation")
	if c.Text("summary") != "Where is my parcel? Your parcel arrives tomorrow." || len(c.Texts("tags")) != 1 ||
		c.Texts("tags")[0] != "Lieferung" {
		t.Errorf("digested: %s", c)
	}
	if c := agent.Get(t, "/conversations/"+kept).Object("conversation"); c.Text("summary") != "An agent's own." {
		t.Errorf("an agent's own summary: %s", c)
	}
	for f := stream.Until(t, "conversation.updated"); f.Happened().Object("conversation").Null("summary"); {
		f = stream.Until(t, "conversation.updated")
	}
}
