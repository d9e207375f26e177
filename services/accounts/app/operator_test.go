package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/accounts/app"
	"fivechat.dev/services/internal/apitest"
)

// withSiblings starts the service and its task, with one fake in place of all other services.
func withSiblings(t *testing.T) system {
	t.Helper()
	siblings := apitest.NewFake(t, sibling)
	unit, err := app.New(t.Context(), app.Config{
		Config:           apitest.Config(t),
		WidgetsURL:       siblings.URL,
		VisitorsURL:      siblings.URL + "/visitors",
		ConversationsURL: siblings.URL + "/conversations",
		TicketsURL:       siblings.URL + "/tickets",
		StatisticsURL:    siblings.URL + "/statistics",
		WebhooksURL:      siblings.URL + "/webhooks",
		WorkspaceURL:     siblings.URL + "/workspace",
		MailURL:          siblings.URL + "/mail",
		FilesURL:         siblings.URL + "/files",
	})
	s := system{apitest.Serve(t, unit, err), siblings}
	ctx, cancel := context.WithCancel(t.Context())
	var tasks sync.WaitGroup
	for _, task := range unit.Tasks {
		tasks.Go(func() { _ = task.Run(ctx) })
	}
	t.Cleanup(tasks.Wait) // before the store closes
	t.Cleanup(cancel)
	return s
}

// sibling has the visitor vis_a, id 17, with two rows on two pages in conversations.
func sibling(w http.ResponseWriter, r *http.Request) {
	answer := `{"rows":[],"next":"","more":false}`
	switch {
	case strings.HasPrefix(r.URL.Path, "/internal/widgets"):
		answer = `{"websiteClientToken":"wgt_x"}`
	case r.URL.Path == "/visitors/internal/visitors/by-token/vis_a":
		answer = `{"id":17}`
	case strings.Contains(r.URL.Path, "by-token"):
		apitest.Problem(fault.Missing("visitor"))(w, r)
		return
	case r.Method == "GET" && strings.HasPrefix(r.URL.Path, "/conversations/"):
		if answer = `{"rows":[{"kind":"message","id":1}],"next":"2"}`; r.URL.Query().Get("after") == "2" {
			answer = `{"rows":[{"kind":"message","id":2}],"next":""}`
		}
	}
	apitest.JSON(200, answer)(w, r)
}

func (s system) erasure(id any) map[string]any {
	return s.Want(200, apitest.Operator, "GET", fmt.Sprintf("/operator/erasures/%v", id), "")
}

func TestErasureCallsEveryService(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	id := s.website("PRO")
	path := fmt.Sprintf("/operator/websites/%d", id)
	s.Want(201, apitest.Operator, "POST", path+"/users", `{"name":"Ann","email":"ann@example.com"}`)
	made := s.Want(201, apitest.Operator, "POST", path+"/tokens", `{"name":"ci","level":"READ"}`)

	e := s.Want(202, apitest.Operator, "DELETE", path+"/visitors/vis_a", "")
	if e["visitorId"] != 17.0 || e["websiteId"] != float64(id) || len(e) != 9 {
		t.Errorf("%v", e)
	}
	for e["status"] != "SETTLING" {
		e = s.erasure(e["id"])
	}
	s.Refused(404, apitest.Operator, "DELETE", path+"/visitors/vis_b", "")

	e = s.Want(202, apitest.Operator, "DELETE", path, "")
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/tokens/"+identity.HashSecret(made["token"].(string)), "")
	s.Refused(404, apitest.Sibling(0), "GET", fmt.Sprintf("/internal/websites/%d/limits", id), "")
	for e["status"] != "SETTLING" {
		e = s.erasure(e["id"])
	}
	if users := s.Want(200, reader(id), "GET", "/users", ""); users["total"] != 0.0 {
		t.Errorf("users are left: %v", users)
	}
	asked := strings.Join(s.widgets.Asked(), "\n")
	for _, at := range []string{"", "/visitors", "/conversations", "/tickets", "/statistics", "/webhooks", "/mail"} {
		for _, what := range []string{"/internal/visitor-data/17", "/internal/website-data"} {
			if want := fmt.Sprintf("DELETE %s%s %d", at, what, id); strings.Count(asked+"\n", want+"\n") != 1 {
				t.Errorf("not asked once for %s:\n%s", want, asked)
			}
		}
	}
}

func TestFailedErasureReportsTheReason(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	path := fmt.Sprintf("/operator/websites/%d", s.website("PRO"))
	s.widgets.Says(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/tickets/") {
			apitest.Problem(fault.Away("the store", nil))(w, r)
			return
		}
		sibling(w, r)
	})
	e := s.Want(202, apitest.Operator, "DELETE", path, "")
	for e["failure"] == nil {
		e = s.erasure(e["id"])
	}
	if want := []any{
		"tickets", "statistics", "webhooks", "workspace", "mail", "files", "the files of the store",
		"accounts",
	}; e["status"] != "RUNNING" || !reflect.DeepEqual(e["remaining"], want) {
		t.Errorf("%v", e)
	}
}

func TestExportContainsRowsOfAllServices(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	path := fmt.Sprintf("/operator/websites/%d", s.website("PRO"))
	s.Want(201, apitest.Operator, "POST", path+"/users", `{"name":"Ann","email":"ann@example.com"}`)
	made := s.Want(201, apitest.Operator, "POST", path+"/tokens", `{"name":"ci","level":"READ"}`)
	for _, c := range []struct {
		path  string
		kinds string
	}{
		{path + "/export", "website user token audit audit audit audit message message end"},
		{path + "/visitors/vis_a/export", "message message end"},
	} {
		a := s.Do(apitest.Operator, "GET", c.path, "")
		var kinds []string
		for line := range strings.Lines(a.Body) {
			var row struct {
				Kind string
				Rows int
			}
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			if kinds = append(kinds, row.Kind); row.Kind == "end" && row.Rows != len(kinds)-1 {
				t.Errorf("%s: the end counts %d", c.path, row.Rows)
			}
		}
		if got := strings.Join(kinds, " "); a.Status != 200 || got != c.kinds {
			t.Errorf("%s: %d %s, want %s", c.path, a.Status, got, c.kinds)
		}
		if strings.Contains(a.Body, identity.HashSecret(made["token"].(string))) {
			t.Error("the export holds a token's hash")
		}
	}
	for at, status := range map[string]int{
		"/operator/websites/999/export": 404, "/operator/websites/x/export": 400,
		path + "/visitors/vis_b/export": 404,
	} {
		s.Refused(status, apitest.Operator, "GET", at, "")
	}
	s.Refused(401, apitest.Sibling(1), "GET", path+"/export", "")
}

// TestFailedExportHasNoEndLine: an export that fails before its first row is refused with a problem; one that fails
// later is aborted.
func TestFailedExportHasNoEndLine(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	path := fmt.Sprintf("/operator/websites/%d", s.website("PRO"))
	s.widgets.Says(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "-data") || strings.Contains(r.URL.Path, "-data/") {
			apitest.Problem(fault.Away("the store", nil))(w, r)
			return
		}
		sibling(w, r)
	})
	a := s.Broken(apitest.Operator, "GET", path+"/export")
	if !strings.Contains(a.Body, `"kind":"website"`) || strings.Contains(a.Body, `"kind":"end"`) {
		t.Errorf("%+v", a)
	}
}

func TestWebsitePatchChangesPlanAndLimits(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	id := s.website("FREE")
	path, limits := fmt.Sprintf("/operator/websites/%d", id), fmt.Sprintf("/internal/websites/%d/limits", id)
	want := func(plan string, quotas map[string]any) {
		t.Helper()
		if got := s.Want(200, apitest.Sibling(0), "GET", limits, ""); !reflect.DeepEqual(got,
			map[string]any{"websiteId": float64(id), "plan": plan, "quotas": quotas}) {
			t.Errorf("%v", got)
		}
	}
	want("FREE", map[string]any{})
	w := s.Want(200, apitest.Operator, "PATCH", path,
		`{"name":"Store","plan":"PRO","quotas":{"read":{"requests":600,"seconds":60},"import":{"requests":5,"seconds":1}}}`)
	if got := s.Want(200, apitest.Operator, "GET", path, ""); w["name"] != "Store" || !reflect.DeepEqual(got, w) {
		t.Errorf("%v, %v", w, got)
	}
	read := map[string]any{"requests": 600.0, "seconds": 60.0}
	want("PRO", map[string]any{"read": read, "import": map[string]any{"requests": 5.0, "seconds": 1.0}})
	s.Want(200, apitest.Operator, "PATCH", path, `{"quotas":{"import":null}}`)
	want("PRO", map[string]any{"read": read})
	s.Want(200, apitest.Operator, "PATCH", path, `{"quotas":null}`)
	want("PRO", map[string]any{})
	for body, said := range map[string]string{
		`{"quotas":{"all":{"requests":1,"seconds":1}}}`:        "validation_failed quotas.all",
		`{"quotas":{"read":{"requests":0,"seconds":1}}}`:       "validation_failed quotas.read.requests",
		`{"quotas":{"read":{"requests":1,"seconds":"x"}}}`:     "validation_failed quotas.read.seconds",
		`{"quotas":{"read":{"requests":1,"seconds":1,"x":1}}}`: "validation_failed quotas.read.x",
		`{"plan":"GOLD"}`:     "validation_failed plan",
		`{"clientToken":"x"}`: "validation_failed clientToken",
	} {
		if got := s.Refused(400, apitest.Operator, "PATCH", path, body); got != said {
			t.Errorf("%s: %s, want %s", body, got, said)
		}
	}
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		s.Refused(404, apitest.Operator, method, "/operator/websites/999", "")
	}
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/websites/999/limits", "")
}

func TestOperatorManagesUsersOfWebsite(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	id, other := s.website("FREE"), s.website("FREE")
	users := fmt.Sprintf("/operator/websites/%d/users", id)
	u := s.Want(201, apitest.Operator, "POST", users, `{"name":"Ann","email":"ann@example.com"}`)
	one := fmt.Sprintf("%s/%v", users, u["id"])
	if got := s.Want(200, apitest.Operator, "PATCH", one, `{"name":"Anna"}`); got["name"] != "Anna" ||
		got["email"] != "ann@example.com" {
		t.Errorf("%v", got)
	}
	if page := s.Want(200, apitest.Operator, "GET", users, ""); page["total"] != 1.0 {
		t.Errorf("%v", page)
	}
	elsewhere := fmt.Sprintf("/operator/websites/%d/users/%v", other, u["id"])
	s.Refused(404, apitest.Operator, "PATCH", elsewhere, `{"name":"Eve"}`)
	s.Refused(404, apitest.Operator, "DELETE", elsewhere, "")
	if got := s.Want(200, apitest.Operator, "DELETE", one, ""); got["deleted"] != true {
		t.Errorf("%v", got)
	}
	s.Refused(404, apitest.Operator, "DELETE", one, "")
}

func TestChangesAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	id, other := s.website("FREE"), s.website("FREE")
	agent := writer(id)
	agent.TokenID = 12
	header := []string{httpkit.RequestIDHeader, "req-7", httpkit.ForwardedForHeader, "192.0.2.9"}
	u := s.Want(201, agent, "POST", "/users", `{"name":"Ann","email":"ann@example.com"}`, header...)
	s.Want(200, agent, "PATCH", fmt.Sprintf("/users/%v", u["id"]), `{"name":"Anna"}`)
	s.Refused(409, agent, "POST", "/users", `{"name":"Ann","email":"ann@example.com"}`)
	s.Want(200, agent, "DELETE", fmt.Sprintf("/users/%v", u["id"]), "")
	s.Want(200, apitest.Operator, "PATCH", fmt.Sprintf("/operator/websites/%d", id),
		`{"quotas":{"read":{"requests":1,"seconds":2}}}`)

	list := fmt.Sprintf("/operator/audit?websiteId=%d&limit=2", id)
	var rows []map[string]any
	for at := list; ; {
		page := s.Want(200, apitest.Operator, "GET", at, "")
		for _, row := range page["data"].([]any) {
			rows = append(rows, row.(map[string]any))
		}
		next, more := page["nextCursor"].(string)
		if !more {
			break
		}
		at = list + "&cursor=" + next
	}
	said := ""
	for _, r := range rows {
		said += fmt.Sprintf("%v %v %v %v %v\n", r["actor"], r["action"], r["objectKind"], r["before"], r["after"])
	}
	if want := `operator website.update website map[quotas:map[]] map[quotas:map[read:1/2]]
token:12 user.delete user map[avatarUrl:<nil> email:ann@example.com language:en name:Anna theme:system] map[]
token:12 user.update user map[name:Ann] map[name:Anna]
token:12 user.create user map[] map[avatarUrl:<nil> email:ann@example.com language:en name:Ann theme:system]
operator website.create website map[] map[clientToken:wgt_x name:Shop organization:Shop plan:FREE quotas:map[]` +
		` storageLimit:0 url:https://shop.example]
`; said != want {
		t.Errorf("%s\nwant\n%s", said, want)
	}
	if made := rows[3]; made["requestId"] != "req-7" || made["address"] != "192.0.2.9" ||
		made["objectId"] != fmt.Sprint(u["id"]) || made["websiteId"] != float64(id) || len(made) != 11 {
		t.Errorf("%v", made)
	}
	since := s.Want(200, apitest.Operator, "GET",
		"/operator/audit?since="+rows[1]["at"].(string)+fmt.Sprintf("&websiteId=%d", id), "")
	if n := since["total"].(float64); n < 2 || n > 5 {
		t.Errorf("since the last but one: %v", since)
	}
	if all := s.Want(200, apitest.Operator, "GET", "/operator/audit", ""); all["total"] != 6.0 {
		t.Errorf("of all websites, %d among them: %v", other, all)
	}
	if none := s.Want(200, apitest.Operator, "GET", "/operator/audit?since=2999-01-01T00:00:00Z",
		""); none["total"] != 0.0 {
		t.Errorf("since a time to come: %v", none)
	}
	for query, field := range map[string]string{
		"since=yesterday": "since", "websiteId=x": "websiteId",
		"cursor=x": "cursor",
	} {
		if got := s.Refused(400, apitest.Operator, "GET", "/operator/audit?"+query, ""); got != "validation_failed "+field {
			t.Errorf("%s: %s", query, got)
		}
	}
	s.Refused(401, reader(id), "GET", "/operator/audit", "")
}

func TestRotatedTokenKeepsTheOverlap(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	path := fmt.Sprintf("/operator/websites/%d/tokens", s.website("PRO"))
	made := s.Want(201, apitest.Operator, "POST", path, `{"name":"ci","level":"WRITE"}`)
	one := fmt.Sprintf("%s/%v", path, made["id"])
	next := s.Want(201, apitest.Operator, "POST", one+"/rotate", "")
	if next["name"] != "ci" || next["level"] != "WRITE" || next["expiresAt"] != nil ||
		!identity.WellFormed(next["token"].(string)) || next["createdBy"] != "operator" {
		t.Errorf("%v", next)
	}
	old := s.Want(200, apitest.Sibling(0), "GET", "/internal/tokens/"+identity.HashSecret(made["token"].(string)), "")
	if old["expiresAt"] == nil ||
		s.Want(200, apitest.Sibling(0), "GET", "/internal/tokens/"+identity.HashSecret(next["token"].(string)),
			"")["expiresAt"] != nil {
		t.Errorf("%v", old)
	}
	s.Want(201, apitest.Operator, "POST", one+"/rotate", `{"overlapSeconds":0}`)
	s.Refused(404, apitest.Sibling(0), "GET", "/internal/tokens/"+identity.HashSecret(made["token"].(string)), "")
	if said := s.Refused(409, apitest.Operator, "POST", one+"/rotate", ""); said != "token_expired" {
		t.Error(said)
	}
	for body, field := range map[string]string{
		`{"overlapSeconds":-1}`:                  "overlapSeconds",
		`{"overlapSeconds":9223372036854775807}`: "overlapSeconds", `{"overlapSeconds":"1h"}`: "overlapSeconds",
		`{"level":"READ"}`: "level",
	} {
		if got := s.Refused(400, apitest.Operator, "POST", fmt.Sprintf("%s/%v/rotate", path, next["id"]),
			body); got != "validation_failed "+field {
			t.Errorf("%s: %s", body, got)
		}
	}
	again := fmt.Sprintf("%s/%v", path, next["id"])
	if got := s.Want(200, apitest.Operator, "PATCH", again,
		`{"name":"cd","expiresAt":"2999-01-01T00:00:00Z"}`); got["name"] != "cd" ||
		got["expiresAt"] != "2999-01-01T00:00:00.000Z" || got["token"] != nil {
		t.Errorf("%v", got)
	}
	if got := s.Refused(400, apitest.Operator, "PATCH", again,
		`{"expiresAt":"2001-01-01T00:00:00Z"}`); got != "validation_failed expiresAt" {
		t.Error(got)
	}
	s.Refused(404, apitest.Operator, "PATCH", path+"/999", `{}`)
	s.Refused(404, apitest.Operator, "POST", path+"/999/rotate", "")
}
