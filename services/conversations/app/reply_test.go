package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// TestReplyAssignsTheUnassigned: only if asked to, and to the author.
func TestReplyAssignsTheUnassigned(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	at := "/conversations/" + token
	assignee := func() any {
		return object(t, s.Want(200, agent, "GET", "/inbox/"+token, ""), "conversation")["assigneeId"]
	}
	s.Want(201, person(3, identity.Agent), "POST", at+"/messages", `{"content":"One."}`)
	if got := assignee(); got != nil {
		t.Errorf("assigned to %v without being asked to", got)
	}
	s.Want(201, person(3, identity.Agent), "POST", at+"/messages", `{"content":"Two.","assign":true}`)
	if got := assignee(); got != 3. {
		t.Errorf("assigned to %v", got)
	}
	s.Want(201, agent, "POST", at+"/messages", `{"content":"Three.","assign":true,"authorId":4}`)
	if got := assignee(); got != 3. {
		t.Errorf("taken from its assignee, for %v", got)
	}
	if got := s.Refused(400, agent, "POST", at+"/messages", `{"content":"Four.","assign":true}`); got !=
		"validation_failed assign" {
		t.Error(got)
	}
}

// TestReplyComparesMessages: an answer of an agent that the author hasn't read refuses the reply, a visitor's message
// doesn't, and neither does the reply itself, sent again.
func TestReplyComparesMessages(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	post := "/conversations/" + token + "/messages"
	first := s.Want(200, agent, "GET", "/conversations/"+token, "")["messages"].([]any)[0].(map[string]any)["id"].(float64)
	reply := fmt.Sprintf(`{"content":"Mine.","ifLast":%.0f,"clientMessageId":"k"}`, first)
	s.Want(201, visitor(7), "POST", "/visitor"+post, `{"content":"Hello?"}`)
	mine := s.Want(201, agent, "POST", post, reply)
	if again := s.Want(200, agent, "POST", post, reply); again["id"] != mine["id"] {
		t.Errorf("sent again: %v, and not %v", again["id"], mine["id"])
	}
	other := fmt.Sprintf(`{"content":"Mine too.","ifLast":%.0f}`, first)
	if got := s.Refused(409, agent, "POST", post, other); got != "newer_message" {
		t.Error(got)
	}
	s.Want(201, visitor(7), "POST", "/visitor"+post, `{"content":"Thanks"}`)
	if got := s.Refused(409, agent, "POST", post, other); got != "newer_message" {
		t.Errorf("behind a visitor's message: %s", got)
	}
	s.Want(201, agent, "POST", post, fmt.Sprintf(`{"content":"I have read it.","ifLast":%.0f}`, mine["id"]))
	if got := s.Refused(400, agent, "POST", post, `{"content":"x","ifLast":-1}`); got != "validation_failed ifLast" {
		t.Error(got)
	}
	s.Refused(404, agent, "POST", "/conversations/conv_none/messages", `{"content":"x","ifLast":1}`)
}

// TestBulkChangesEachOrNone: a conversation that can't be changed stays as it was, and the others are changed.
func TestBulkChangesEachOrNone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	one, two, closed := s.conversation(t), s.conversation(t), s.conversation(t)
	s.Want(200, agent, "PATCH", "/conversations/"+closed, `{"status":"CLOSED"}`)
	change := func(change string, tokens ...string) (codes []any) {
		t.Helper()
		body := `{"tokens":[`
		for i, token := range tokens {
			if i > 0 {
				body += ","
			}
			body += `"` + token + `"`
		}
		for _, r := range s.Want(200, agent, "PATCH", "/inbox", body+`],"change":`+change+`}`)["data"].([]any) {
			var code any
			if failed, is := r.(map[string]any)["error"].(map[string]any); is {
				code = failed["code"]
			}
			codes = append(codes, code)
		}
		return codes
	}
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	snooze := `{"snoozedUntil":"` + until + `","addTags":["later"],"assigneeId":3}`
	if got := change(snooze, one, "conv_none", closed, two, one); fmt.Sprint(got) !=
		"[<nil> not_found conversation_closed <nil>]" {
		t.Errorf("%v", got)
	}
	for token, snoozed := range map[string]bool{one: true, two: true, closed: false} {
		row := s.Want(200, agent, "GET", "/inbox/"+token, "")
		c := object(t, row, "conversation")
		if (row["snoozedUntil"] != nil) != snoozed || (len(c["tags"].([]any)) == 1) != snoozed ||
			(c["assigneeId"] == 3.) != snoozed {
			t.Errorf("%s: %v", token, row)
		}
	}
	if got := change(`{"status":"CLOSED","removeTags":["later"],"assigneeId":null}`, one); fmt.Sprint(got) != "[<nil>]" {
		t.Errorf("%v", got)
	}
	if c := object(t, s.Want(200, agent, "GET", "/inbox/"+one, ""), "conversation"); c["status"] != "CLOSED" ||
		c["assigneeId"] != nil || len(c["tags"].([]any)) != 0 {
		t.Errorf("%v", c)
	}
	if got := s.Want(200, apitest.Token(2, identity.ReadWrite), "PATCH", "/inbox",
		`{"tokens":["`+two+`"],"change":{"spam":true}}`); fmt.Sprint(got["data"]) !=
		"[map[error:map[code:not_found message:conversation not found] token:"+two+"]]" {
		t.Errorf("another website's: %v", got)
	}
	ofTwo := `{"tokens":["` + two + `"],"change":`
	for body, want := range map[string]string{
		`{"tokens":[],"change":{}}`:                                       "validation_failed tokens",
		`{"tokens":["` + strings.Repeat(`x","`, 100) + `x"],"change":{}}`: "validation_failed tokens",
		`{"tokens":["` + strings.Repeat("x", 129) + `"],"change":{}}`:     "validation_failed tokens",
		`{"tokens":["` + two + `"]}`:                                      "validation_failed change",
		ofTwo + `{"status":"DONE"}}`:                                      "validation_failed change.status",
		ofTwo + `{"snoozedUntil":"2040-01-01T00:00:00Z"}}`:                "validation_failed change.snoozedUntil",
	} {
		if got := s.Refused(400, agent, "PATCH", "/inbox", body); got != want {
			t.Errorf("%.80s is refused with %s", body, got)
		}
	}
	s.accounts.Says(apitest.JSON(200, `[]`)) // the agent doesn't exist
	if got := s.Refused(400, agent, "PATCH", "/inbox", `{"tokens":["`+two+`"],"change":{"assigneeId":99}}`); got !=
		"validation_failed change.assigneeId" {
		t.Error(got)
	}
	s.Refused(403, apitest.Token(1, identity.Read), "PATCH", "/inbox", `{"tokens":["`+two+`"],"change":{}}`)
}

// TestReplyChangesTheConversation: the message and the change are stored together, or neither is.
func TestReplyChangesTheConversation(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	post := "/conversations/" + token + "/messages"
	state := func() (map[string]any, int) {
		row := s.Want(200, agent, "GET", "/inbox/"+token, "")
		return object(t, row, "conversation"), len(s.Want(200, agent, "GET", post, "")["messages"].([]any))
	}
	reply := `{"content":"Done.","clientMessageId":"k","change":{"status":"CLOSED","assigneeId":3,"addTags":["refund"]}}`
	s.Want(201, agent, "POST", post, reply)
	c, messages := state()
	if c["status"] != "CLOSED" || c["assigneeId"] != 3. || fmt.Sprint(c["tags"]) != "[refund]" || messages != 2 {
		t.Errorf("%v, %d messages", c, messages)
	}
	s.Want(201, agent, "POST", post, `{"content":"One more thing.","change":{"status":null,"spam":null}}`) // opens it
	// The same message, whose change was made.
	s.Want(200, agent, "POST", post, reply)
	if c, messages := state(); c["status"] != "OPEN" || messages != 3 {
		t.Errorf("after a repetition: %v, %d messages", c, messages)
	}
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	closedAndSnoozed := `{"content":"x","change":{"status":"CLOSED","snoozedUntil":"` + until + `"}}`
	if got := s.Refused(409, agent, "POST", post, closedAndSnoozed); got != "conversation_closed" {
		t.Error(got)
	}
	for change, want := range map[string]string{
		`{"status":"DONE"}`:                       "validation_failed change.status",
		`{"addTags":[""]}`:                        "validation_failed change.addTags",
		`{"snoozedUntil":"2040-01-01T00:00:00Z"}`: "validation_failed change.snoozedUntil",
	} {
		if got := s.Refused(400, agent, "POST", post, `{"content":"x","change":`+change+`}`); got != want {
			t.Errorf("%s is refused with %s", change, got)
		}
	}
	if c, messages := state(); c["status"] != "OPEN" || messages != 3 {
		t.Errorf("after refusals: %v, %d messages", c, messages)
	}
}
