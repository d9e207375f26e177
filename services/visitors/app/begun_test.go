package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
)

// TestVisitorLearnsOfAgentsConversation: by the heartbeat, and by the next session.
func TestVisitorLearnsOfAgentsConversation(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.session(1, `{"clientToken":"site"}`)
	number := v["id"].(float64)
	visitor := identity.Principal{
		Kind: identity.Visitor, Website: storetest.Tenant(1), VisitorID: id.Visitor(number),
	}
	begun := func() any { return s.Want(200, visitor, "POST", "/visitor/heartbeat", "")["agentConversation"] }
	session := func() any {
		body := fmt.Sprintf(`{"clientToken":"site","visitorToken":%q,"visitorSecret":%q}`, v["token"],
			s.secrets[v["token"].(string)])
		return s.Want(201, apitest.Public, "POST", "/visitor/sessions", body, ask...)["agentConversation"]
	}
	path := fmt.Sprintf("/internal/visitors/%.0f/agent-conversation", number)
	begin := func(website int64, token string) int {
		return s.Do(apitest.Sibling(website), "PUT", path, `{"token":"`+token+`"}`).Status
	}
	if got := begun(); got != nil {
		t.Errorf("before: %v", got)
	}
	if got := begin(2, "conv_theirs"); got != 204 || begun() != nil {
		t.Errorf("another website's: %d", got)
	}
	if got := begin(1, "no token"); got != 400 || begun() != nil {
		t.Errorf("malformed: %d", got)
	}
	if got := begin(1, "conv_a"); got != 204 || begun() != "conv_a" || session() != "conv_a" {
		t.Errorf("begun: %d", got)
	}
	s.Refused(401, agent(1), "PUT", path, `{"token":"conv_x"}`)
	// What an agent begins while a session reads the open conversation is news for the heartbeat.
	s.conversations.Says(func(w http.ResponseWriter, r *http.Request) {
		if got := begin(1, "conv_b"); got != 204 {
			t.Errorf("meanwhile: %d", got)
		}
		noConversation(w, r)
	})
	if got := session(); got != "conv_a" || begun() != "conv_b" {
		t.Errorf("meanwhile: %v", got)
	}
	visitor.VisitorID = id.Visitor(number + 1000)
	if got := begun(); got != nil {
		t.Errorf("an erased visitor: %v", got)
	}
}
