package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"fivechat.dev/services/internal/apitest"
)

// withTeams lets accounts have the teams 4 and 5, beside its agent.
func (s system) withTeams() {
	users := apitest.JSON(200, agentView)
	teams := apitest.JSON(200, `{"data":[{"id":4,"members":[3]},{"id":5,"members":[]}]}`)
	s.accounts.Says(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/internal/teams" {
			teams(w, r)
			return
		}
		users(w, r)
	})
}

// TestConversationsBelongToTeams: by a change, a bulk change and an answer. The inbox is filtered by teams, and
// visitors see nothing of them.
func TestConversationsBelongToTeams(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.withTeams()
	one, two, three := s.conversation(t), s.conversation(t), s.conversation(t)
	patched := s.Want(200, agent, "PATCH", "/conversations/"+one, `{"teamId":4}`)
	if _, shown := patched["teamId"]; shown {
		t.Errorf("the documented conversation has %v", patched)
	}
	s.Want(200, agent, "PATCH", "/inbox", `{"tokens":["`+two+`"],"change":{"teamId":5}}`)
	s.Want(201, agent, "POST", "/conversations/"+three+"/messages", `{"content":"Hello","change":{"teamId":4}}`)
	is := func(query string, want ...string) {
		t.Helper()
		if got := s.rows(t, agent, query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s lists %v, and not %v", query, got, want)
		}
	}
	is("?teamId=4", three, one)
	is("?teamId=5,none", two)
	is("?teamId=4,5&sort=oldest", one, two, three)
	is("?search=team:4", three, one)
	is("?search=team:none")
	is("?teamId=99")
	if row := s.Want(200, agent, "GET", "/inbox/"+one, ""); row["teamId"] != 4. {
		t.Errorf("%v", row)
	}
	s.Want(200, agent, "PATCH", "/conversations/"+one, `{"teamId":null}`)
	is("?teamId=none", one)
	for path, want := range map[string]string{
		"/inbox?teamId=me": "validation_failed teamId", "/inbox?search=team:x": "validation_failed search",
	} {
		if got := s.Refused(400, agent, "GET", path, ""); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// TestUnknownTeamsAreRefused: also those of another website. A conversation that doesn't exist is reported first.
func TestUnknownTeamsAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.withTeams()
	token := s.conversation(t)
	for _, c := range []struct {
		status             int
		method, path, body string
		code               string
	}{
		{400, "PATCH", "/conversations/" + token, `{"teamId":99,"status":"CLOSED"}`, "validation_failed teamId"},
		{400, "PATCH", "/conversations/" + token, `{"teamId":"4"}`, "validation_failed teamId"},
		{404, "PATCH", "/conversations/conv_none", `{"teamId":99}`, "not_found"},
		{
			400, "PATCH", "/inbox", `{"tokens":["` + token + `"],"change":{"teamId":99}}`,
			"validation_failed change.teamId",
		},
		{
			400, "POST", "/conversations/" + token + "/messages", `{"content":"x","change":{"teamId":99}}`,
			"validation_failed change.teamId",
		},
	} {
		if got := s.Refused(c.status, agent, c.method, c.path, c.body); got != c.code {
			t.Errorf("%s %s %s: %s, want %s", c.method, c.path, c.body, got, c.code)
		}
	}
	if row := s.Want(200, agent, "GET", "/inbox/"+token, ""); row["teamId"] != nil ||
		object(t, row, "conversation")["status"] != "OPEN" {
		t.Errorf("%v", row)
	}
}
