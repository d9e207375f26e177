package journeys

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// Assigning checks that a website's rule assigns what visitors open to agents who are online and have room. If no
// agent has room, a conversation waits. What people decide stays, and other websites aren't concerned.
func Assigning(t *testing.T, s harness.System) {
	w, other := s.Website(t, harness.Free), s.Website(t, harness.Free)
	admin, agents := w.Person(t, harness.Admin), []harness.Person{w.Person(t, harness.Agent), w.Person(t, harness.Agent)}
	rule := harness.Map{"mode": "roundRobin", "capacity": 1}
	agents[0].Do(t, "PUT", "/assignment", rule).Want(t, 403)
	admin.Do(t, "PUT", "/assignment", harness.Map{"mode": "roundRobin", "capacity": 0}).Want(t, 400)
	admin.Do(t, "PUT", "/assignment", harness.Map{"mode": "random", "capacity": 1}).Want(t, 400)
	if got := admin.Get(t, "/assignment").Text("mode"); got != "manual" {
		t.Errorf("a new website assigns by the rule %s", got)
	}
	admin.Send(t, 200, "PUT", "/assignment", rule)

	there := func(p harness.Person) {
		t.Helper()
		p.Do(t, "POST", "/users/"+harness.PathID(p.User)+"/heartbeat", nil).Want(t, 204)
	}
	assignee := func(of *harness.Website, token string) int64 {
		t.Helper()
		if c := of.Reader().Get(t, "/inbox/"+token).Object("conversation"); c.M["assigneeId"] != nil {
			return c.Int("assigneeId")
		}
		return 0
	}
	becomes := func(token string, want harness.Person) {
		t.Helper()
		harness.Eventually(t, 4*harness.Patience, "the rule assigns", func() (bool, any) {
			there(agents[0])
			got := assignee(w, token)
			return got == want.User, got
		})
	}
	there(agents[0])
	events := w.Reader().Events(t, "/events", "")
	events.Want(t, "ready")
	first := w.Visit(t, nil).Open(t, "Hello?")
	becomes(first, agents[0])
	if said := events.Until(t, "conversation.updated").Happened(); !said.Bool("assignedAutomatically") ||
		said.Object("conversation").Text("token") != first {
		t.Errorf("agents receive %s", said)
	}
	second, third := w.Visit(t, nil).Open(t, "Hello, too?"), w.Visit(t, nil).Open(t, "And me?")
	theirs := other.Visit(t, nil).Open(t, "Hello, over there?")

	// The first agent has no room, and the second is away: both wait until one closes theirs.
	there(agents[1])
	agents[1].Send(t, 200, "PUT", "/users/"+harness.PathID(agents[1].User)+"/status", harness.Map{"status": "away"})
	w.Writer().Send(t, 200, "PATCH", "/conversations/"+first, harness.Map{"status": "CLOSED"})
	becomes(second, agents[0])
	if got := assignee(w, third); got != 0 {
		t.Errorf("agent %d has got one without room for it", got)
	}
	agents[1].Send(t, 200, "PUT", "/users/"+harness.PathID(agents[1].User)+"/status", harness.Map{"status": "online"})
	becomes(third, agents[1])

	// A person exceeds the capacity, and takes the assignee away.
	extra := w.Visit(t, nil).Open(t, "One more?")
	w.Writer().Send(t, 200, "PATCH", "/conversations/"+extra, harness.Map{"assigneeId": agents[0].User})
	w.Writer().Send(t, 200, "PATCH", "/conversations/"+third, harness.Map{"assigneeId": nil})
	last := w.Visit(t, nil).Open(t, "Are you there?")
	becomes(last, agents[1])
	if a, b := assignee(w, extra), assignee(w, third); a != agents[0].User || b != 0 {
		t.Errorf("the rule has changed what people decided: %d, %d", a, b)
	}
	if got := assignee(other, theirs); got != 0 {
		t.Errorf("another website's conversation is assigned to %d", got)
	}
	if e := w.Person(t, harness.Owner).Get(t, "/audit?limit=100").List("data"); !contains(e, "assignment.update") {
		t.Error("the audit log doesn't have the rule")
	}
}

func contains(entries []harness.Object, action string) bool {
	for _, e := range entries {
		if e.Text("action") == action {
			return true
		}
	}
	return false
}
