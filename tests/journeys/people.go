package journeys

import (
	"slices"
	"testing"

	"fivechat.dev/tests/harness"
)

// People is a member who posts in their own name, gets another role and is removed, and an owner who signs out.
func People(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Free)
	owner, ben := w.Person(t, harness.Owner), w.Person(t, harness.Agent)
	token := w.Visit(t, nil).Open(t, "Hello?")
	post := func() int {
		return ben.Do(t, "POST", "/conversations/"+token+"/messages", harness.Map{"content": "Hello."}).Status
	}
	becomes := func(what string, want int, do func() int) {
		t.Helper()
		harness.Eventually(t, harness.Patience, what, func() (bool, any) {
			got := do()
			return got == want, got
		})
	}
	if got := post(); got != 201 {
		t.Fatalf("an agent posts: %d", got)
	}
	said := w.Reader().Get(t, "/conversations/"+token+"/messages").List("messages")
	if last := said[len(said)-1]; last.Int("userId") != ben.User {
		t.Errorf("the author of %s isn't %d", last, ben.User)
	}
	ben.Do(t, "POST", "/conversations/"+token+"/messages",
		harness.Map{"content": "x", "authorId": owner.User}).Want(t, 400)

	member := "/members/" + harness.PathID(ben.Member)
	owner.Send(t, 200, "PATCH", member, harness.Map{"role": harness.Viewer})
	becomes("a viewer can't post", 403, post)
	owner.Send(t, 200, "DELETE", member, nil)
	becomes("a removed member can't read", 403, func() int { return ben.Do(t, "GET", "/conversations", nil).Status })
	if got := ben.Get(t, "/auth/session").List("memberships"); len(got) != 0 {
		t.Errorf("after the removal: %v", got)
	}
	left(t, w)
	owner.Do(t, "DELETE", "/auth/session", nil).Want(t, 204)
	becomes("a signed-out owner", 401, func() int { return owner.Do(t, "GET", "/auth/session", nil).Status })
}

// left checks that what is open and assigned to a user becomes unassigned when they leave, that what is closed stays
// theirs, and that their name stays on what they wrote.
func left(t *testing.T, w *harness.Website) {
	t.Helper()
	agent := w.Agent()
	user := agent.Send(t, 201, "POST", "/users",
		harness.Map{"name": "Cleo", "email": harness.Unique("cleo.") + "@shop.example"})
	assigned := harness.Map{"assigneeId": user.Int("id")}
	open, closed := w.Visit(t, nil).Open(t, "Hello?"), w.Visit(t, nil).Open(t, "Thanks!")
	for _, token := range []string{open, closed} {
		agent.Send(t, 200, "PATCH", "/conversations/"+token, assigned)
		agent.Send(t, 201, "POST", "/conversations/"+token+"/messages",
			harness.Map{"content": "Hello.", "authorId": user.Int("id")})
	}
	agent.Send(t, 200, "PATCH", "/conversations/"+closed, harness.Map{"status": "CLOSED"})
	agent.Do(t, "DELETE", "/users/"+harness.PathID(user.Int("id")), nil).Want(t, 200)
	harness.Eventually(t, harness.Patience, "the open conversation has no assignee", func() (bool, any) {
		c := agent.Get(t, "/conversations/"+open).Object("conversation")
		return c.Null("assigneeId"), c
	})
	if c := agent.Get(t, "/conversations/"+closed).Object("conversation"); c.Int("assigneeId") != user.Int("id") {
		t.Errorf("the closed conversation: %s", c)
	}
	all := agent.Get(t, "/conversations/"+open)
	if !slices.ContainsFunc(all.List("users"), func(a harness.Object) bool { return a.Text("name") == "Cleo" }) {
		t.Errorf("the author's name is gone: %s", all)
	}
	agent.Do(t, "PATCH", "/conversations/"+open, assigned).Want(t, 400)
	agent.Do(t, "POST", "/conversations/"+open+"/messages",
		harness.Map{"content": "x", "authorId": user.Int("id")}).Want(t, 400)
}
