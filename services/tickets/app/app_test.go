package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// The documented members.
var (
	ticketMembers = []string{
		"assignee", "assigneeId", "conversationId", "createdAt", "description", "email", "id", "languageCode",
		"messages",
		"priority", "status", "summary", "tags", "title", "uniqueEmailAddress", "updatedAt", "visitor", "visitorId",
		"website", "websiteId",
	}
	messageMembers = []string{
		"content", "createdAt", "emailMessageId", "id", "isFromEmail", "messageType", "senderEmail", "ticketId",
	}
	timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

func members(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func TestTicketLifecycle(t *testing.T) {
	t.Parallel()
	s, ada := serve(t), agent(1)
	made := s.Want(
		201, ada, "POST", "/tickets",
		`{"title":"Lamp","description":"dark","email":"a@b.example","priority":"HIGH","visitorToken":"vis_7",
		"conversationToken":"conv_7","assigneeId":5,"status":"CLOSED","id":"9","websiteId":2,"unknown":[]}`,
	)
	if !slices.Equal(members(made), ticketMembers) {
		t.Errorf("members %v", members(made))
	}
	id := made["id"].(string)
	for member, want := range map[string]any{
		"websiteId": 1.0, "visitorId": 7.0, "conversationId": 70.0, "assigneeId": 5.0,
		"title": "Lamp", "description": "dark", "status": "NEW", "priority": "HIGH",
		"email": "a@b.example", "languageCode": "en", "summary": nil, "messages": []any{}, "tags": []any{},
		"website":  map[string]any{"id": 1.0, "name": "Site 1", "url": "https://1.example"},
		"visitor":  map[string]any{"token": "vis_7", "name": "Brave Otter"},
		"assignee": map[string]any{"id": 5.0, "name": "Ada", "email": "ada@shop.example"},
	} {
		if !reflect.DeepEqual(made[member], want) {
			t.Errorf("%s is %v, want %v", member, made[member], want)
		}
	}
	if a := made["uniqueEmailAddress"].(string); !strings.HasPrefix(a, "ticket-"+id+"-") ||
		!strings.HasSuffix(a, "@mail.example") {
		t.Errorf("address %q", a)
	}
	if !timestamp.MatchString(made["createdAt"].(string)) || made["updatedAt"] != made["createdAt"] {
		t.Errorf("times %v %v", made["createdAt"], made["updatedAt"])
	}
	if got := s.Want(200, ada, "GET", "/tickets/"+id, ""); !reflect.DeepEqual(got, made) {
		t.Errorf("reads %v\nwas made %v", got, made)
	}

	m := s.Want(
		201, ada, "POST", "/tickets/"+id+"/messages",
		`{"content":"Hello","isFromEmail":true,"emailMessageId":"<1@a>","senderEmail":"a@b.example",
		"authorId":5,"inReplyTo":"<0@a>","references":"<0@a>","subject":"Lamp","more":1}`,
	)
	if !slices.Equal(members(m), messageMembers) || m["ticketId"] != id || m["messageType"] != "EMAIL" {
		t.Errorf("message %v", m)
	}
	again := s.Want(201, ada, "POST", "/tickets/"+id+"/messages", `{"content":"Hello again","emailMessageId":"<1@a>"}`)
	if !reflect.DeepEqual(again, m) {
		t.Errorf("the same e-mail is %v, was %v", again, m)
	}
	got := s.Want(200, ada, "GET", "/tickets/"+id, "")
	if !reflect.DeepEqual(got["messages"], []any{m}) {
		t.Errorf("messages %v, want %v", got["messages"], m)
	}
	list := s.Want(200, ada, "GET", "/tickets?search=hello+LAMP&status=NEW&priority=HIGH&assigneeId=5&visitorId=7", "")
	if rows := list["data"].([]any); len(rows) != 1 ||
		!reflect.DeepEqual(rows[0].(map[string]any)["messages"], []any{}) {
		t.Errorf("list %v", list)
	}

	got = s.Want(
		200, ada, "PATCH", "/tickets/"+id, `{"title":"Sofa","assigneeId":null,"visitorToken":null,"createdAt":"x"}`,
	)
	if got["title"] != "Sofa" || got["assignee"] != nil || got["visitorId"] != nil || got["description"] != "dark" ||
		len(got["messages"].([]any)) != 1 {
		t.Errorf("patched %v", got)
	}
	got = s.Want(200, ada, "PATCH", "/tickets/"+id+"/status", `{"status":"RESOLVED","title":"x"}`)
	if got["status"] != "RESOLVED" || got["title"] != "Sofa" {
		t.Errorf("status set %v", got)
	}
	if got := s.Do(ada, "DELETE", "/tickets/"+id, ""); got.Status != 200 ||
		got.Body != `{"id":"`+id+`","deleted":true}` {
		t.Errorf("deleted %+v", got)
	}
	s.Want(404, ada, "DELETE", "/tickets/"+id, "")
	s.Want(404, ada, "GET", "/tickets/"+id, "")
}

func TestVisitorsTicket(t *testing.T) {
	t.Parallel()
	s := serve(t)
	own := visitor(1, 7)
	made := s.Want(
		201, own, "POST", "/internal/visitors/tickets",
		`{"title":"Help","conversationToken":"conv_7","assigneeId":5,"status":"OPEN","visitorToken":"vis_8"}`,
	)
	if !slices.Equal(members(made), ticketMembers) || made["visitorId"] != 7.0 || made["assigneeId"] != nil ||
		made["status"] != "NEW" {
		t.Errorf("made %v", made)
	}
	s.Want(401, agent(1), "POST", "/internal/visitors/tickets", `{"title":"Help"}`)
	s.Want(401, own, "GET", "/tickets/"+made["id"].(string), "")
	s.Want(200, agent(1), "GET", "/tickets/"+made["id"].(string), "")
}

func TestInvalidInputIsNamed(t *testing.T) {
	t.Parallel()
	s, ada := serve(t), agent(1)
	id := s.Want(201, ada, "POST", "/tickets", `{"title":"Lamp"}`)["id"].(string)
	for _, tc := range []struct{ method, path, body, wrong string }{
		{
			"GET", "/tickets/abc", "", "id",
		},
		{"GET", "/tickets/0", "", "id"},
		{"GET", "/tickets/-1", "", "id"},
		{"GET", "/tickets/1.5", "", "id"},
		{
			"GET", "/tickets/9007199254740992", "", "id",
		},
		{"DELETE", "/tickets/x", "", "id"},
		{"PATCH", "/tickets/x", "{}", "id"},
		{
			"PATCH", "/tickets/x/status", `{"status":"OPEN"}`, "id",
		},
		{"POST", "/tickets/x/messages", `{"content":"a"}`, "id"},
		{
			"GET", "/tickets?assigneeId=x", "", "assigneeId",
		},
		{"GET", "/tickets?visitorId=-1", "", "visitorId"},
		{"GET", "/tickets?cursor=x", "", "cursor"},
		{
			"POST", "/tickets", "", "title",
		},
		{"POST", "/tickets", `{"title":5}`, "title"},
		{"POST", "/tickets", `{"title":"a\u0000"}`, "title"},
		{"POST", "/tickets", `{"title":"a","email":"x","priority":"x"}`, "email priority"},
		{
			"POST", "/tickets", `{"title":"a","visitorToken":"vis_8"}`, "visitorToken",
		},
		{"POST", "/tickets", `{"title":"a","visitorToken":".."}`, "visitorToken"},
		{
			"POST", "/tickets", `{"title":"a","conversationToken":"conv_8"}`, "conversationToken",
		},
		{"POST", "/tickets", `{"title":"a","assigneeId":6}`, "assigneeId"},
		{"PATCH", "/tickets/" + id, `{"title":""}`, "title"},
		{"PATCH", "/tickets/" + id, `{"status":"x"}`, "status"},
		{
			"PATCH", "/tickets/" + id, `{"assigneeId":"5"}`, "assigneeId",
		},
		{"PATCH", "/tickets/" + id, `{"assigneeId":6}`, "assigneeId"},
		{
			"PATCH", "/tickets/" + id + "/status", `{}`, "status",
		},
		{"PATCH", "/tickets/" + id + "/status", `{"status":"open"}`, "status"},
		{"PATCH", "/tickets/" + id + "/status", `{"status":null}`, "status"},
		{
			"POST", "/tickets/" + id + "/messages", `{}`, "content",
		},
		{"POST", "/tickets/" + id + "/messages", `{"content":"a","messageType":"x"}`, "messageType"},
		{"POST", "/tickets/" + id + "/messages", `{"content":"a","authorId":6}`, "authorId"},
	} {
		problem := s.Want(400, ada, tc.method, tc.path, tc.body)
		if got := strings.Join(wrong(problem), " "); got != tc.wrong || problem["code"] != "validation_failed" {
			t.Errorf("%s %s %s names %q (%v), want %q", tc.method, tc.path, tc.body, got, problem, tc.wrong)
		}
	}
	for _, query := range []string{"status=new", "priority=x", "status=CLOSED"} {
		if list := s.Want(200, ada, "GET", "/tickets?"+query, ""); list["total"] != 0.0 ||
			len(list["data"].([]any)) != 0 || list["totalPages"] != 0.0 {
			t.Errorf("%s lists %v", query, list)
		}
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	s := serve(t)
	reader, writer, free := agent(1), agent(1), agent(1)
	reader.Level, writer.Level, free.Plan = identity.Read, identity.Write, identity.Free
	nobody := identity.Principal{}
	for _, op := range []struct {
		write              bool
		method, path, body string
	}{
		{false, "GET", "/tickets", ""},
		{false, "GET", "/tickets/1", ""},
		{true, "POST", "/tickets", `{}`},
		{true, "PATCH", "/tickets/1", `{}`},
		{true, "DELETE", "/tickets/1", ""},
		{true, "PATCH", "/tickets/1/status", `{}`},
		{true, "POST", "/tickets/1/messages", `{}`},
	} {
		s.Want(401, nobody, op.method, op.path, op.body)
		if got := s.Refused(403, free, op.method, op.path, op.body); got != "plan_required" {
			t.Errorf("%s %s: %s", op.method, op.path, got)
		}
		without := writer
		if op.write {
			without = reader
		}
		if got := s.Refused(403, without, op.method, op.path, op.body); got != "permission_missing" {
			t.Errorf("%s %s: %s", op.method, op.path, got)
		}
	}
}

// TestForeignTicketLooksUnknown: the responses for another website's ticket and for an unknown one are identical, byte
// for byte.
func TestForeignTicketLooksUnknown(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, roles := range [][2]int64{{1, 2}, {2, 1}} {
		owner, stranger := agent(roles[0]), agent(roles[1])
		id := s.Want(201, owner, "POST", "/tickets", `{"title":"Private"}`)["id"].(string)
		unknown := "4503599627370496"
		before := s.Do(owner, "GET", "/tickets/"+id, "").Body
		for _, op := range [][3]string{
			{"GET", "/tickets/%s", ""},
			{"PATCH", "/tickets/%s", `{"title":"mine"}`},
			{"DELETE", "/tickets/%s", ""},
			{"PATCH", "/tickets/%s/status", `{"status":"CLOSED"}`},
			{"POST", "/tickets/%s/messages", `{"content":"mine"}`},
		} {
			theirs, none := s.Do(
				stranger, op[0], fmt.Sprintf(op[1], id), op[2],
			), s.Do(stranger, op[0], fmt.Sprintf(op[1], unknown), op[2])
			if theirs.Status != 404 || none.Status != 404 ||
				!strings.Contains(theirs.Body, `"detail":"ticket not found"`) ||
				strings.ReplaceAll(theirs.Body, "/"+id, "/N") != strings.ReplaceAll(none.Body, "/"+unknown, "/N") {
				t.Errorf("%s %s: %+v\nan unknown one: %+v", op[0], op[1], theirs, none)
			}
		}
		if list := s.Do(stranger, "GET", "/tickets?search=private", ""); list.Status != 200 ||
			strings.Contains(list.Body, `"id":"`+id+`"`) {
			t.Errorf("a stranger's list: %+v", list)
		}
		if after := s.Do(owner, "GET", "/tickets/"+id, "").Body; after != before {
			t.Errorf("a stranger changed %s\nto %s", before, after)
		}
	}
}

func TestConcurrentPatchesAreAllKept(t *testing.T) {
	t.Parallel()
	s, ada := serve(t), agent(1)
	id := s.Want(201, ada, "POST", "/tickets", `{"title":"Lamp"}`)["id"].(string)
	var wg sync.WaitGroup
	for _, body := range []string{
		`{"title":"Sofa"}`, `{"description":"red"}`, `{"status":"OPEN"}`, `{"priority":"LOW"}`,
		`{"email":"a@b.example"}`, `{"assigneeId":5}`, `{"visitorToken":"vis_7"}`,
	} {
		wg.Go(func() {
			if a := s.Do(ada, "PATCH", "/tickets/"+id, body); a.Status != 200 {
				t.Errorf("%s: %+v", body, a)
			}
		})
	}
	wg.Wait()
	got := s.Want(200, ada, "GET", "/tickets/"+id, "")
	for member, want := range map[string]any{
		"title":       "Sofa",
		"description": "red",
		"status":      "OPEN",
		"priority":    "LOW",
		"email":       "a@b.example",
		"assigneeId":  5.0,
		"visitorId":   7.0,
	} {
		if got[member] != want {
			t.Errorf("%s is %v, want %v", member, got[member], want)
		}
	}
}

func TestEventsAreServed(t *testing.T) {
	t.Parallel()
	u, err := unit(t)
	s := apitest.Serve(t, u, err)
	ctx, cancel := context.WithCancel(t.Context())
	var relay sync.WaitGroup
	relay.Go(func() { u.Tasks[0].Run(ctx) })
	t.Cleanup(relay.Wait) // before the store closes
	t.Cleanup(cancel)
	made := s.Want(201, agent(1), "POST", "/tickets", `{"title":"Lamp"}`)
	type record struct {
		Type      string `json:"type"`
		Key       int64  `json:"key"`
		WebsiteID int64  `json:"websiteId"`
		Pos       int64  `json:"pos"`
		Data      string `json:"data"`
	}
	var records []record
	for len(records) == 0 { // until the relay has run
		a := s.Do(apitest.Sibling(0), "GET", "/internal/events?limit=10", "")
		if err := json.Unmarshal([]byte(a.Body), &records); a.Status != 200 || err != nil {
			t.Fatalf("events answer %+v: %v", a, err)
		}
	}
	got := records[0]
	if fmt.Sprint(got.Key) != made["id"] || got.Type != "ticket.created" || got.WebsiteID != 1 || got.Pos != 1 ||
		got.Data != `{"ticketId":"1","status":"NEW","priority":"MEDIUM"}` {
		t.Errorf("event %+v", got)
	}
	s.Want(401, agent(1), "GET", "/internal/events", "")
}
