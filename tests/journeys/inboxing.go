package journeys

import (
	"slices"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// Inbox follows conversations through the views of the inbox: snoozed until a time that comes, marked as spam, changed
// together. Agents receive events of that, visitors don't.
func Inbox(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	agent, visitor := w.Agent(), w.Visit(t, nil)
	one, two := visitor.Open(t, "Is the atlas in stock?"), visitor.Open(t, "Buy followers!")
	events, own := w.Reader().Events(t, "/events", ""), visitor.Events(t, "/visitor/events", "")
	events.Next(t) // ready
	own.Next(t)
	tokens := func(query string) (found []string) {
		t.Helper()
		for _, row := range w.Reader().Get(t, "/inbox"+query).List("data") {
			found = append(found, row.Object("conversation").Text("token"))
		}
		return found
	}
	is := func(query string, want ...string) {
		t.Helper()
		if got := tokens(query); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, and not %v", query, got, want)
		}
	}
	is("?sort=waiting", one, two)
	agent.Send(t, 200, "PATCH", "/conversations/"+one, harness.Map{"snoozedUntil": time.Now().Add(2 * time.Second)})
	is("?status=OPEN&snoozed=false&sort=oldest", two)
	harness.Eventually(t, 4*harness.Patience, "the conversation wakes at its time", func() (bool, any) {
		got := tokens("?status=OPEN&snoozed=false&sort=oldest")
		return slices.Equal(got, []string{one, two}), got
	})
	agent.Send(t, 200, "PATCH", "/inbox", harness.Map{
		"tokens": []string{two}, "change": harness.Map{"spam": true, "addTags": []string{"junk"}},
	})
	visitor.Say(t, two, "Really cheap!")
	is("?sort=oldest", one)
	is("?spam=true&tag=junk", two)
	counts := w.Reader().Get(t, "/inbox/counts")
	if counts.Int("open") != 1 || counts.Int("waiting") != 1 || counts.Int("spam") != 1 || counts.Int("closed") != 0 ||
		counts.Int("snoozed") != 0 {
		t.Errorf("the counts are %v", counts.M)
	}
	sendLater(t, w, agent, one)
	// The streams may begin with older events, of the conversations that were opened above.
	next := func(stream *harness.Stream) string {
		t.Helper()
		for {
			if event := stream.Next(t).Event; event == "inbox.updated" || event == "conversation.updated" {
				return event
			}
		}
	}
	for _, want := range []string{
		"inbox.updated", "inbox.updated", // snoozed and awake
		"conversation.updated", "inbox.updated", // closed as spam
		"inbox.updated", "inbox.updated", // scheduled and sent
	} {
		if got := next(events); got != want {
			t.Errorf("agents receive %s, and not %s", got, want)
		}
	}
	if got := next(own); got != "conversation.updated" {
		t.Errorf("the visitor receives %s", got)
	}
	if got := own.Next(t).Event; got != "message.created" {
		t.Errorf("the visitor receives %s, and not their message", got)
	}
	agent.Send(t, 200, "PATCH", "/conversations/"+two, harness.Map{"spam": false})
	is("?status=OPEN&sort=oldest", one, two)
}

// sendLater schedules a reply, and waits until it is sent.
func sendLater(t *testing.T, w *harness.Website, agent harness.Client, token string) {
	t.Helper()
	agent.Send(t, 200, "PUT", "/conversations/"+token+"/scheduled-reply",
		harness.Map{"content": "Still there?", "sendAt": time.Now().Add(time.Second)})
	harness.Eventually(t, 4*harness.Patience, "the reply is sent at its time", func() (bool, any) {
		row := w.Reader().Get(t, "/inbox/"+token)
		return row.Object("lastMessage").Text("content") == "Still there?" && row.Null("scheduledReply"), row
	})
}
