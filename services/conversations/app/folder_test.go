package app_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// rows returns the tokens of the inbox's rows.
func (s system) rows(t *testing.T, of identity.Principal, query string) (tokens []string) {
	t.Helper()
	for _, row := range s.Want(200, of, "GET", "/inbox"+query, "")["data"].([]any) {
		tokens = append(tokens, object(t, row.(map[string]any), "conversation")["token"].(string))
	}
	return tokens
}

// TestSnoozedAndSpamAreViews follows two conversations through the lists.
func TestSnoozedAndSpamAreViews(t *testing.T) {
	t.Parallel()
	s := serve(t)
	one, two := s.conversation(t), s.conversation(t)
	is := func(query string, want ...string) {
		t.Helper()
		if got := s.rows(t, agent, query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s lists %v, and not %v", query, got, want)
		}
	}
	until := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	patched := s.Want(200, agent, "PATCH", "/conversations/"+one, `{"snoozedUntil":"`+until+`"}`)
	if _, shown := patched["snoozedUntil"]; shown {
		t.Errorf("the documented conversation has %v", patched)
	}
	is("?status=OPEN&snoozed=false", two)
	is("?snoozed=true", one)
	is("", two, one)
	is("?sort=waiting", one, two)
	if row := s.Want(200, agent, "GET", "/inbox/"+one, ""); row["snoozedUntil"] != until || row["spam"] != false {
		t.Errorf("%v", row)
	}
	s.Want(201, visitor(7), "POST", "/visitor/conversations/"+one+"/messages", `{"content":"Hello?"}`)
	is("?snoozed=true")
	s.Want(200, agent, "PATCH", "/conversations/"+two, `{"spam":true}`)
	counts := s.Want(200, person(3, identity.Agent), "GET", "/inbox/counts", "")
	if counts["mine"] != 0. || counts["open"] != 1. || counts["waiting"] != 1. || counts["spam"] != 1. ||
		counts["closed"] != 0. || counts["snoozed"] != 0. || counts["unassigned"] != 1. {
		t.Errorf("%v", counts)
	}
	is("", one)
	is("?status=CLOSED")
	is("?spam=true", two)
	s.Want(201, visitor(7), "POST", "/visitor/conversations/"+two+"/messages", `{"content":"Buy!"}`)
	again := s.Want(201, visitor(7), "POST", "/visitor/conversations", `{"content":"Buy!","continue":true}`)
	if object(t, again, "conversation")["token"] != two {
		t.Errorf("a message to spam opened another conversation: %v", again)
	}
	is("", one)
	if row := s.Want(200, agent, "GET", "/inbox/"+two, ""); row["spam"] != true || row["waitingSince"] != nil {
		t.Errorf("%v", row)
	}
	s.Want(200, agent, "PATCH", "/conversations/"+two, `{"spam":false}`)
	is("?status=OPEN", two, one)
	s.Want(200, agent, "PATCH", "/conversations/"+two, `{"status":"CLOSED"}`)
	if got := s.Refused(409, agent, "PATCH", "/conversations/"+two, `{"snoozedUntil":"`+until+`"}`); got !=
		"conversation_closed" {
		t.Error(got)
	}
	for body, want := range map[string]string{
		`{"snoozedUntil":"2020-01-01T00:00:00Z"}`: "validation_failed snoozedUntil",
		`{"snoozedUntil":"tomorrow"}`:             "validation_failed snoozedUntil",
		`{"spam":null}`:                           "validation_failed spam",
		`{"spam":"yes"}`:                          "validation_failed spam",
	} {
		if got := s.Refused(400, agent, "PATCH", "/conversations/"+one, body); got != want {
			t.Errorf("%s is refused with %s", body, got)
		}
	}
}

// TestInboxSortsAndFilters: a cursor belongs to its order, and me is the person who calls.
func TestInboxSortsAndFilters(t *testing.T) {
	t.Parallel()
	s := serve(t)
	one, two := s.conversation(t), s.conversation(t)
	s.Want(200, agent, "PATCH", "/conversations/"+one, `{"assigneeId":3,"tags":["refund"]}`)
	for query, want := range map[string][]string{
		"?sort=oldest":   {one, two},
		"?sort=newest":   {two, one},
		"?assigneeId=me": {one},
		"?search=" + url.QueryEscape("assignee:me atlas"):   {one},
		"?assigneeId=me,none&sort=waiting":                  {one, two},
		"?tag=refund":                                       {one},
		"?tag=refund,other&waiting=true":                    {one},
		"?tag=other":                                        nil,
		"?waiting=false":                                    nil,
		"?waiting=false&sort=waiting":                       nil,
		"?createdBefore=2020-01-01T00:00:00Z":               nil,
		"?createdFrom=2020-01-01T00:00:00Z&sort=oldest":     {one, two},
		"?updatedSince=2020-01-01T00:00:00Z&waiting=true":   nil, // changes of the last 30 seconds aren't listed yet
		"?createdFrom=2020-01-01T00:00:00Z&assigneeId=none": {two},
	} {
		if got := s.rows(t, person(3, identity.Agent), query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s lists %v, and not %v", query, got, want)
		}
	}
	cursor := s.Want(200, agent, "GET", "/inbox?sort=oldest&limit=1", "")["nextCursor"].(string)
	if got := s.rows(t, agent, "?sort=oldest&cursor="+cursor); fmt.Sprint(got) != fmt.Sprint([]string{two}) {
		t.Errorf("behind the oldest: %v", got)
	}
	for query, want := range map[string]string{
		"?cursor=" + cursor:                                   "validation_failed cursor",
		"?sort=waiting&cursor=" + cursor:                      "validation_failed cursor",
		"?sort=unread":                                        "validation_failed sort",
		"?sort=oldest&updatedSince=2020-01-01T00:00:00Z":      "validation_failed sort",
		"?waiting=perhaps":                                    "validation_failed waiting",
		"?createdFrom=yesterday":                              "validation_failed createdFrom",
		"?assigneeId=me":                                      "validation_failed assigneeId",
		"?search=assignee:me":                                 "validation_failed search",
		"?updatedSince=2020-01-01T00:00:00Z&cursor=" + cursor: "validation_failed cursor",
	} {
		if got := s.Refused(400, agent, "GET", "/inbox"+query, ""); got != want {
			t.Errorf("%s is refused with %s", query, got)
		}
	}
	s.Refused(400, agent, "GET", "/conversations?cursor="+cursor, "")
	s.Refused(403, apitest.Token(1, identity.Write), "GET", "/inbox?sort=waiting", "")
}
