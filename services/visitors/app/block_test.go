package app_test

import (
	"reflect"
	"slices"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// TestVisitorIsBlockedAndUnblocked: a repeated block keeps its time and changes nothing.
func TestVisitorIsBlockedAndUnblocked(t *testing.T) {
	t.Parallel()
	s := start(t)
	v, other := s.session(1, `{"clientToken":"site"}`), s.session(1, `{"clientToken":"site"}`)
	at, ada := path(v)+"/block", person(3, identity.Agent)
	isBlocked := func() any {
		return s.Want(200, apitest.Sibling(1), "GET", "/internal/visitor-tokens/"+v["token"].(string), "")["blocked"]
	}
	list := func(query string) (ids []any) {
		for _, row := range s.Want(200, reader(1), "GET", "/visitors/rows?sort=oldest&"+query, "")["data"].([]any) {
			ids = append(ids, row.(map[string]any)["id"])
		}
		return ids
	}
	if isBlocked() != nil {
		t.Error("blocked from the start")
	}
	blocked := s.Want(200, ada, "PUT", at, "")
	if blocked["blockedAt"] == nil || isBlocked() != true {
		t.Errorf("%v", blocked)
	}
	if again := s.Want(200, agent(1), "PUT", at, ""); !reflect.DeepEqual(again, blocked) {
		t.Errorf("repeated: %v, want %v", again, blocked)
	}
	if yes, no := list("blocked=true"), list("blocked=false"); !slices.Equal(yes, []any{v["id"]}) ||
		!slices.Equal(no, []any{other["id"]}) {
		t.Errorf("blocked are %v, and not %v", yes, no)
	}
	for range 2 {
		if got := s.Want(200, ada, "DELETE", at, ""); got["blockedAt"] != nil || isBlocked() != nil {
			t.Errorf("%v", got)
		}
	}
	if written := s.Want(200, writer(1), "PUT", at, ""); written["blockedAt"] != nil || written["context"] != "{}" {
		t.Errorf("a token that may not read sees %v", written)
	}
}

func TestBlockIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := path(s.session(1, `{"clientToken":"site"}`)) + "/block"
	for _, method := range []string{"PUT", "DELETE"} {
		s.Refused(403, person(3, identity.Viewer), method, at, "")
		s.Refused(403, reader(1), method, at, "")
		s.Refused(401, apitest.Public, method, at, "")
		s.Refused(404, agent(2), method, at, "")
		s.Refused(404, agent(1), method, "/visitors/vis_none/block", "")
		s.Refused(400, agent(1), method, "/visitors/none/block", "")
	}
}
