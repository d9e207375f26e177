package journeys

import (
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
	owner.Do(t, "DELETE", "/auth/session", nil).Want(t, 204)
	becomes("a signed-out owner", 401, func() int { return owner.Do(t, "GET", "/auth/session", nil).Status })
}
