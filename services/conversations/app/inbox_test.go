package app_test

import (
	"strings"
	"testing"
)

// object is a part of a JSON response.
func object(t *testing.T, in map[string]any, name string) map[string]any {
	t.Helper()
	found, is := in[name].(map[string]any)
	if !is {
		t.Fatalf("%s isn't an object in %v", name, in)
	}
	return found
}

// inboxRow returns the only row of the inbox.
func (s system) inboxRow(t *testing.T, query string) map[string]any {
	t.Helper()
	rows := s.Want(200, agent, "GET", "/inbox"+query, "")["data"].([]any)
	if len(rows) != 1 {
		t.Fatalf("%s: %d rows", query, len(rows))
	}
	return rows[0].(map[string]any)
}

// TestInboxShowsWhatWaits follows the row of a conversation from the first message to the rating.
func TestInboxShowsWhatWaits(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	at := "/conversations/" + token
	row := s.inboxRow(t, "")
	since := row["waitingSince"]
	if row["unread"] != 1. || since == nil || row["assignee"] != nil || row["feedback"] != nil ||
		object(t, row, "visitor")["name"] != "Calm Otter" ||
		object(t, row, "lastMessage")["content"] != "Is the atlas in stock?" {
		t.Fatalf("a first message: %v", row)
	}
	long := "  Two\n\nlines " + strings.Repeat("ä", 200)
	s.Want(201, visitor(7), "POST", "/visitor"+at+"/messages", `{"content":"`+strings.ReplaceAll(long, "\n", `\n`)+`"}`)
	row = s.inboxRow(t, "?status=OPEN")
	text, _ := object(t, row, "lastMessage")["content"].(string)
	if row["unread"] != 2. || row["waitingSince"] != since || len(text) != 240 ||
		!strings.HasPrefix(text, "Two lines ää") {
		t.Errorf("a second message: %v, %d bytes", row, len(text))
	}
	s.Do(agent, "POST", at+"/read", "")
	if row = s.inboxRow(t, ""); row["unread"] != 0. || row["waitingSince"] != since {
		t.Errorf("read: %v", row)
	}
	s.Want(200, agent, "PATCH", at, `{"assigneeId":3}`)
	s.Want(201, agent, "POST", at+"/messages", `{"content":"It is.","authorId":3}`)
	row = s.inboxRow(t, "?assigneeId=3,none")
	last := object(t, row, "lastMessage")
	if row["waitingSince"] != nil || last["senderType"] != "USER" || last["userId"] != 3. ||
		object(t, row, "assignee")["name"] != "Ada" {
		t.Errorf("an answer: %v", row)
	}
	s.Want(201, visitor(7), "POST", "/visitor"+at+"/messages", `{"content":"Thanks"}`)
	if row = s.inboxRow(t, ""); row["waitingSince"] == nil || row["waitingSince"] == since {
		t.Errorf("a message after the answer waits since %v, the first one since %v", row["waitingSince"], since)
	}
	s.Want(200, agent, "PATCH", at, `{"status":"CLOSED"}`)
	if row = s.inboxRow(t, "?status[]=CLOSED"); row["waitingSince"] != nil {
		t.Errorf("a closed conversation waits: %v", row)
	}
	s.Want(200, visitor(7), "POST", at+"/rate", `{"rating":2,"feedback":"Slow."}`)
	row = s.inboxRow(t, "?rating=1,2")
	if row["feedback"] != "Slow." || row["ratedAt"] == nil || object(t, row, "conversation")["rating"] != 2. {
		t.Errorf("rated: %v", row)
	}
	if one := s.Want(200, agent, "GET", "/inbox/"+token, ""); one["feedback"] != "Slow." {
		t.Errorf("by its token: %v", one)
	}
	if rows := s.Want(200, agent, "GET", "/conversations?rating=3,4,5", "")["data"].([]any); len(rows) > 0 {
		t.Errorf("by other ratings: %v", rows)
	}
	for _, wrong := range []string{
		"/inbox?rating=6", "/inbox?rating=all", "/inbox?state=OPEN", "/conversations?assigneeId=x",
	} {
		s.Refused(400, agent, "GET", wrong, "")
	}
	s.Refused(404, agent, "GET", "/inbox/conv_none", "")
}

// TestVisitorsListTheirConversations: visitors see their own conversations only, without what only agents see.
func TestVisitorsListTheirConversations(t *testing.T) {
	t.Parallel()
	s := serve(t)
	first, second := s.conversation(t), s.conversation(t)
	s.Want(200, agent, "PATCH", "/conversations/"+first, `{"summary":"Rude.","tags":["vip"],"status":"CLOSED"}`)
	rows := s.Want(200, visitor(7), "GET", "/visitor/conversations", "")["data"].([]any)
	if len(rows) != 2 {
		t.Fatalf("%v", rows)
	}
	for i, token := range []string{second, first} {
		row := rows[i].(map[string]any)
		c := object(t, row, "conversation")
		if c["token"] != token || c["summary"] != nil || len(c["tags"].([]any)) > 0 ||
			object(t, row, "lastMessage")["content"] != "Is the atlas in stock?" {
			t.Errorf("%d: %v", i, row)
		}
	}
	if others := s.Want(200, visitor(8), "GET", "/visitor/conversations", "")["data"].([]any); len(others) > 0 {
		t.Errorf("another visitor sees %v", others)
	}
}
