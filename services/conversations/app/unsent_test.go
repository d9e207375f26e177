package app_test

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/conversations"
	"fivechat.dev/services/internal/apitest"
)

// TestDraftsAreTheirAuthorsOwn follows drafts of two persons.
func TestDraftsAreTheirAuthorsOwn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	at := "/conversations/" + s.conversation(t)
	ada, bob := person(3, identity.Agent), person(4, identity.Admin)
	if none := s.Want(200, ada, "GET", at+"/draft", ""); none["content"] != "" || none["updatedAt"] != nil {
		t.Errorf("none: %v", none)
	}
	s.Want(200, ada, "PUT", at+"/draft", `{"kind":"reply","content":"Hel"}`)
	s.Want(200, ada, "PUT", at+"/draft", `{"kind":"note","content":"Hello"}`)
	own := s.Want(200, ada, "GET", at+"/draft", "")
	all := s.Want(200, ada, "GET", "/drafts", "")["data"].([]any)
	if own["content"] != "Hello" || own["kind"] != "note" || own["updatedAt"] == nil || len(all) != 1 ||
		all[0].(map[string]any)["conversationToken"] != strings.TrimPrefix(at, "/conversations/") {
		t.Errorf("%v, %v", own, all)
	}
	if others := s.Want(200, bob, "GET", "/drafts", "")["data"].([]any); len(others) != 0 {
		t.Errorf("another person reads %v", others)
	}
	if other := s.Want(200, bob, "GET", at+"/draft", ""); other["content"] != "" {
		t.Errorf("another person reads %v", other)
	}
	for range 2 {
		if a := s.Do(bob, "DELETE", at+"/draft", ""); a.Status != 204 {
			t.Errorf("%+v", a)
		}
	}
	if own := s.Want(200, ada, "GET", at+"/draft", ""); own["content"] != "Hello" {
		t.Errorf("another person's removal: %v", own)
	}
	s.Want(200, apitest.Sibling(1), "POST", "/internal/users/3/unassign", "")
	if left := s.Want(200, ada, "GET", "/drafts", "")["data"].([]any); len(left) != 0 {
		t.Errorf("a user who has left has %v", left)
	}
}

func TestWrongDraftsAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	ada := person(3, identity.Agent)
	for _, body := range []string{
		`{"kind":"reply","content":""}`, `{"kind":"mail","content":"x"}`, `{"content":"x"}`,
		`{"kind":"reply","content":"` + strings.Repeat("x", 16<<10+1) + `"}`,
	} {
		s.Refused(400, ada, "PUT", "/conversations/"+token+"/draft", body)
	}
	s.Refused(404, ada, "PUT", "/conversations/conv_none/draft", `{"kind":"reply","content":"x"}`)
	s.Refused(404, ada, "GET", "/conversations/conv_none/draft", "")
	s.Refused(401, agent, "GET", "/drafts", "")
	s.Refused(401, visitor(7), "GET", "/conversations/"+token+"/draft", "")
	s.Refused(403, person(3, identity.Viewer), "PUT", "/conversations/"+token+"/draft", `{"kind":"reply","content":"x"}`)
	for i := range conversations.MaxUnsentOf {
		body := fmt.Sprintf(`{"kind":"reply","content":"%d"}`, i)
		s.Want(200, ada, "PUT", "/conversations/"+s.conversation(t)+"/draft", body)
	}
	s.Refused(409, ada, "PUT", "/conversations/"+token+"/draft", `{"kind":"reply","content":"x"}`)
}
