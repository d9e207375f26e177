package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
)

// secret is in the text of every note of these tests.
const secret = "zebra"

// person is the principal of a person of the website 1. user is their user there.
func person(user id.User, role identity.Role) identity.Principal {
	return identity.Principal{
		Kind: identity.Person, Website: storetest.Tenant(1), Level: role.Level(), Plan: identity.Free, PersonID: 1,
		UserID: user, Role: role,
	}
}

// TestNotesAreWrittenChangedAndRemoved follows a note and the mention in it.
func TestNotesAreWrittenChangedAndRemoved(t *testing.T) {
	t.Parallel()
	s := serve(t)
	at := "/conversations/" + s.conversation(t)
	ada, bob, admin := person(3, identity.Agent), person(4, identity.Agent), person(5, identity.Admin)
	made := s.Want(201, bob, "POST", at+"/notes", `{"content":"A zebra.","mentions":[3,3]}`)
	if made["authorId"] != 4. || fmt.Sprint(made["mentions"]) != "[3]" || made["byProgram"] != nil {
		t.Fatalf("%v", made)
	}
	one := fmt.Sprintf("%s/notes/%.0f", at, made["id"])
	byProgram := s.Want(201, agent, "POST", at+"/notes", `{"content":"Two zebras."}`)
	if byProgram["authorId"] != nil || byProgram["byProgram"] != true {
		t.Errorf("%v", byProgram)
	}
	s.Want(201, ada, "POST", at+"/notes", `{"content":"Three zebras."}`)
	all := s.Want(200, agent, "GET", at+"/notes", "")["data"].([]any)
	rest := s.Want(200, agent, "GET", fmt.Sprintf("%s/notes?after=%.0f", at, made["id"]), "")["data"].([]any)
	if len(all) != 3 || all[0].(map[string]any)["content"] != "A zebra." || len(rest) != 2 {
		t.Errorf("%v, %v", all, rest)
	}
	row := s.Want(200, ada, "GET", "/inbox?mentioned=me", "")["data"].([]any)
	if len(row) != 1 || row[0].(map[string]any)["notes"] != 3. ||
		fmt.Sprint(row[0].(map[string]any)["mentions"]) != "[3]" {
		t.Errorf("mentioned: %v", row)
	}
	for query, caller := range map[string]identity.Principal{"me": bob, "4": agent} {
		if rows := s.Want(200, caller, "GET", "/inbox?mentioned="+query, "")["data"].([]any); len(rows) != 0 {
			t.Errorf("mentioned=%s: %v", query, rows)
		}
	}
	if rows := s.Want(200, agent, "GET", "/inbox?mentioned=me", "")["data"].([]any); len(rows) != 0 {
		t.Errorf("a program is mentioned: %v", rows)
	}
	if a := s.Do(ada, "DELETE", at+"/mention", ""); a.Status != 204 {
		t.Errorf("seen: %+v", a)
	}
	if rows := s.Want(200, ada, "GET", "/inbox?mentioned=3", "")["data"].([]any); len(rows) != 0 {
		t.Errorf("seen: %v", rows)
	}

	s.Refused(403, ada, "PATCH", one, `{"content":"Mine"}`)
	s.Refused(403, ada, "DELETE", one, "")
	s.Refused(403, ada, "DELETE", fmt.Sprintf("%s/notes/%.0f", at, byProgram["id"]), "")
	changed := s.Want(200, bob, "PATCH", one, `{"content":"One zebra.","mentions":[]}`)
	if changed["content"] != "One zebra." || fmt.Sprint(changed["mentions"]) != "[]" {
		t.Errorf("%v", changed)
	}
	if again := s.Want(200, admin, "PATCH", one, `{"content":"One zebra."}`); again["updatedAt"] != changed["updatedAt"] {
		t.Errorf("nothing differs: %v", again)
	}
	s.Want(200, admin, "DELETE", one, "")
	s.Refused(404, admin, "DELETE", one, "")
	s.Refused(404, agent, "GET", one, "")
}

func TestWrongNotesAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	at := "/conversations/" + s.conversation(t)
	other := "/conversations/" + s.conversation(t)
	made := s.Want(201, agent, "POST", at+"/notes", `{"content":"A zebra."}`)
	for _, body := range []string{
		`{"content":" "}`, `{}`, `{"content":"x","mentions":[99]}`,
		`{"content":"x","mentions":[` + strings.TrimSuffix(strings.Repeat("3,", 21), ",") + `]}`,
		`{"content":"` + strings.Repeat("x", 16<<10+1) + `"}`, `{"content":"x","kind":"y"}`,
	} {
		s.Refused(400, agent, "POST", at+"/notes", body)
	}
	s.Refused(400, person(3, identity.Agent), "POST", at+"/notes", `{"content":"x","authorId":4}`)
	s.Refused(403, person(3, identity.Viewer), "POST", at+"/notes", `{"content":"x"}`)
	s.Refused(404, agent, "POST", "/conversations/conv_none/notes", `{"content":"x","mentions":[99]}`)
	s.Refused(404, agent, "GET", fmt.Sprintf("%s/notes/%.0f", other, made["id"]), "")
	s.Refused(404, apitest.Token(2, identity.ReadWrite), "GET", at+"/notes", "")
	s.Refused(400, agent, "GET", "/inbox?mentioned=you", "")
	s.Refused(401, agent, "DELETE", at+"/mention", "")
	stale := s.Do(agent, "PATCH", fmt.Sprintf("%s/notes/%.0f", at, made["id"]), `{"content":"x"}`, "If-Match", `"1.9.x"`)
	if stale.Status != http.StatusPreconditionFailed {
		t.Errorf("If-Match: %+v", stale)
	}
}

// TestVisitorsNeverSeeNotes reads everything that a visitor can read, before and after a note, and what other services
// show to them: nothing differs.
func TestVisitorsNeverSeeNotes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	of := visitor(7)
	read := func() string {
		var all strings.Builder
		for _, path := range []string{
			"/visitor/conversations", "/visitor/conversations/" + token + "/messages?after=0",
		} {
			all.WriteString(s.Do(of, "GET", path, "").Body)
		}
		all.WriteString(s.Do(apitest.Sibling(1), "GET", "/internal/conversations/open?visitorId=7", "").Body)
		for _, path := range []string{"/conversations/" + token, "/export/messages", "/conversations?search=" + secret} {
			all.WriteString(s.Do(agent, "GET", path, "").Body)
		}
		return all.String()
	}
	before := read()
	s.Want(201, agent, "POST", "/conversations/"+token+"/notes", `{"content":"`+secret+`","mentions":[3]}`)
	after := read()
	cursor := func(s string) string { // the export's cursor names a time
		lines := strings.Split(s, "\n")
		for i, line := range lines {
			if strings.Contains(line, `"nextCursor"`) {
				lines[i] = ""
			}
		}
		return strings.Join(lines, "\n")
	}
	if strings.Contains(after, secret) || cursor(before) != cursor(after) {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	for _, op := range []string{"GET /notes", "POST /notes", "DELETE /mention"} {
		method, path, _ := strings.Cut(op, " ")
		s.Refused(401, of, method, "/conversations/"+token+path, "")
	}
}
