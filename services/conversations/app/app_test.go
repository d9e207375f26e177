package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/conversations/app"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
)

const (
	visitorView = `[{"id":7,"name":"Calm Otter","token":"vis_x","ip":"","context":"{}","websiteId":1,"country":null,
		"city":null,"online":true,"createdAt":"2024-01-15T10:30:00.000Z","updatedAt":"2024-01-15T10:30:00.000Z"}]`
	agentView = `[{"id":3,"name":"Ada","email":"ada@example.com","theme":"dark","avatarUrl":null,"language":"en",
		"online":false,"createdAt":"2024-01-15T10:30:00.000Z","updatedAt":"2024-01-15T10:30:00.000Z"}]`
)

type system struct {
	*apitest.Service
	accounts, visitors *apitest.Fake
}

func serve(t *testing.T) system {
	t.Helper()
	s := system{
		accounts: apitest.NewFake(t, apitest.JSON(200, agentView)),
		visitors: apitest.NewFake(t, apitest.JSON(200, visitorView)),
	}
	unit, err := app.New(t.Context(), app.Config{
		Config:      apitest.Config(t),
		AccountsURL: s.accounts.URL,
		VisitorsURL: s.visitors.URL,
	})
	s.Service = apitest.Serve(t, unit, err)
	return s
}

func visitor(of id.Visitor) identity.Principal {
	return identity.Principal{Kind: identity.Visitor, Website: storetest.Tenant(1), VisitorID: of}
}

var agent = apitest.Token(1, identity.ReadWrite)

func (s system) conversation(t *testing.T) string {
	t.Helper()
	made := s.Want(201, visitor(7), "POST", "/visitor/conversations", `{"content":"Is the atlas in stock?"}`)
	return made["conversation"].(map[string]any)["token"].(string)
}

func TestAgentAndVisitorExchangeMessages(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	s.Want(201, agent, "POST", "/conversations/"+token+"/messages", `{"content":"It is.","authorId":3}`)
	if a := s.Do(agent, "POST", "/conversations/"+token+"/typing", `{"typing":true}`); a.Status != 204 || a.Body != "" {
		t.Errorf("typing: %+v", a)
	}
	if a := s.Do(agent, "POST", "/conversations/"+token+"/read", ""); a.Status != 204 {
		t.Errorf("read: %+v", a)
	}
	thread := s.Want(200, agent, "GET", "/conversations/"+token, "")
	c := thread["conversation"].(map[string]any)
	ms := thread["messages"].([]any)
	if c["userTyping"] != true || c["visitorTyping"] != false || c["firstMessageAt"] == nil || len(ms) != 2 ||
		thread["visitor"].(map[string]any)["name"] != "Calm Otter" ||
		thread["users"].([]any)[0].(map[string]any)["email"] != "ada@example.com" {
		t.Fatalf("%v", thread)
	}
	if first := ms[0].(map[string]any); first["read"] != true || first["readAt"] == nil ||
		first["senderType"] != "VISITOR" {
		t.Errorf("%v", first)
	}
	if again := s.Want(200, agent, "GET", "/conversations/"+token+"/messages", ""); len(again) != 4 ||
		len(again["messages"].([]any)) != 2 {
		t.Errorf("%v", again)
	}
	news := s.Want(200, visitor(7), "GET",
		fmt.Sprintf("/visitor/conversations/%s/messages?after=%.0f", token, ms[0].(map[string]any)["id"]), "")
	if got := news["messages"].([]any); len(got) != 1 || got[0].(map[string]any)["content"] != "It is." ||
		news["hasMore"] != false {
		t.Errorf("%v", news)
	}
	if a := news["users"].([]any)[0].(map[string]any); a["name"] != "Ada" || a["email"] != nil {
		t.Errorf("a visitor sees too much of an agent: %v", a)
	}
	if got := s.Want(200, visitor(7), "POST", "/conversations/"+token+"/rate",
		`{"rating":5,"feedback":"quick","token":"x"}`); got["rating"] != 5.0 {
		t.Errorf("%v", got)
	}
	if got := s.Want(200, visitor(7), "POST", "/visitor/conversations/"+token+"/close", ""); got["status"] != "CLOSED" ||
		got["closedAt"] == nil {
		t.Errorf("%v", got)
	}
	s.Want(201, visitor(7), "POST", "/visitor/conversations/"+token+"/messages", `{"content":"One more thing"}`)
	if got := s.Want(200, apitest.Sibling(1), "GET", "/internal/conversations/open?visitorId=7",
		""); got["token"] != token {
		t.Errorf("a message must reopen: %v", got)
	}
}

// TestMessagesOfProgramsSaySo: in the response and the thread, but not to the visitor. A person writes in their own
// name, and can't claim to be a program or another user.
func TestMessagesOfProgramsSaySo(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	post := "/conversations/" + token + "/messages"
	person := identity.Principal{
		Kind: identity.Person, PersonID: 9, UserID: 3, Website: agent.Website,
		Role: identity.Agent, Level: identity.ReadWrite, Plan: identity.Free,
	}
	if got := s.Want(201, agent, "POST", post, `{"content":"By a program.","authorId":3}`); got["byProgram"] != true {
		t.Errorf("a program's message: %v", got)
	}
	if got := s.Want(201, person, "POST", post, `{"content":"By Ada."}`); got["byProgram"] != nil || got["userId"] != 3.0 {
		t.Errorf("a person's message: %v", got)
	}
	for body, want := range map[string]string{
		`{"content":"x","authorId":4}`:       "validation_failed authorId",
		`{"content":"x","byProgram":true}`:   "validation_failed byProgram",
		`{"content":"x","programId":"fake"}`: "validation_failed programId",
	} {
		if got := s.Refused(400, person, "POST", post, body); got != want {
			t.Errorf("a person posts %s: %s", body, got)
		}
	}
	said := func(of map[string]any) (all []any) {
		for _, m := range of["messages"].([]any) {
			all = append(all, m.(map[string]any)["byProgram"])
		}
		return all
	}
	if got := said(s.Want(200, person, "GET", "/conversations/"+token, "")); !slices.Equal(got, []any{nil, true, nil}) {
		t.Errorf("the thread for agents: %v", got)
	}
	if got := said(s.Want(200, visitor(7), "GET", "/visitor"+post, "")); !slices.Equal(got, []any{nil, nil, nil}) {
		t.Errorf("the visitor sees: %v", got)
	}
}

func TestRepeatedPostAnswers200WithTheFirstResult(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const body = `{"content":"hello","clientMessageId":"k1"}`
	first := s.Want(201, visitor(7), "POST", "/visitor/conversations", body)
	again := s.Want(200, visitor(7), "POST", "/visitor/conversations", body)
	token := first["conversation"].(map[string]any)["token"]
	if again["conversation"].(map[string]any)["token"] != token ||
		again["message"].(map[string]any)["id"] != first["message"].(map[string]any)["id"] {
		t.Fatalf("%v\n%v", first, again)
	}
	path := fmt.Sprintf("/conversations/%s/messages", token)
	one := s.Want(201, agent, "POST", path, `{"content":"a","clientMessageId":"k2"}`)
	if two := s.Want(200, agent, "POST", path, `{"content":"b","clientMessageId":"k2"}`); two["id"] != one["id"] ||
		two["content"] != "a" {
		t.Fatalf("%v\n%v", one, two)
	}
}

func TestInvalidRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	s.accounts.Says(apitest.JSON(200, `[]`)) // the named agents do not exist
	at := "/conversations/" + token
	reader, writer := apitest.Token(1, identity.Read), apitest.Token(1, identity.Write)
	for _, c := range []struct {
		name         string
		caller       identity.Principal
		method, path string
		body         string
		status       int
		says         string
	}{
		{"no credential", identity.Principal{}, "GET", "/conversations", "", 401, "token_missing"},
		{"write token reads", writer, "GET", at, "", 403, "permission_missing"},
		{"read token writes", reader, "POST", at + "/messages", `{"content":"x"}`, 403, "permission_missing"},
		{"unknown", agent, "GET", "/conversations/conv_none", "", 404, "not_found"},
		{"other website's", apitest.Token(2, identity.ReadWrite), "GET", at, "", 404, "not_found"},
		{
			"other website's, before the body", apitest.Token(2, identity.ReadWrite), "PATCH", at, `{"assigneeId":99}`, 404,
			"not_found",
		},
		{"blank", agent, "POST", at + "/messages", `{"content":" "}`, 400, "validation_failed content"},
		{"no body", agent, "POST", at + "/messages", "", 400, "validation_failed content"},
		{
			"long", agent, "POST", at + "/messages", `{"content":"` + strings.Repeat("x", 65537) + `"}`, 400,
			"validation_failed content",
		},
		{"author", agent, "POST", at + "/messages", `{"content":"x","authorId":99}`, 400, "validation_failed authorId"},
		{"unknown member", agent, "POST", at + "/messages", `{"content":"x","userId":1}`, 400, "validation_failed userId"},
		{"assignee", agent, "PATCH", at, `{"assigneeId":99}`, 400, "validation_failed assigneeId"},
		{"status", agent, "PATCH", at, `{"status":"DONE"}`, 400, "validation_failed status"},
		{"immutable field", agent, "PATCH", at, `{"rating":5}`, 400, "validation_failed rating"},
		{"filter", agent, "GET", "/conversations?status=DONE", "", 400, "validation_failed status"},
		{"since", agent, "GET", "/conversations?updatedSince=yesterday", "", 400, "validation_failed updatedSince"},
		{"rating", visitor(7), "POST", at + "/rate", `{"rating":0}`, 400, "validation_failed rating"},
		{"rating's type", visitor(7), "POST", at + "/rate", `{"rating":"5"}`, 400, "validation_failed rating"},
		{"another visitor rates", visitor(8), "POST", at + "/rate", `{"rating":5}`, 404, "not_found"},
		{"another visitor reads", visitor(8), "GET", "/visitor" + at + "/messages", "", 404, "not_found"},
		{"another visitor posts", visitor(8), "POST", "/visitor" + at + "/messages", `{"content":"x"}`, 404, "not_found"},
		{"typing is missing", agent, "POST", at + "/typing", `{}`, 400, "validation_failed typing"},
		{"viewing is missing", person(3, identity.Agent), "POST", at + "/viewing", `{}`, 400, "validation_failed viewing"},
		{"a program looks", agent, "POST", at + "/viewing", `{"viewing":true}`, 401, "token_missing"},
		{"a viewer looks", person(3, identity.Viewer), "POST", at + "/viewing", `{"viewing":true}`, 403, "role_required"},
		{"another visitor types", visitor(8), "POST", "/visitor" + at + "/typing", `{"typing":true}`, 404, "not_found"},
		{"another visitor closes", visitor(8), "POST", "/visitor" + at + "/close", "", 404, "not_found"},
		{"no open conversation", apitest.Sibling(1), "GET", "/internal/conversations/open?visitorId=8", "", 404, "not_found"},
		{"internal by token", agent, "GET", "/internal/conversations/by-token/" + token, "", 401, "token_missing"},
		{"tag", agent, "DELETE", "/tags/none", "", 404, "not_found"},
		{"tag's language", agent, "PUT", "/tags/vip", `{"names":{"x":"y"}}`, 400, "validation_failed names.x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.Refused(c.status, c.caller, c.method, c.path, c.body); got != c.says {
				t.Errorf("got %q, want %q", got, c.says)
			}
		})
	}
	if got := s.Want(200, agent, "GET", at, ""); len(got["messages"].([]any)) != 1 ||
		got["conversation"].(map[string]any)["rating"] != nil {
		t.Errorf("a refused request changed something: %v", got)
	}
}

func TestFailuresOfOtherServicesAreReported(t *testing.T) {
	t.Parallel()
	for name, f := range apitest.Failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			token := s.conversation(t)
			s.visitors.Says(f.Answer)
			s.accounts.Says(f.Answer)
			s.Refused(f.Status, agent, "GET", "/conversations/"+token, "", apitest.Hurry...)
			s.Refused(f.Status, agent, "PATCH", "/conversations/"+token, `{"assigneeId":3}`, apitest.Hurry...)
			s.Refused(f.Status, agent, "POST", "/conversations/import",
				`{"rows":[{"key":"a","topics":[],"turns":[{"from":"visitor","text":"x"}]}]}`, apitest.Hurry...)
			if got := s.Want(200, agent, "GET", "/conversations", ""); got["total"] != 1.0 {
				t.Errorf("an import was stored in part: %v", got["total"])
			}
		})
	}
}

func TestTagsAreShownInTheRequestedLanguage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	s.Want(200, agent, "PUT", "/tags/stock", `{"names":{"de":"Lager"}}`)
	s.Want(200, agent, "PATCH", "/conversations/"+token, `{"tags":["stock","loose"]}`)
	for lang, want := range map[string]string{"de": "Lager", "fr": "stock", "": "stock"} {
		list := s.Want(200, agent, "GET", "/conversations?lang="+lang, "")
		if got := list["data"].([]any)[0].(map[string]any)["tags"].([]any); got[0] != want || got[1] != "loose" {
			t.Errorf("%q: %v", lang, got)
		}
	}
	if got := s.Want(200, agent, "GET", "/tags", "")["data"].([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.Want(200, agent, "DELETE", "/tags/stock", "")
}

func TestImportStoresEachKeyOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.visitors.Says(apitest.JSON(200, `[{"key":"a","id":1},{"key":"b","id":2},{"key":"c","id":3}]`))
	row := func(key string) string {
		return `{"key":"` + key +
			`","topics":["Travel"],"turns":[{"from":"visitor","text":"Hello"},{"from":"agent","text":"Hi"}]}`
	}
	got := s.Want(200, agent, "POST", "/conversations/import", `{"rows":[`+row("a")+`,`+row("b")+`,`+row("a")+`]}`)
	if got["imported"] != 2.0 || got["existing"] != 1.0 {
		t.Errorf("%v", got)
	}
	got = s.Want(200, agent, "POST", "/conversations/import", `{"rows":[`+row("b")+`,`+row("c")+`]}`)
	if got["imported"] != 1.0 || got["existing"] != 1.0 {
		t.Errorf("%v", got)
	}
	wrong := `{"rows":[` + row("d") + `,{"key":"e","turns":[{"from":"robot","text":"x"}]}]}`
	says := s.Refused(400, agent, "POST", "/conversations/import", wrong)
	if says != "validation_failed rows.1.turns.0.from" {
		t.Error(says)
	}
	if list := s.Want(200, agent, "GET", "/conversations", ""); list["total"] != 3.0 {
		t.Errorf("%v", list["total"])
	}
}

// TestServiceSaysAsVisitorOnce: a message that another service posts for a visitor is stored once, in the conversation
// where the visitor's own message would be.
func TestServiceSaysAsVisitorOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	tickets := identity.Principal{Kind: identity.Service, Website: storetest.Tenant(1), Service: "tickets"}
	say := func(visitor int64, more string) any {
		t.Helper()
		return s.Want(200, tickets, "POST", "/internal/conversations/visitor-messages",
			fmt.Sprintf(`{"visitorId":%d,"content":"A lamp is broken.",%s}`, visitor, more))["id"]
	}
	first := say(7, `"clientMessageId":"ticket-1-0"`)
	again, other := say(7, `"clientMessageId":"ticket-1-0"`), say(8, `"clientMessageId":"ticket-2-0"`)
	if first != again || first == other {
		t.Errorf("visitor 7 got the conversations %v and %v, visitor 8 %v", first, again, other)
	}
	token := s.conversation(t) // the newest
	named := say(7, `"clientMessageId":"ticket-3-0","token":"`+token+`"`)
	messages := s.Want(200, agent, "GET", "/conversations/"+token, "")["messages"].([]any)
	if named == first || len(messages) != 2 {
		t.Errorf("the conversation that was named is %v, with %v", named, messages)
	}
	body := `{"visitorId":8,"content":"x","clientMessageId":"y","token":"` + token + `"}`
	if a := s.Do(tickets, "POST", "/internal/conversations/visitor-messages", body); a.Status != 404 {
		t.Errorf("another visitor's conversation: %+v", a)
	}
	if a := s.Do(visitor(7), "POST", "/internal/conversations/visitor-messages", body); a.Status != 401 {
		t.Errorf("a visitor asks: %+v", a)
	}
}
