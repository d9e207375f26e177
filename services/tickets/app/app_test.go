package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/identity"
)

// The documented members.
var (
	ticketMembers = []string{"assignee", "assigneeId", "conversationId", "createdAt", "description", "email", "id", "languageCode", "messages",
		"priority", "status", "summary", "tags", "title", "uniqueEmailAddress", "updatedAt", "visitor", "visitorId", "website", "websiteId"}
	messageMembers = []string{"content", "createdAt", "emailMessageId", "id", "isFromEmail", "messageType", "senderEmail", "ticketId"}
	timestamp      = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

func members(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func TestTicketsLife(t *testing.T) {
	t.Parallel()
	r, ada := start(t), agent(t, 1)
	made := r.want(t, 201, ada, "POST", "/tickets", `{"title":"Lamp","description":"dark","email":"a@b.example","priority":"HIGH","visitorToken":"vis_7",
		"conversationToken":"conv_7","assigneeId":5,"status":"CLOSED","id":"9","websiteId":2,"unknown":[]}`).body
	if !slices.Equal(members(made), ticketMembers) {
		t.Errorf("members %v", members(made))
	}
	id := made["id"].(string)
	for member, want := range map[string]any{
		"websiteId": 1.0, "visitorId": 7.0, "conversationId": 70.0, "title": "Lamp", "description": "dark", "status": "NEW", "priority": "HIGH",
		"assigneeId": 5.0, "email": "a@b.example", "languageCode": "en", "summary": nil, "messages": []any{}, "tags": []any{},
		"website":  map[string]any{"id": 1.0, "name": "Site 1", "url": "https://1.example"},
		"visitor":  map[string]any{"token": "vis_7", "name": "Brave Otter"},
		"assignee": map[string]any{"id": 5.0, "name": "Ada", "email": "ada@shop.example"},
	} {
		if !reflect.DeepEqual(made[member], want) {
			t.Errorf("%s is %v, want %v", member, made[member], want)
		}
	}
	if a := made["uniqueEmailAddress"].(string); !strings.HasPrefix(a, "ticket-"+id+"-") || !strings.HasSuffix(a, "@mail.example") {
		t.Errorf("address %q", a)
	}
	if !timestamp.MatchString(made["createdAt"].(string)) || made["updatedAt"] != made["createdAt"] {
		t.Errorf("times %v %v", made["createdAt"], made["updatedAt"])
	}
	if got := r.want(t, 200, ada, "GET", "/tickets/"+id, "").body; !reflect.DeepEqual(got, made) {
		t.Errorf("reads %v\nwas made %v", got, made)
	}

	m := r.want(t, 201, ada, "POST", "/tickets/"+id+"/messages", `{"content":"Hello","isFromEmail":true,"emailMessageId":"<1@a>","senderEmail":"a@b.example",
		"authorId":5,"inReplyTo":"<0@a>","references":"<0@a>","subject":"Lamp","more":1}`).body
	if !slices.Equal(members(m), messageMembers) || m["ticketId"] != id || m["messageType"] != "EMAIL" {
		t.Errorf("message %v", m)
	}
	got := r.want(t, 200, ada, "GET", "/tickets/"+id, "").body
	if !reflect.DeepEqual(got["messages"], []any{m}) {
		t.Errorf("messages %v, want %v", got["messages"], m)
	}
	list := r.want(t, 200, ada, "GET", "/tickets?search=hello+LAMP&status=NEW&priority=HIGH&assigneeId=5&visitorId=7", "").body
	if rows := list["data"].([]any); len(rows) != 1 || !reflect.DeepEqual(rows[0].(map[string]any)["messages"], []any{}) {
		t.Errorf("list %v", list)
	}

	got = r.want(t, 200, ada, "PATCH", "/tickets/"+id, `{"title":"Sofa","assigneeId":null,"visitorToken":null,"createdAt":"x"}`).body
	if got["title"] != "Sofa" || got["assignee"] != nil || got["visitorId"] != nil || got["description"] != "dark" || len(got["messages"].([]any)) != 1 {
		t.Errorf("patched %v", got)
	}
	if got = r.want(t, 200, ada, "PATCH", "/tickets/"+id+"/status", `{"status":"RESOLVED","title":"x"}`).body; got["status"] != "RESOLVED" || got["title"] != "Sofa" {
		t.Errorf("status set %v", got)
	}
	if got := r.want(t, 200, ada, "DELETE", "/tickets/"+id, ""); got.raw != `{"id":"`+id+`","deleted":true}` {
		t.Errorf("deleted %s", got.raw)
	}
	r.want(t, 404, ada, "DELETE", "/tickets/"+id, "")
	r.want(t, 404, ada, "GET", "/tickets/"+id, "")
}

func TestVisitorsTicket(t *testing.T) {
	t.Parallel()
	r := start(t)
	visitor := caller(t, 1, identity.Principal{Kind: identity.Visitor, VisitorID: 7})
	made := r.want(t, 201, visitor, "POST", "/internal/visitors/tickets", `{"title":"Help","conversationToken":"conv_7","assigneeId":5,"status":"OPEN","visitorToken":"vis_8"}`).body
	if !slices.Equal(members(made), ticketMembers) || made["visitorId"] != 7.0 || made["assigneeId"] != nil || made["status"] != "NEW" {
		t.Errorf("made %v", made)
	}
	r.want(t, 401, agent(t, 1), "POST", "/internal/visitors/tickets", `{"title":"Help"}`)
	r.want(t, 401, visitor, "GET", "/tickets/"+made["id"].(string), "")
	r.want(t, 200, agent(t, 1), "GET", "/tickets/"+made["id"].(string), "")
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	r, ada := start(t), agent(t, 1)
	id := r.want(t, 201, ada, "POST", "/tickets", `{"title":"Lamp"}`).body["id"].(string)
	for _, tc := range []struct{ method, path, body, wrong string }{
		{"GET", "/tickets/abc", "", "id"}, {"GET", "/tickets/0", "", "id"}, {"GET", "/tickets/-1", "", "id"}, {"GET", "/tickets/1.5", "", "id"},
		{"GET", "/tickets/9007199254740992", "", "id"}, {"DELETE", "/tickets/x", "", "id"}, {"PATCH", "/tickets/x", "{}", "id"},
		{"PATCH", "/tickets/x/status", `{"status":"OPEN"}`, "id"}, {"POST", "/tickets/x/messages", `{"content":"a"}`, "id"},
		{"GET", "/tickets?assigneeId=x", "", "assigneeId"}, {"GET", "/tickets?visitorId=-1", "", "visitorId"}, {"GET", "/tickets?cursor=x", "", "cursor"},
		{"POST", "/tickets", "", "title"}, {"POST", "/tickets", `{"title":5}`, "title"}, {"POST", "/tickets", `{"title":"a\u0000"}`, "title"},
		{"POST", "/tickets", `{"title":"a","email":"x","priority":"x"}`, "email priority"},
		{"POST", "/tickets", `{"title":"a","visitorToken":"vis_8"}`, "visitorToken"}, {"POST", "/tickets", `{"title":"a","visitorToken":".."}`, "visitorToken"},
		{"POST", "/tickets", `{"title":"a","conversationToken":"conv_8"}`, "conversationToken"}, {"POST", "/tickets", `{"title":"a","assigneeId":6}`, "assigneeId"},
		{"PATCH", "/tickets/" + id, `{"title":""}`, "title"}, {"PATCH", "/tickets/" + id, `{"status":"x"}`, "status"},
		{"PATCH", "/tickets/" + id, `{"assigneeId":"5"}`, "assigneeId"}, {"PATCH", "/tickets/" + id, `{"assigneeId":6}`, "assigneeId"},
		{"PATCH", "/tickets/" + id + "/status", `{}`, "status"}, {"PATCH", "/tickets/" + id + "/status", `{"status":"open"}`, "status"},
		{"PATCH", "/tickets/" + id + "/status", `{"status":null}`, "status"},
		{"POST", "/tickets/" + id + "/messages", `{}`, "content"}, {"POST", "/tickets/" + id + "/messages", `{"content":"a","messageType":"x"}`, "messageType"},
		{"POST", "/tickets/" + id + "/messages", `{"content":"a","authorId":6}`, "authorId"},
	} {
		a := r.want(t, 400, ada, tc.method, tc.path, tc.body)
		if got := strings.Join(a.wrong(), " "); got != tc.wrong || a.body["code"] != "validation_failed" {
			t.Errorf("%s %s %s names %q (%s), want %q", tc.method, tc.path, tc.body, got, a.raw, tc.wrong)
		}
	}
	for _, query := range []string{"status=new", "priority=x", "status=CLOSED"} {
		if list := r.want(t, 200, ada, "GET", "/tickets?"+query, "").body; list["total"] != 0.0 || len(list["data"].([]any)) != 0 || list["totalPages"] != 0.0 {
			t.Errorf("%s lists %v", query, list)
		}
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	r := start(t)
	reader, writer, free := agent(t, 1), agent(t, 1), agent(t, 1)
	reader.Level, writer.Level, free.Plan = identity.Read, identity.Write, identity.Free
	nobody := identity.Principal{}
	for _, op := range []struct {
		write              bool
		method, path, body string
	}{
		{false, "GET", "/tickets", ""}, {false, "GET", "/tickets/1", ""}, {true, "POST", "/tickets", `{}`}, {true, "PATCH", "/tickets/1", `{}`},
		{true, "DELETE", "/tickets/1", ""}, {true, "PATCH", "/tickets/1/status", `{}`}, {true, "POST", "/tickets/1/messages", `{}`},
	} {
		r.want(t, 401, nobody, op.method, op.path, op.body)
		if a := r.want(t, 403, free, op.method, op.path, op.body); a.body["code"] != "plan_required" {
			t.Errorf("%s %s: %s", op.method, op.path, a.raw)
		}
		without := writer
		if op.write {
			without = reader
		}
		if a := r.want(t, 403, without, op.method, op.path, op.body); a.body["code"] != "permission_missing" {
			t.Errorf("%s %s: %s", op.method, op.path, a.raw)
		}
	}
}

// TestAnothersTicketIsLikeNone compares, byte for byte, what another website's ticket and an unknown one answer.
func TestAnothersTicketIsLikeNone(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, roles := range [][2]int64{{1, 2}, {2, 1}} {
		owner, stranger := agent(t, roles[0]), agent(t, roles[1])
		id := r.want(t, 201, owner, "POST", "/tickets", `{"title":"Private"}`).body["id"].(string)
		unknown := "4503599627370496"
		before := r.want(t, 200, owner, "GET", "/tickets/"+id, "").raw
		for _, op := range [][3]string{
			{"GET", "/tickets/%s", ""}, {"PATCH", "/tickets/%s", `{"title":"mine"}`}, {"DELETE", "/tickets/%s", ""},
			{"PATCH", "/tickets/%s/status", `{"status":"CLOSED"}`}, {"POST", "/tickets/%s/messages", `{"content":"mine"}`},
		} {
			theirs := r.want(t, 404, stranger, op[0], fmt.Sprintf(op[1], id), op[2])
			none := r.want(t, 404, stranger, op[0], fmt.Sprintf(op[1], unknown), op[2])
			if theirs.body["detail"] != "ticket not found" || strings.ReplaceAll(theirs.raw, id, "N") != strings.ReplaceAll(none.raw, unknown, "N") {
				t.Errorf("%s %s: %s\nan unknown one: %s", op[0], op[1], theirs.raw, none.raw)
			}
		}
		if list := r.want(t, 200, stranger, "GET", "/tickets?search=private", "").raw; strings.Contains(list, `"id":"`+id+`"`) {
			t.Errorf("a stranger's list: %s", list)
		}
		if after := r.want(t, 200, owner, "GET", "/tickets/"+id, "").raw; after != before {
			t.Errorf("a stranger changed %s\nto %s", before, after)
		}
	}
}

func TestPatchesAtOnceAllCount(t *testing.T) {
	t.Parallel()
	r, ada := start(t), agent(t, 1)
	id := r.want(t, 201, ada, "POST", "/tickets", `{"title":"Lamp"}`).body["id"].(string)
	var wg sync.WaitGroup
	for _, body := range []string{`{"title":"Sofa"}`, `{"description":"red"}`, `{"status":"OPEN"}`, `{"priority":"LOW"}`, `{"email":"a@b.example"}`, `{"assigneeId":5}`, `{"visitorToken":"vis_7"}`} {
		wg.Go(func() {
			if a := r.ask(t, ada, "PATCH", "/tickets/"+id, body); a.status != 200 {
				t.Errorf("%s: %s", body, a.raw)
			}
		})
	}
	wg.Wait()
	got := r.want(t, 200, ada, "GET", "/tickets/"+id, "").body
	for member, want := range map[string]any{"title": "Sofa", "description": "red", "status": "OPEN", "priority": "LOW", "email": "a@b.example", "assigneeId": 5.0, "visitorId": 7.0} {
		if got[member] != want {
			t.Errorf("%s is %v, want %v", member, got[member], want)
		}
	}
}

func TestEventsAreServed(t *testing.T) {
	t.Parallel()
	r := start(t)
	made := r.want(t, 201, agent(t, 1), "POST", "/tickets", `{"title":"Lamp"}`).body
	type record struct {
		Type      string `json:"type"`
		Key       int64  `json:"key"`
		WebsiteID int64  `json:"websiteId"`
		Pos       int64  `json:"pos"`
		Data      string `json:"data"`
	}
	var records []record
	for len(records) == 0 { // until the relay has been
		status, b := r.send(t, identity.Principal{Kind: identity.Service, Service: "webhooks"}, "GET", "/internal/events?limit=10", "")
		if err := json.Unmarshal(b, &records); status != 200 || err != nil {
			t.Fatalf("events answer %d %s: %v", status, b, err)
		}
	}
	got := records[0]
	if fmt.Sprint(got.Key) != made["id"] || got.Type != "ticket.created" || got.WebsiteID != 1 || got.Pos != 1 || got.Data != `{"status":"NEW","priority":"MEDIUM"}` {
		t.Errorf("event %+v", got)
	}
	r.want(t, 401, agent(t, 1), "GET", "/internal/events", "")
}
