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

// AssigningToTeams checks that a rule assigns a conversation of a team to its member, also if the team gets it while it
// waits. A person who leaves the website leaves the team. Conversations of a team that was removed are the website's.
func AssigningToTeams(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	admin, outside, member := w.Person(t, harness.Admin), w.Person(t, harness.Agent), w.Person(t, harness.Agent)
	team := admin.Send(t, 201, "POST", "/teams", harness.Map{"name": "Billing", "members": []int64{member.User}})
	path := "/teams/" + harness.PathID(team.Int("id"))
	admin.Send(t, 200, "PUT", "/assignment", harness.Map{"mode": "leastBusy", "capacity": 9})
	there := func(p harness.Person) {
		t.Helper()
		p.Do(t, "POST", "/users/"+harness.PathID(p.User)+"/heartbeat", nil).Want(t, 204)
	}
	becomes := func(token string, want int64) {
		t.Helper()
		harness.Eventually(t, 4*harness.Patience, "the rule assigns", func() (bool, any) {
			there(outside)
			row := w.Reader().Get(t, "/inbox/"+token)
			c := row.Object("conversation")
			return c.M["assigneeId"] != nil && c.Int("assigneeId") == want, row
		})
	}
	first := w.Visit(t, nil).Open(t, "Where is my invoice?")
	w.Writer().Send(t, 200, "PATCH", "/conversations/"+first, harness.Map{"teamId": team.Int("id")})
	second := w.Visit(t, nil).Open(t, "Hello?")
	becomes(second, outside.User) // the first one waits for the team, and doesn't hold it up
	if c := w.Reader().Get(t, "/inbox/"+first).Object("conversation"); c.M["assigneeId"] != nil {
		t.Errorf("assigned outside its team: %s", c)
	}
	there(member)
	becomes(first, member.User)

	third := w.Visit(t, nil).Open(t, "And mine?")
	becomes(third, outside.User)
	w.Writer().Send(t, 200, "PATCH", "/conversations/"+third, harness.Map{"teamId": team.Int("id"), "assigneeId": nil})
	there(member)
	becomes(third, member.User)

	member.Send(t, 200, "PUT", "/users/"+harness.PathID(member.User)+"/status", harness.Map{"status": "away"})
	for _, m := range admin.Get(t, "/members").List("data") {
		if m.Object("user").Int("id") == member.User {
			admin.Send(t, 200, "DELETE", "/members/"+harness.PathID(m.Int("id")), nil)
		}
	}
	if left := w.Reader().Get(t, path); len(left.M["members"].([]any)) != 0 {
		t.Errorf("a person has left the website: %s", left)
	}
	fourth := w.Visit(t, nil).Open(t, "Another one?")
	becomes(fourth, outside.User)
	w.Writer().Send(t, 200, "PATCH", "/conversations/"+fourth, harness.Map{"teamId": team.Int("id"), "assigneeId": nil})
	admin.Send(t, 200, "DELETE", path, nil)
	becomes(fourth, outside.User)
}

func contains(entries []harness.Object, action string) bool {
	for _, e := range entries {
		if e.Text("action") == action {
			return true
		}
	}
	return false
}
