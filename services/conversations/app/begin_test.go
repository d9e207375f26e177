package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

const begin = "/visitors/vis_x/conversations"

// addressed is a system whose visitor 7 has the token vis_x. Notifying their pages fails, which refuses nothing.
func addressed(t *testing.T) system {
	t.Helper()
	s := serve(t)
	listed := s.visitors.Says(nil)
	s.visitors.Says(func(w http.ResponseWriter, r *http.Request) {
		switch token, named := strings.CutPrefix(r.URL.Path, "/internal/visitors/by-token/"); {
		case r.Method == http.MethodPut:
			apitest.Failures["no problem"].Answer(w, r)
		case !named:
			listed(w, r)
		case token == "vis_x":
			apitest.JSON(200, `{"id":7,"name":"Calm Otter","token":"vis_x"}`)(w, r)
		case token == "vis_refused":
			apitest.JSON(200, `{"id":8,"name":"Sly Fox","token":"vis_refused","identityRequired":true}`)(w, r)
		default:
			apitest.Problem(fault.Missing("visitor"))(w, r)
		}
	})
	return s
}

// TestAgentBeginsConversation: the conversation is open and the author's, its visitor doesn't wait, and has one
// unread message, which they answer.
func TestAgentBeginsConversation(t *testing.T) {
	t.Parallel()
	s := addressed(t)
	made := s.Want(201, agent, "POST", begin, `{"content":"Can I help you?","authorId":3,"clientMessageId":"a"}`)
	token := made["token"].(string)
	if made["status"] != "OPEN" || made["assigneeId"] != 3.0 || made["visitorId"] != 7.0 || made["firstMessageAt"] == nil {
		t.Errorf("%v", made)
	}
	row := s.Want(200, agent, "GET", "/inbox/"+token, "")
	if row["unread"] != 0.0 || row["waitingSince"] != nil || object(t, row, "lastMessage")["senderType"] != "USER" {
		t.Errorf("%v", row)
	}
	const open = "/internal/conversations/open?visitorId=7"
	if got := s.Want(200, apitest.Sibling(1), "GET", open, ""); got["token"] != token {
		t.Errorf("the visitor's open conversation: %v", got)
	}
	news := s.Want(200, visitor(7), "GET", "/visitor/conversations/"+token+"/messages", "")["messages"].([]any)
	if m := news[0].(map[string]any); len(news) != 1 || m["read"] != false || m["userId"] != 3.0 {
		t.Errorf("%v", news)
	}
	if again := s.continued(t, 201, "b"); again != token {
		t.Errorf("the visitor's answer is in %s", again)
	}
	if asked := s.visitors.Asked(); !slices.Contains(asked, "PUT /internal/visitors/7/agent-conversation 1") {
		t.Errorf("the visitor's pages aren't notified: %v", asked)
	}
	if row := s.Want(200, agent, "GET", "/inbox/"+token, ""); row["unread"] != 1.0 || row["waitingSince"] == nil {
		t.Errorf("%v", row)
	}
}

// TestBegunConversationIsAssignedToItsAuthor unless the request says otherwise. A program needs no author.
func TestBegunConversationIsAssignedToItsAuthor(t *testing.T) {
	t.Parallel()
	person := identity.Principal{
		Kind: identity.Person, PersonID: 9, UserID: 3, Website: agent.Website,
		Role: identity.Agent, Level: identity.ReadWrite, Plan: identity.Free,
	}
	for name, c := range map[string]struct {
		by       identity.Principal
		body     string
		assignee any
	}{
		"a person":                    {person, `{"content":"Hi"}`, 3.0},
		"a person, unassigned":        {person, `{"content":"Hi","assign":false}`, nil},
		"a program with an author":    {agent, `{"content":"Hi","authorId":3,"assign":true}`, 3.0},
		"a program without an author": {agent, `{"content":"Hi"}`, nil},
	} {
		s := addressed(t)
		if made := s.Want(201, c.by, "POST", begin, c.body); made["assigneeId"] != c.assignee {
			t.Errorf("%s: %v", name, made)
		}
	}
}

// TestRepeatedBeginAnswers200: also after the conversation has ended, but not with another message.
func TestRepeatedBeginAnswers200(t *testing.T) {
	t.Parallel()
	s := addressed(t)
	const body = `{"content":"Hi","clientMessageId":"a"}`
	first := s.Want(201, agent, "POST", begin, body)["token"].(string)
	if again := s.Want(200, agent, "POST", begin, body)["token"]; again != first {
		t.Errorf("%v", again)
	}
	s.Want(200, agent, "PATCH", "/conversations/"+first, `{"status":"CLOSED"}`)
	if late := s.Want(200, agent, "POST", begin, body)["token"]; late != first {
		t.Errorf("after the end: %v", late)
	}
	if next := s.Want(201, agent, "POST", begin, `{"content":"Hi","clientMessageId":"b"}`)["token"]; next == first {
		t.Error("an ended conversation was begun again")
	}
}

// TestBeginNamesTheOpenConversation, which the visitor may have opened before a newer one that has ended.
func TestBeginNamesTheOpenConversation(t *testing.T) {
	t.Parallel()
	s := addressed(t)
	open, ended := s.conversation(t), s.conversation(t)
	s.Want(200, agent, "PATCH", "/conversations/"+ended, `{"status":"CLOSED"}`)
	refused := s.Want(409, agent, "POST", begin, `{"content":"Hi"}`)
	if refused["code"] != "conversation_open" || refused["existing"] != open {
		t.Errorf("%v, and %s is open", refused, open)
	}
	s.Want(200, agent, "PATCH", "/conversations/"+open, `{"status":"CLOSED"}`)
	s.Want(201, agent, "POST", begin, `{"content":"Hi"}`)
}

func TestBeginIsRefused(t *testing.T) {
	t.Parallel()
	s := addressed(t)
	s.accounts.Says(apitest.JSON(200, "[]"))
	for _, c := range []struct{ path, body, says string }{
		{begin, `{"content":" "}`, "400 validation_failed content"},
		{begin, `{"content":"` + strings.Repeat("x", 65537) + `"}`, "400 validation_failed content"},
		{begin, `{"content":"Hi","assign":true}`, "400 validation_failed assign"},
		{begin, `{"content":"Hi","authorId":99}`, "400 validation_failed authorId"},
		{begin, `{"content":"Hi","change":{}}`, "400 validation_failed change"},
		{"/visitors/no.token/conversations", `{"content":"Hi"}`, "400 validation_failed token"},
		{"/visitors/vis_none/conversations", `{"content":"Hi","authorId":99}`, "404 not_found"},
		{"/visitors/vis_refused/conversations", `{"content":"Hi"}`, "409 visitor_unverified"},
	} {
		status := 0
		fmt.Sscan(c.says, &status)
		if got := fmt.Sprint(status, " ", s.Refused(status, agent, "POST", c.path, c.body)); got != c.says {
			t.Errorf("%s %.60s: %s", c.path, c.body, got)
		}
	}
	s.Refused(403, apitest.Token(1, identity.Read), "POST", begin, `{"content":"Hi"}`)
	for name, f := range apitest.Failures {
		broken := serve(t)
		broken.visitors.Says(f.Answer)
		if got := broken.Do(agent, "POST", begin, `{"content":"Hi"}`, apitest.Hurry...); got.Status != f.Status {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if rows := s.Want(200, agent, "GET", "/conversations", ""); rows["total"] != 0.0 {
		t.Errorf("%v", rows)
	}
}

// TestSidesThatBeginTogetherShareOneConversation: agents and the visitor write first at the same time.
func TestSidesThatBeginTogetherShareOneConversation(t *testing.T) {
	t.Parallel()
	s := addressed(t)
	const each = 4
	var all sync.WaitGroup
	for i := range each {
		all.Go(func() {
			got := s.Do(agent, "POST", begin, fmt.Sprintf(`{"content":"Hi","clientMessageId":"agent %d"}`, i))
			if got.Status != 201 && !(got.Status == 409 && strings.Contains(got.Body, `"existing":"conv_`)) {
				t.Errorf("an agent: %+v", got)
			}
		})
		all.Go(func() { s.continued(t, 201, fmt.Sprint("visitor ", i)) })
	}
	all.Wait()
	rows := s.Want(200, agent, "GET", "/inbox", "")
	if rows["total"] != 1.0 {
		t.Fatalf("%v conversations", rows["total"])
	}
	if row := rows["data"].([]any)[0].(map[string]any); row["unread"] != float64(each) {
		t.Errorf("%v", row)
	}
}
