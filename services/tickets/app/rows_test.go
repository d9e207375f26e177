package app_test

import (
	"reflect"
	"slices"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

var rowMembers = []string{
	"assignee", "channel", "conversationId", "createdAt", "excerpt", "id", "lastAnswer", "messages", "priority",
	"requester", "status", "tags", "title", "updatedAt",
}

// TestRowsOfTickets: a row has what lists show, and lists are filtered by it.
func TestRowsOfTickets(t *testing.T) {
	t.Parallel()
	s, ada := serve(t), agent(1)
	person := identity.Principal{
		Kind: identity.Person, PersonID: 9, UserID: 5, Website: ada.Website,
		Role: identity.Agent, Level: identity.ReadWrite, Plan: identity.Pro,
	}
	lamp := s.Want(201, person, "POST", "/tickets",
		`{"title":"Lamp","description":"It is\n dark.","priority":"URGENT","visitorToken":"vis_7","assigneeId":5}`)["id"]
	mail := s.Want(201, ada, "POST", "/tickets", `{"title":"Sofa","email":"a@b.example"}`)["id"]
	own := s.Want(201, visitor(1, 7), "POST", "/internal/visitors/tickets", `{"title":"Help"}`)["id"]
	say := func(of any, body string) {
		t.Helper()
		s.Want(201, ada, "POST", "/tickets/"+of.(string)+"/messages", body)
	}
	say(mail, `{"content":"Hello","isFromEmail":true,"senderEmail":"a@b.example"}`)
	say(lamp, `{"content":"We are looking.","authorId":5}`)
	say(lamp, `{"content":"Only for us.","messageType":"NOTE"}`)

	list := func(query string) (ids []any) {
		t.Helper()
		for _, row := range s.Want(200, person, "GET", "/tickets/rows"+query, "")["data"].([]any) {
			ids = append(ids, row.(map[string]any)["id"])
		}
		return ids
	}
	for query, want := range map[string][]any{
		"":                                    {own, mail, lamp},
		"?sort=oldest":                        {lamp, mail, own},
		"?sort=activity&assigneeId=5":         {lamp},
		"?sort=priority":                      {lamp, own, mail},
		"?assigneeId=me":                      {lamp},
		"?assigneeId=none&status=NEW":         {own, mail},
		"?channel=WIDGET,EMAIL":               {own, mail},
		"?channel=CONSOLE":                    {lamp},
		"?search=lamp":                        {lamp},
		"?search=tag:light":                   nil,
		"?search=-tag:light":                  {own, mail, lamp},
		"?createdBefore=2001-01-01T00:00:00Z": nil,
	} {
		if got := list(query); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
	row := s.Want(200, ada, "GET", "/tickets/rows?priority=URGENT", "")["data"].([]any)[0].(map[string]any)
	answer := row["lastAnswer"].(map[string]any)
	delete(answer, "createdAt")
	if !slices.Equal(members(row), rowMembers) || row["excerpt"] != "It is dark." || row["messages"] != 2.0 ||
		!reflect.DeepEqual(row["requester"], map[string]any{
			"visitorToken": "vis_7", "name": "Brave Otter", "email": nil, "verified": false,
		}) ||
		!reflect.DeepEqual(answer, map[string]any{
			"content": "We are looking.", "messageType": "CHAT", "authorKind": "USER", "userId": 5.0,
		}) {
		t.Errorf("row %v", row)
	}
	want := map[string]any{
		"mine": 1.0, "unassigned": 2.0, "active": 3.0, "urgent": 1.0,
		"new": 3.0, "open": 0.0, "pending": 0.0, "resolved": 0.0, "closed": 0.0,
	}
	if got := s.Want(200, person, "GET", "/tickets/counts", ""); !reflect.DeepEqual(got, want) {
		t.Errorf("counts %v", got)
	}
	if got := s.Want(200, ada, "GET", "/tickets/counts", ""); got["mine"] != nil {
		t.Errorf("a program has %v", got)
	}
	if got := s.Want(200, agent(2), "GET", "/tickets/counts", ""); got["active"] != 0.0 {
		t.Errorf("another website has %v", got)
	}
}

// TestAuthorsOfMessages: only on request, because the documented message has no author.
func TestAuthorsOfMessages(t *testing.T) {
	t.Parallel()
	s, ada := serve(t), agent(1)
	at := "/tickets/" + s.Want(201, ada, "POST", "/tickets", `{"title":"Lamp","visitorToken":"vis_7"}`)["id"].(string)
	for _, body := range []string{
		`{"content":"one","authorId":5}`, `{"content":"two","isFromEmail":true}`, `{"content":"three"}`,
	} {
		s.Want(201, ada, "POST", at+"/messages", body)
	}
	authors := func(query string) (all []any) {
		for _, m := range s.Want(200, ada, "GET", at+query, "")["messages"].([]any) {
			all = append(all, m.(map[string]any)["author"])
		}
		return all
	}
	of := func(kind string, user, name any) any {
		return map[string]any{"kind": kind, "userId": user, "name": name}
	}
	want := []any{of("USER", 5.0, "Ada"), of("REQUESTER", nil, "Brave Otter"), of("PROGRAM", nil, nil)}
	if got := authors("?expand=authors"); !reflect.DeepEqual(got, want) {
		t.Errorf("authors %v", got)
	}
	for _, query := range []string{"", "?expand=other"} {
		if got := authors(query); !reflect.DeepEqual(got, []any{nil, nil, nil}) {
			t.Errorf("%s: authors %v", query, got)
		}
	}
}

func TestWrongFiltersOfRowsAreNamed(t *testing.T) {
	t.Parallel()
	s, ada := serve(t), agent(1)
	free := apitest.Token(1, identity.ReadWrite)
	cursor := s.Want(200, ada, "GET", "/tickets/rows", "")["nextCursor"]
	if cursor != nil {
		t.Fatal("an empty list continues")
	}
	for query, want := range map[string]string{
		"sort=waiting":              "sort",
		"sort=priority&search=lamp": "sort",
		"sort=activity&updatedSince=2026-03-01T08:00:00Z": "sort",
		"status=DONE":                    "status",
		"priority=high":                  "priority",
		"channel=FAX":                    "channel",
		"assigneeId=me":                  "assigneeId",
		"state=NEW":                      "state",
		"cursor=AAABjVYp4AAAAAAAAAAAAQI": "cursor",
	} {
		if got := wrong(s.Want(400, ada, "GET", "/tickets/rows?"+query, "")); !slices.Equal(got, []string{want}) {
			t.Errorf("%s names %v", query, got)
		}
	}
	s.Want(403, free, "GET", "/tickets/rows", "")
	s.Want(403, free, "GET", "/tickets/counts", "")
}
