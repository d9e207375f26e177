package app_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// teamOf returns a request body with members.
func teamOf(name string, members ...any) string {
	list := strings.Trim(strings.ReplaceAll(fmt.Sprintln(members...), " ", ","), "\n")
	return fmt.Sprintf(`{"name":%q,"members":[%s]}`, name, list)
}

// TestTeamIsCreatedChangedAndRemoved: by admins and programs. Others read. Each change is in the audit log.
func TestTeamIsCreatedChangedAndRemoved(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	id := s.website("FREE")
	admin, person := member(id, identity.Admin), member(id, identity.Agent)
	user := func(email string) any {
		return s.Want(201, agent(id), "POST", "/users", `{"name":"Ann","email":"`+email+`"}`)["id"]
	}
	ann, ben := user("ann@example.com"), user("ben@example.com")
	made := s.Want(201, admin, "POST", "/teams", teamOf(" Support ", ben, ann, ben))
	if made["name"] != "Support" || !reflect.DeepEqual(made["members"], []any{ann, ben}) || len(made) != 5 {
		t.Errorf("%v", made)
	}
	billing := s.Want(201, writer(id), "POST", "/teams", `{"name":"Billing"}`)
	path := fmt.Sprintf("/teams/%v", made["id"])
	if got := s.Want(200, person, "GET", path, ""); !reflect.DeepEqual(got, made) {
		t.Errorf("%v, want %v", got, made)
	}
	if all := s.Want(200, reader(id), "GET", "/teams", ""); !reflect.DeepEqual(all["data"], []any{billing, made}) {
		t.Errorf("not in the order of their names: %v", all)
	}
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/teams", teamOf("X")}, {"PATCH", path, teamOf("X")}, {"DELETE", path, ""},
	} {
		if code := s.Refused(403, person, c.method, c.path, c.body); code != "role_required" {
			t.Errorf("an agent's %s: %s", c.method, code)
		}
	}
	for body, field := range map[string]string{
		`{}`: "name", teamOf(""): "name", teamOf("X", 999999): "members", `{"name":"X","members":[null]}`: "members",
	} {
		if got := s.Refused(400, admin, "POST", "/teams", body); got != "validation_failed "+field {
			t.Errorf("%s: %s", body, got)
		}
	}
	s.Refused(400, admin, "PATCH", path, `{"members":null}`)
	changed := s.Want(200, admin, "PATCH", path, `{"name":"Help"}`)
	if changed["name"] != "Help" || !reflect.DeepEqual(changed["members"], made["members"]) {
		t.Errorf("%v", changed)
	}
	s.Refused(412, admin, "PATCH", path, `{"name":"Late"}`, "If-Match", `"1.9.x"`)
	s.Refused(412, admin, "DELETE", path, "", "If-Match", `"1.9.x"`)
	s.Want(200, agent(id), "DELETE", fmt.Sprintf("/users/%v", ben), "")
	if got := s.Want(200, person, "GET", path, ""); !reflect.DeepEqual(got["members"], []any{ann}) {
		t.Errorf("a user has left the website: %v", got)
	}
	s.Want(200, admin, "DELETE", path, "")
	s.Refused(404, person, "GET", path, "")
	log := s.Do(apitest.Operator, "GET", fmt.Sprintf("/operator/audit?websiteId=%d", id), "").Body
	for action, n := range map[string]int{"team.create": 2, "team.update": 1, "team.delete": 1} {
		if strings.Count(log, action) != n {
			t.Errorf("%s isn't %d times in %s", action, n, log)
		}
	}
}

// TestTeamsAreIsolated: another website's team doesn't exist, and its users can't be members.
func TestTeamsAreIsolated(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, other := s.website("FREE"), s.website("FREE")
	ann := s.Want(201, agent(id), "POST", "/users", `{"name":"Ann","email":"ann@example.com"}`)["id"]
	path := fmt.Sprintf("/teams/%v", s.Want(201, agent(id), "POST", "/teams", teamOf("Support", ann))["id"])
	s.Refused(400, agent(other), "POST", "/teams", teamOf("Support", ann))
	s.Refused(404, agent(other), "GET", path, "")
	s.Refused(404, agent(other), "PATCH", path, teamOf("Theirs"))
	s.Refused(404, agent(other), "DELETE", path, "")
	if all := s.Want(200, agent(other), "GET", "/teams", ""); len(all["data"].([]any)) != 0 {
		t.Errorf("%v", all)
	}
	known := func(website int64) int {
		return len(s.Want(200, apitest.Sibling(website), "GET", "/internal/teams", "")["data"].([]any))
	}
	if known(id) != 1 || known(other) != 0 {
		t.Errorf("another service reads %d and %d teams", known(id), known(other))
	}
}
