package app_test

import (
	"fmt"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// TestRuleNamesItsCandidates: another service reads the rule with the agents who are online, also of a website that
// has none yet.
func TestRuleNamesItsCandidates(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.website("FREE")
	admin := member(id, identity.Admin)
	candidates := func(want string) {
		t.Helper()
		got := s.Want(200, apitest.Sibling(id), "GET", "/internal/assignment", "")
		if since, err := time.Parse(time.RFC3339, fmt.Sprint(got["since"])); err != nil ||
			since.IsZero() != (got["mode"] == "manual") {
			t.Errorf("the rule %v was set at %v: %v", got["mode"], got["since"], err)
		}
		if text := fmt.Sprintf("%v %v %v", got["mode"], got["capacity"], got["candidates"]); text != want {
			t.Errorf("%s, want %s", text, want)
		}
	}
	candidates("manual 10 []")
	s.Want(200, admin, "PUT", "/assignment", `{"mode":"roundRobin","capacity":2}`)
	candidates("roundRobin 2 []")
	u := s.Want(201, agent(id), "POST", "/users", `{"name":"Ann","email":"ann@example.com"}`)
	s.Do(agent(id), "POST", fmt.Sprintf("/users/%v/heartbeat", u["id"]), "")
	candidates(fmt.Sprintf("roundRobin 2 [%v]", u["id"]))
	s.Refused(400, admin, "PUT", "/assignment", `{"mode":"roundRobin","capacity":0}`)
	s.Refused(403, member(id, identity.Agent), "PUT", "/assignment", `{"mode":"manual","capacity":2}`)
}

func member(website int64, role identity.Role) identity.Principal {
	p := apitest.Token(website, identity.ReadWrite)
	p.Kind, p.PersonID, p.UserID, p.Role = identity.Person, 3, 3, role
	return p
}
