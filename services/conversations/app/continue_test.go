package app_test

import (
	"fmt"
	"sync"
	"testing"

	"fivechat.dev/services/internal/apitest"
)

// continued posts a visitor's message into the current conversation, and returns the conversation's token.
func (s system) continued(t *testing.T, status int, clientID string) string {
	t.Helper()
	body := fmt.Sprintf(`{"content":"Hello","continue":true,"clientMessageId":%q}`, clientID)
	opened := s.Want(status, visitor(7), "POST", "/visitor/conversations", body)
	return opened["conversation"].(map[string]any)["token"].(string)
}

// TestMessagesContinueTheOpenConversation: a message opens a conversation only if there is no open one.
func TestMessagesContinueTheOpenConversation(t *testing.T) {
	t.Parallel()
	s := serve(t)
	first := s.continued(t, 201, "a")
	if again := s.continued(t, 200, "a"); again != first {
		t.Errorf("repeated: %s, not %s", again, first)
	}
	if next := s.continued(t, 201, "b"); next != first {
		t.Errorf("the next message is in %s, not in %s", next, first)
	}
	thread := s.Want(200, agent, "GET", "/conversations/"+first, "")
	if n := len(thread["messages"].([]any)); n != 2 {
		t.Errorf("%d messages", n)
	}
	s.Want(200, agent, "PATCH", "/conversations/"+first, `{"status":"CLOSED"}`)
	if late := s.continued(t, 200, "b"); late != first {
		t.Errorf("repeated after the end: %s, not %s", late, first)
	}
	second := s.continued(t, 201, "c")
	if second == first {
		t.Error("a message continues a conversation that has ended")
	}
	if late := s.continued(t, 200, "b"); late != first {
		t.Errorf("repeated after another conversation was opened: %s, not %s", late, first)
	}
	explicit := s.conversation(t) // without continue
	if explicit == second {
		t.Error("a conversation wasn't opened")
	}
	if newest := s.continued(t, 201, "d"); newest != explicit {
		t.Errorf("the message is in %s, not in the newest conversation %s", newest, explicit)
	}
	s.Refused(400, visitor(7), "POST", "/visitor/conversations", `{"content":"x","continue":"yes"}`)
}

// TestConcurrentFirstMessagesOpenOneConversation sends first messages from several tabs at the same time.
func TestConcurrentFirstMessagesOpenOneConversation(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const tabs = 8
	answers := make([]apitest.Answer, tabs)
	var all sync.WaitGroup
	for i := range tabs {
		all.Go(func() {
			answers[i] = s.Do(visitor(7), "POST", "/visitor/conversations",
				fmt.Sprintf(`{"content":"from %d","continue":true,"clientMessageId":"m%d"}`, i, i))
		})
	}
	all.Wait()
	for _, a := range answers {
		if a.Status != 201 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	rows := s.Want(200, agent, "GET", "/conversations", "")["data"].([]any)
	if len(rows) != 1 {
		t.Fatalf("%d conversations", len(rows))
	}
	thread := s.Want(200, agent, "GET", "/conversations/"+rows[0].(map[string]any)["token"].(string), "")
	if n := len(thread["messages"].([]any)); n != tabs {
		t.Errorf("%d messages of %d", n, tabs)
	}
}
