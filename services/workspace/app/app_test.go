package app_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/workspace/app"
)

func serve(t *testing.T) *apitest.Service {
	t.Helper()
	s, _ := serveWith(t)
	return s
}

// serveWith also returns the fake of accounts, which has the audit log.
func serveWith(t *testing.T) (*apitest.Service, *apitest.Fake) {
	t.Helper()
	accounts := apitest.NewFake(t, apitest.JSON(201, `{"id":1}`))
	unit, err := app.New(t.Context(), app.Config{Config: apitest.Config(t), AccountsURL: accounts.URL})
	return apitest.Serve(t, unit, err), accounts
}

// person is a person of the website 1, who is the given user there.
func person(user id.User, role identity.Role) identity.Principal {
	return identity.Principal{
		Kind: identity.Person, Website: storetest.Tenant(1), Level: role.Level(), Plan: identity.Free, PersonID: 1,
		UserID: user, Role: role,
	}
}

var program = apitest.Token(1, identity.ReadWrite)

func count(t *testing.T, s *apitest.Service, p identity.Principal, query string) int {
	t.Helper()
	return len(s.Want(200, p, "GET", "/canned-replies"+query, "")["data"].([]any))
}

func TestRepliesAreSharedOrTheirAuthorsOwn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ada, bob, admin := person(3, identity.Agent), person(4, identity.Agent), person(5, identity.Admin)
	shared := s.Want(201, ada, "POST", "/canned-replies",
		`{"shortcut":"hello","title":"Greeting","text":"Hello {{visitor.name|there}}!","folder":"First words"}`)
	own := s.Want(201, ada, "POST", "/canned-replies",
		`{"shortcut":"hello","title":"Mine","text":"Hi","shared":false,"language":"de"}`)
	if shared["shared"] != true || own["shared"] != false || own["authorId"] != 3. || own["folder"] != nil {
		t.Fatalf("%v, %v", shared, own)
	}
	sharedAt, ownAt := fmt.Sprintf("/canned-replies/%.0f", shared["id"]), fmt.Sprintf("/canned-replies/%.0f", own["id"])
	for who, want := range map[string]struct {
		p identity.Principal
		n int
	}{"author": {ada, 2}, "other": {bob, 1}, "admin": {admin, 1}, "program": {program, 1}} {
		if n := count(t, s, want.p, ""); n != want.n {
			t.Errorf("%s sees %d", who, n)
		}
	}
	for query, n := range map[string]int{
		"?search=greet": 1, "?search=first": 1, "?search=bye": 0, "?shortcut=hello": 2, "?folder=First+words": 1,
	} {
		if found := count(t, s, ada, query); found != n {
			t.Errorf("%s finds %d", query, found)
		}
	}
	for _, method := range []string{"GET", "DELETE"} {
		s.Refused(404, admin, method, ownAt, "")
	}
	s.Refused(404, bob, "PATCH", ownAt, `{"title":"x"}`)
	s.Refused(404, program, "POST", ownAt+"/use", `{}`)
	s.Refused(404, apitest.Token(2, identity.ReadWrite), "GET", sharedAt, "")
	s.Refused(409, bob, "POST", "/canned-replies", `{"shortcut":"hello","title":"x","text":"y"}`)
	other := s.Want(201, bob, "POST", "/canned-replies", `{"shortcut":"bye","title":"x","text":"y"}`)
	s.Refused(409, bob, "PATCH", fmt.Sprintf("/canned-replies/%.0f", other["id"]), `{"shortcut":"hello"}`)

	changed := s.Want(200, bob, "PATCH", sharedAt, `{"text":"Good day {{visitor.name}}","folder":null}`)
	if changed["folder"] != nil || count(t, s, ada, "?search=day") != 1 {
		t.Errorf("%v", changed)
	}
	if used := s.Want(200, bob, "POST", sharedAt+"/use", `{"values":{"visitor.name":"Vera"}}`); used["uses"] != 1. ||
		used["text"] != "Good day Vera" {
		t.Errorf("%v", used)
	}
	if stale := s.Do(bob, "PATCH", sharedAt, `{"title":"x"}`, "If-Match", `"1.1.x"`); stale.Status != 412 {
		t.Errorf("If-Match: %+v", stale)
	}
	s.Refused(403, bob, "DELETE", sharedAt, "")
	s.Want(200, admin, "DELETE", sharedAt, "")
	s.Refused(404, admin, "DELETE", sharedAt, "")
}

func TestWrongRepliesAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, body := range []string{
		`{}`, `{"shortcut":"A","title":"x","text":"y"}`, `{"shortcut":"a","title":"x","text":"{{visitor.email}}"}`,
		`{"shortcut":"a","title":"x","text":"y","shared":false}`, `{"shortcut":"a","title":"x","text":"y","owner":3}`,
	} {
		s.Refused(400, program, "POST", "/canned-replies", body)
	}
	made := s.Want(201, program, "POST", "/canned-replies", `{"shortcut":"a","title":"x","text":"y"}`)
	at := fmt.Sprintf("/canned-replies/%.0f", made["id"])
	s.Refused(400, program, "PATCH", at, `{"text":"{{x}}"}`)
	s.Refused(400, program, "POST", at+"/use", `{"values":{"x":"y"}}`)
	s.Refused(400, program, "GET", "/canned-replies?search=%22open", "")
	s.Refused(403, person(3, identity.Viewer), "POST", "/canned-replies", `{"shortcut":"b","title":"x","text":"y"}`)
	s.Refused(403, person(3, identity.Agent), "DELETE", at, "")
}

// TestAFormerUsersOwnRepliesAreRemoved: accounts requests it when a user leaves. Shared replies stay.
func TestAFormerUsersOwnRepliesAreRemoved(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ada, bob := person(3, identity.Agent), person(4, identity.Agent)
	for shortcut, shared := range map[string]bool{"mine": false, "ours": true} {
		s.Want(201, ada, "POST", "/canned-replies",
			fmt.Sprintf(`{"shortcut":%q,"title":"x","text":"y","shared":%t}`, shortcut, shared))
	}
	s.Want(201, bob, "POST", "/canned-replies", `{"shortcut":"mine","title":"x","text":"y","shared":false}`)
	s.Want(200, apitest.Sibling(1), "POST", "/internal/users/3/unassign", "")
	for p, want := range map[*identity.Principal]int{&ada: 1, &bob: 2} {
		if n := count(t, s, *p, ""); n != want {
			t.Errorf("user %d sees %d replies, not %d", p.UserID, n, want)
		}
	}
}

func TestViewsAreInTheirOrder(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ada, bob := person(3, identity.Agent), person(4, identity.Agent)
	last := s.Want(201, ada, "POST", "/views",
		`{"name":"Urgent","filter":{"status":["OPEN"],"assigneeId":["me"],"waiting":false},"sort":"waiting","position":2}`)
	s.Want(201, ada, "POST", "/views", `{"name":"Mine","position":1,"shared":false}`)
	first := s.Want(201, program, "POST", "/views", `{"name":"All","filter":{"search":"refund"}}`)
	if last["sort"] != "waiting" || first["sort"] != "newest" ||
		!reflect.DeepEqual(last["filter"], map[string]any{
			"status": []any{"OPEN"}, "assigneeId": []any{"me"}, "waiting": false,
		}) {
		t.Errorf("%v, %v", last, first)
	}
	names := func(p identity.Principal) (names []any) {
		for _, v := range s.Want(200, p, "GET", "/views", "")["data"].([]any) {
			names = append(names, v.(map[string]any)["name"])
		}
		return names
	}
	at := fmt.Sprintf("/views/%.0f", last["id"])
	if got := names(ada); !reflect.DeepEqual(got, []any{"All", "Mine", "Urgent"}) {
		t.Errorf("%v", got)
	}
	s.Want(200, bob, "PATCH", at, `{"position":0,"name":"Now"}`)
	if got := names(bob); !reflect.DeepEqual(got, []any{"Now", "All"}) { // of one position, in the order of creation
		t.Errorf("%v", got)
	}
	for _, body := range []string{
		`{"name":"x","filter":{"search":"\"open"}}`, `{"name":"x","filter":{"colour":"red"}}`, `{"filter":{}}`,
		`{"name":"x","filter":{"assigneeId":["ada"]}}`, `{"name":"x","sort":"rating"}`, `{"name":"x","position":-1}`,
	} {
		s.Refused(400, ada, "POST", "/views", body)
	}
	for _, body := range []string{`{"filter":{"status":["x"]}}`, `{"filter":null}`, `{"position":null}`, `{"sort":null}`} {
		s.Refused(400, ada, "PATCH", at, body)
	}
	s.Refused(403, bob, "DELETE", at, "")
	s.Want(200, ada, "DELETE", at, "")
	s.Refused(404, ada, "GET", at, "")
}

func TestMacrosHaveActions(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ada := person(3, identity.Agent)
	made := s.Want(201, ada, "POST", "/macros",
		`{"name":"Refund","actions":{"reply":"Dear {{visitor.name}}","addTags":["refund"],"status":"CLOSED"}}`)
	at := fmt.Sprintf("/macros/%.0f", made["id"])
	changed := s.Want(200, ada, "PATCH", at, `{"actions":{"assigneeId":"me","snoozeMinutes":60}}`)
	if want := map[string]any{"assigneeId": "me", "snoozeMinutes": 60.}; !reflect.DeepEqual(changed["actions"], want) {
		t.Errorf("%v", changed)
	}
	if found := s.Want(200, program, "GET", "/macros", "")["data"].([]any); len(found) != 1 {
		t.Errorf("%v", found)
	}
	for _, body := range []string{
		`{"actions":{}}`, `{"name":"x"}`, `{"name":"x","actions":null}`, `{"name":"x","actions":{"reply":"{{x}}"}}`,
		`{"name":"x","actions":{"status":"CLOSED","snoozeMinutes":5}}`, `{"name":"x","actions":{"spam":true}}`,
	} {
		s.Refused(400, ada, "POST", "/macros", body)
	}
	s.Refused(400, ada, "PATCH", at, `{"actions":null}`)
	s.Refused(404, apitest.Token(2, identity.ReadWrite), "GET", at, "")
	s.Want(200, ada, "DELETE", at, "")
}

// TestSharedChangesAreInTheAuditLog: with their caller and without contents. A person's own items aren't. If the log
// can't be written, nothing is changed.
func TestSharedChangesAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	s, accounts := serveWith(t)
	var entries []string
	accounts.Says(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		entries = append(entries, r.Method+" "+r.URL.Path+" "+string(body))
		apitest.JSON(201, `{"id":1}`)(w, r)
	})
	ada := person(3, identity.Agent)
	made := s.Want(201, ada, "POST", "/canned-replies", `{"shortcut":"hello","title":"Greeting","text":"secret"}`)
	at := fmt.Sprintf("/canned-replies/%.0f", made["id"])
	s.Want(200, ada, "PATCH", at, `{"title":"Welcome"}`)
	s.Want(200, ada, "PATCH", at, `{"title":"Welcome"}`) // changes nothing
	s.Want(201, ada, "POST", "/macros", `{"name":"Mine","actions":{"reply":"x"},"shared":false}`)
	s.Refused(409, ada, "POST", "/canned-replies", `{"shortcut":"hello","title":"x","text":"y"}`)
	s.Want(200, ada, "DELETE", at, "")
	if len(entries) != 3 {
		t.Fatalf("%d entries: %q", len(entries), entries)
	}
	for i, want := range []string{`"action":"create"`, `"action":"update"`, `"action":"delete"`} {
		for _, part := range []string{"POST /internal/audit", want, `"actor":"person:1"`, `"kind":"canned_reply"`} {
			if !strings.Contains(entries[i], part) || strings.Contains(entries[i], "secret") {
				t.Errorf("entry %d is %s, without %s", i, entries[i], part)
			}
		}
	}
	if !strings.Contains(entries[1], `"title":"Greeting"`) || !strings.Contains(entries[1], `"title":"Welcome"`) {
		t.Errorf("the change is %s", entries[1])
	}
	accounts.Says(apitest.Problem(fault.Away("the store", nil)))
	s.Refused(503, ada, "POST", "/views", `{"name":"Urgent"}`)
	if views := s.Want(200, ada, "GET", "/views", "")["data"].([]any); len(views) != 0 {
		t.Errorf("stored without an entry: %v", views)
	}
}
