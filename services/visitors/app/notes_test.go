package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/storetest"
)

// person is the principal of a person of the website 1. user is their user there.
func person(user id.User, role identity.Role) identity.Principal {
	return identity.Principal{
		Kind: identity.Person, Website: storetest.Tenant(1), Level: role.Level(), Plan: identity.Free, PersonID: 1,
		UserID: user, Role: role,
	}
}

// TestNotesAboutVisitor follows two notes: agents change their own, admins and programs all.
func TestNotesAboutVisitor(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.session(1, `{"clientToken":"site"}`)
	at := path(v) + "/notes"
	ada, bob, admin := person(3, identity.Agent), person(4, identity.Agent), person(5, identity.Admin)
	mine := s.Want(201, bob, "POST", at, `{"content":"A zebra."}`)
	if mine["authorId"] != 4. || mine["visitorId"] != v["id"] || mine["content"] != "A zebra." {
		t.Fatalf("%v", mine)
	}
	byProgram := s.Want(201, agent(1), "POST", at, `{"content":"Two zebras."}`)
	if byProgram["authorId"] != nil {
		t.Errorf("%v", byProgram)
	}
	list := func(query string) []any { return s.Want(200, reader(1), "GET", at+query, "")["data"].([]any) }
	if all, rest := list(""), list(fmt.Sprintf("?after=%.0f", mine["id"])); len(all) != 2 || len(rest) != 1 {
		t.Errorf("%v, %v", all, rest)
	}
	one := fmt.Sprintf("%s/%.0f", at, mine["id"])
	s.Refused(403, ada, "PATCH", one, `{"content":"Mine"}`)
	s.Refused(403, ada, "DELETE", one, "")
	s.Refused(403, ada, "DELETE", fmt.Sprintf("%s/%.0f", at, byProgram["id"]), "")
	changed := s.Want(200, bob, "PATCH", one, `{"content":"One zebra."}`)
	if changed["content"] != "One zebra." {
		t.Errorf("%v", changed)
	}
	if again := s.Want(200, admin, "PATCH", one, `{"content":"One zebra."}`); again["updatedAt"] != changed["updatedAt"] {
		t.Errorf("nothing differs: %v", again)
	}
	s.Want(200, admin, "DELETE", one, "")
	s.Refused(404, admin, "DELETE", one, "")
	s.Refused(404, reader(1), "GET", one, "")
}

func TestWrongNotesAboutVisitorAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	v, other := s.session(1, `{"clientToken":"site"}`), s.session(1, `{"clientToken":"site"}`)
	at := path(v) + "/notes"
	note := s.Want(201, agent(1), "POST", at, `{"content":"A zebra."}`)
	number := fmt.Sprintf("/%.0f", note["id"])
	for _, body := range []string{
		`{"content":" "}`, `{}`, `{"content":"` + strings.Repeat("x", 16<<10+1) + `"}`, `{"content":"x","authorId":4}`,
	} {
		s.Refused(400, agent(1), "POST", at, body)
		s.Refused(400, agent(1), "PATCH", at+number, body)
	}
	s.Refused(403, person(3, identity.Viewer), "POST", at, `{"content":"x"}`)
	s.Refused(404, agent(1), "POST", "/visitors/vis_none/notes", `{"content":"x"}`)
	s.Refused(400, agent(1), "POST", "/visitors/none/notes", `{"content":"x"}`)
	s.Refused(404, agent(1), "GET", path(other)+"/notes"+number, "")
	s.Refused(404, agent(2), "GET", at, "")
	s.Refused(404, agent(2), "DELETE", at+number, "")
	stale := s.Do(agent(1), "PATCH", at+number, `{"content":"x"}`, "If-Match", `"1.9.x"`)
	if stale.Status != http.StatusPreconditionFailed {
		t.Errorf("If-Match: %+v", stale)
	}
}

// TestVisitorsNeverSeeNotes: the visitor, the export of changes and a heartbeat are the same before and after a note.
func TestVisitorsNeverSeeNotes(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.session(1, `{"clientToken":"site"}`)
	self := identity.Principal{
		Kind: identity.Visitor, Website: storetest.Tenant(1), VisitorID: id.Visitor(v["id"].(float64)),
	}
	read := func() string {
		whole := s.Do(reader(1), "GET", path(v), "")
		rows := s.Want(200, reader(1), "GET", "/export/visitors", "")["data"]
		return fmt.Sprint(whole.Body, rows, s.Do(self, "POST", "/visitor/heartbeat", "").Body)
	}
	before := read()
	s.Want(201, agent(1), "POST", path(v)+"/notes", `{"content":"A zebra."}`)
	if after := read(); after != before {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	for _, method := range []string{"GET", "POST"} {
		s.Refused(401, self, method, path(v)+"/notes", "")
	}
}
