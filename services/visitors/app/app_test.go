package app_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/visitors"
	"fivechat.dev/services/visitors/app"
)

// system is the service with fakes of the services that it calls. The client token "site" belongs to website 1.
type system struct {
	*apitest.Service
	widgets, conversations, accounts, statistics *apitest.Fake
	tasks                                        []runner.Task
	secrets                                      map[string]string // of the visitors that session created, by token
}

var (
	noConversation = apitest.Problem(fault.Missing("conversation"))
	ask            = []string{"X-Forwarded-For", "10.0.0.1, 192.0.2.7"}
)

func widget(website int64, enabled bool) string {
	return fmt.Sprintf(`{"websiteId":%d,"widget":{"id":%d,"color":"#fff","chatEnabled":%t,"buttonXPos":1.5}}`, website,
		website, enabled)
}

func start(t *testing.T) system {
	t.Helper()
	s := system{
		secrets: map[string]string{}, widgets: apitest.NewFake(t, apitest.JSON(200, widget(1, true))),
		conversations: apitest.NewFake(t, noConversation),
		accounts:      apitest.NewFake(t, apitest.JSON(200, `{"online":1}`)),
		statistics:    apitest.NewFake(t, apitest.JSON(200, `{"replySeconds":90}`)),
	}
	c := app.Config{
		Config:           apitest.Config(t),
		WidgetsURL:       s.widgets.URL,
		ConversationsURL: s.conversations.URL,
		AccountsURL:      s.accounts.URL,
		StatisticsURL:    s.statistics.URL,
	}
	unit, err := app.New(t.Context(), c)
	s.Service = apitest.Serve(t, unit, err)
	s.tasks = unit.Tasks
	return s
}

// session opens a session on a website and returns the visitor.
func (s system) session(website int64, body string) map[string]any {
	s.widgets.Says(apitest.JSON(200, widget(website, true)))
	made := s.Want(201, apitest.Public, "POST", "/visitor/sessions", body, ask...)
	v := made["visitor"].(map[string]any)
	if issued(made) {
		s.secrets[v["token"].(string)] = made["visitorSecret"].(string)
	}
	return v
}

// issued reports whether a session issued a secret, in the form that secrets have.
func issued(session map[string]any) bool {
	secret, _ := session["visitorSecret"].(string)
	return regexp.MustCompile("^vsec_[a-z2-7]{32}$").MatchString(secret)
}

func path(visitor map[string]any) string { return "/visitors/" + visitor["token"].(string) }

func reader(website int64) identity.Principal { return apitest.Token(website, identity.Read) }
func agent(website int64) identity.Principal  { return apitest.Token(website, identity.ReadWrite) }
func writer(website int64) identity.Principal { return apitest.Token(website, identity.Write) }

func TestNewSessionCreatesVisitor(t *testing.T) {
	t.Parallel()
	s := start(t)
	got := s.Want(201, apitest.Public, "POST", "/visitor/sessions",
		`{"clientToken":"site","context":{"plan":"gold","city":"Bern"}}`, ask...)
	v := got["visitor"].(map[string]any)
	if got["visitorToken"] != v["token"] || got["conversation"] != nil || got["agentsOnline"] != true || !issued(got) ||
		got["replySeconds"] != 90.0 || got["agentConversation"] != nil || len(got) != 8 {
		t.Errorf("%v", got)
	}
	if w := got["widget"]; !reflect.DeepEqual(w,
		map[string]any{"id": 1.0, "color": "#fff", "chatEnabled": true, "buttonXPos": 1.5}) {
		t.Errorf("%v", w)
	}
	number := id.Visitor(v["id"].(float64))
	if !visitors.ValidToken(v["token"].(string)) || v["name"] != visitors.FriendlyName(number) || v["ip"] != "192.0.2.7" ||
		v["context"] != `{"plan":"gold"}` ||
		v["websiteId"] != 1.0 || v["country"] != nil || v["city"] != nil || v["online"] != true || len(v) != 13 {
		t.Errorf("%v", v)
	}
	if s.widgets.Asked()[0] != "GET /internal/widgets/site 0" || len(s.conversations.Asked()) != 0 {
		t.Errorf("asked %v, %v", s.widgets.Asked(), s.conversations.Asked())
	}
	if got := s.Want(200, reader(1), "GET", path(v), ""); !reflect.DeepEqual(got, v) {
		t.Errorf("%v, want %v", got, v)
	}
}

func TestSessionResumesVisitor(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.session(1, `{"clientToken":"site","name":"Ann","context":{"a":1}}`)
	s.conversations.Says(apitest.JSON(200, `{"id":5,"token":"conv_x"}`))
	body := fmt.Sprintf(`{"clientToken":"site","visitorToken":%q,"visitorSecret":%q`, v["token"],
		s.secrets[v["token"].(string)])

	got := s.Want(201, apitest.Public, "POST", "/visitor/sessions", body+`}`, ask...)
	if !reflect.DeepEqual(got["visitor"], any(v)) ||
		!reflect.DeepEqual(got["conversation"], map[string]any{"id": 5.0, "token": "conv_x"}) {
		t.Errorf("%v, want the visitor %v", got, v)
	}
	if want := fmt.Sprintf("GET /internal/conversations/open?visitorId=%v 1",
		v["id"]); s.conversations.Asked()[0] != want {
		t.Errorf("asked %v, want %s", s.conversations.Asked(), want)
	}
	s.conversations.Says(noConversation)
	got = s.Want(201, apitest.Public, "POST", "/visitor/sessions", body+`,"name":"Anna","context":{"a":null,"b":2}}`,
		"X-Forwarded-For", "::ffff:192.0.2.9")
	changed := got["visitor"].(map[string]any)
	if changed["id"] != v["id"] || changed["name"] != "Anna" || changed["context"] != `{"b":2}` ||
		changed["ip"] != "192.0.2.9" || got["conversation"] != nil {
		t.Errorf("%v", got)
	}
}

// TestForeignVisitorTokenStartsNewVisitor: a token of another website, an unknown one and a malformed one all lead to a
// new visitor, with the same response.
func TestForeignVisitorTokenStartsNewVisitor(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, roles := range [][2]int64{{1, 2}, {2, 1}} {
		v := s.session(roles[0], `{"clientToken":"site","name":"Ann"}`)
		for _, kept := range []string{v["token"].(string), "vis_unknown", "rubbish"} {
			fresh := s.session(roles[1], fmt.Sprintf(`{"clientToken":"site","visitorToken":%q}`, kept))
			if fresh["id"] == v["id"] || fresh["token"] == kept || fresh["name"] == "Ann" ||
				fresh["websiteId"] != float64(roles[1]) {
				t.Errorf("%s: %v", kept, fresh)
			}
		}
	}
	if len(s.conversations.Asked()) != 0 {
		t.Errorf("asked %v", s.conversations.Asked())
	}
}

func TestInvalidSessionRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	for body, want := range map[string]struct {
		status int
		said   string
	}{
		``:                                    {400, "validation_failed clientToken"},
		`{"clientToken":"../x"}`:              {400, "validation_failed clientToken"},
		`{"clientToken":"site","name":" "}`:   {400, "validation_failed name"},
		`{"clientToken":"site","context":[]}`: {400, "validation_failed context"},
		`{"clientToken":"site","context":{"a":"\ud800"}}`: {400, "json_malformed"},
		`{"clientToken":"site","context":{"a":"\u0000"}}`: {400, "validation_failed context.a"},
		`{"clientToken":"site","ip":"192.0.2.1"}`:         {400, "validation_failed ip"},
	} {
		if said := s.Refused(want.status, apitest.Public, "POST", "/visitor/sessions", body); !strings.HasPrefix(said,
			want.said) {
			t.Errorf("%s: %s, want %s", body, said, want.said)
		}
	}
	if len(s.widgets.Asked()) > 0 {
		t.Errorf("asked %v", s.widgets.Asked())
	}
	s.Refused(401, identity.Principal{}, "POST", "/visitor/sessions", `{"clientToken":"site"}`)
	s.widgets.Says(apitest.JSON(200, widget(1, false)))
	if said := s.Refused(403, apitest.Public, "POST", "/visitor/sessions",
		`{"clientToken":"site"}`); said != "chat_disabled" {
		t.Error(said)
	}
	s.widgets.Says(apitest.Problem(fault.Missing("widget")))
	s.Refused(404, apitest.Public, "POST", "/visitor/sessions", `{"clientToken":"site"}`)
}

func TestSessionReportsFailuresOfOtherServices(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.session(1, `{"clientToken":"site","name":"Ann"}`)
	body := fmt.Sprintf(`{"clientToken":"site","visitorToken":%q,"visitorSecret":%q,"name":"changed"}`, v["token"],
		s.secrets[v["token"].(string)])
	for _, sibling := range []*apitest.Fake{s.widgets, s.conversations} {
		good := sibling.Says(nil)
		for name, f := range apitest.Failures {
			sibling.Says(f.Answer)
			if got := s.Do(apitest.Public, "POST", "/visitor/sessions", body, apitest.Hurry...); got.Status != f.Status {
				t.Errorf("%s: %+v, want %d", name, got, f.Status)
			}
		}
		sibling.Says(good)
	}
	page := s.Want(200, reader(1), "GET", "/visitors", "")
	if rows := page["data"].([]any); len(rows) != 1 || !reflect.DeepEqual(rows[0], any(v)) {
		t.Errorf("a failed request changed: %v", page)
	}
	if got := s.Want(201, apitest.Public, "POST", "/visitor/sessions",
		body); got["visitor"].(map[string]any)["name"] != "changed" {
		t.Errorf("%v", got)
	}
}

func TestAddressIsTakenFromTheGatewayOnly(t *testing.T) {
	t.Parallel()
	s := start(t)
	for header, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1, 2001:DB8::1": "2001:db8::1",
		"192.0.2.1, unknown": "", "": "",
	} {
		got := s.Want(201, apitest.Public, "POST", "/visitor/sessions", `{"clientToken":"site"}`, "X-Forwarded-For", header)
		if ip := got["visitor"].(map[string]any)["ip"]; ip != want {
			t.Errorf("%q: %v", header, ip)
		}
	}
}

func TestUpdateMergesContext(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.session(1, `{"clientToken":"site","context":{"a":1,"b":2}}`)
	got := s.Want(200, agent(1), "PATCH", path(v)+"/context",
		`{"name":"Ann","context":{"b":null,"c":{"d":[true]},"Country":"CH","LAT":1},"id":9,"websiteId":2,"ip":"1.1.1.1"}`)
	if got["name"] != "Ann" || got["context"] != `{"a":1,"c":{"d":[true]}}` || got["id"] != v["id"] ||
		got["websiteId"] != 1.0 || got["ip"] != v["ip"] {
		t.Errorf("%v", got)
	}
	for _, body := range []string{``, `{}`, `{"name":null,"context":null}`, `{"context":{}}`, `{"unknown":1}`} {
		if same := s.Want(200, agent(1), "PATCH", path(v)+"/context", body); !reflect.DeepEqual(same, got) {
			t.Errorf("%s: %v, want %v", body, same, got)
		}
	}
	for body, said := range map[string]string{
		`{"context":"{}"}`:  "validation_failed context",
		`{"context":[1]}`:   "validation_failed context",
		`{"context":7}`:     "validation_failed context",
		`{"name":7}`:        "validation_failed name",
		`{"name":"  "}`:     "validation_failed name",
		`[]`:                "validation_failed body",
		`{"context":{"a":}`: "json_malformed",
		`{"context":{"long":"` + strings.Repeat("x", 16<<10) + `"}}`: "validation_failed context",
		`{"name":"` + strings.Repeat("x", 101) + `"}`:                "validation_failed name",
	} {
		if got := s.Refused(400, agent(1), "PATCH", path(v)+"/context", body); !strings.HasPrefix(got, said) {
			t.Errorf("%.60s: %s, want %s", body, got, said)
		}
	}
	s.Refused(413, agent(1), "PATCH", path(v)+"/context", `{"x":"`+strings.Repeat("x", 1<<20)+`"}`)
	s.Refused(400, agent(1), "PATCH", "/visitors/nobody/context", `{"name":"x"}`)
	s.Refused(400, agent(1), "PATCH", "/visitors/vis_unknown/context", `{"name":""}`)
	s.Refused(404, agent(1), "PATCH", "/visitors/vis_unknown/context", `{"name":"x"}`)
	if got := s.Want(200, reader(1), "GET", path(v), ""); got["name"] != "Ann" {
		t.Errorf("%v", got)
	}
}

// TestContextUpdateWithoutReadPermission: the response to a token without read permission contains the fields that it
// wrote, and of the context only the keys that it set.
func TestContextUpdateWithoutReadPermission(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.session(1, `{"clientToken":"site","name":"Ann","context":{"a":1,"b":2}}`)
	for body, want := range map[string][2]any{
		``:                             {"", `{}`},
		`{"name":null,"context":null}`: {"", `{}`},
		`{"ip":"x","context":{"c":3,"b":null,"city":"Bern"}}`: {"", `{"c":3}`},
		`{"name":"Ann"}`: {"Ann", `{}`},
	} {
		got := s.Want(200, writer(1), "PATCH", path(v)+"/context", body)
		if got["name"] != want[0] || got["context"] != want[1] || got["ip"] != "" || got["online"] != false ||
			got["token"] != v["token"] || got["id"] != v["id"] || len(got) != 13 {
			t.Errorf("%s: %v", body, got)
		}
	}
	if got := s.Want(200, reader(1), "GET", path(v), ""); got["context"] != `{"a":1,"c":3}` || got["name"] != "Ann" {
		t.Errorf("%v", got)
	}
}

func TestConcurrentUpdatesAllApply(t *testing.T) {
	t.Parallel()
	s := start(t)
	v := s.session(1, `{"clientToken":"site"}`)
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			if got := s.Do(writer(1), "PATCH", path(v)+"/context",
				fmt.Sprintf(`{"context":{"k%d":%d}}`, i, i)); got.Status != 200 {
				t.Errorf("%+v", got)
			}
		})
	}
	all.Wait()
	var merged map[string]int
	if err := json.Unmarshal([]byte(s.Want(200, reader(1), "GET", path(v), "")["context"].(string)),
		&merged); err != nil || len(merged) != 24 {
		t.Errorf("%v, %v", merged, err)
	}
}

func TestListFiltersAndPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	a, b := s.session(1, `{"clientToken":"site"}`), s.session(1, `{"clientToken":"site"}`)
	s.session(2, `{"clientToken":"site"}`)
	imported := s.Do(apitest.Sibling(1), "POST", "/internal/visitors/import", `{"rows":[{"key":"c"}]}`)
	if imported.Status != 200 {
		t.Fatalf("%+v", imported)
	}
	for query, want := range map[string]float64{
		"": 3, "?online=true": 2, "?online=false": 1, "?online=1&limit=1": 2,
		"?page=x&limit=-1": 3,
	} {
		if page := s.Want(200, reader(1), "GET", "/visitors"+query, ""); page["total"] != want {
			t.Errorf("%s: %v, want %v", query, page["total"], want)
		}
	}
	first := s.Want(200, reader(1), "GET", "/visitors?online=true&limit=1", "")
	second := s.Want(200, reader(1), "GET", "/visitors?online=true&limit=1&cursor="+first["nextCursor"].(string), "")
	if !reflect.DeepEqual([]any{first["data"].([]any)[0], second["data"].([]any)[0]}, []any{b, a}) ||
		second["hasNextPage"] != false {
		t.Errorf("%v\n%v", first, second)
	}
	s.Refused(400, reader(1), "GET", "/visitors?online=maybe", "")
	s.Refused(400, reader(1), "GET", "/visitors?cursor=x", "")
	if got := s.Want(200, apitest.Sibling(1), "GET", "/internal/visitors/online", ""); got["online"] != 2.0 {
		t.Errorf("%v", got)
	}
}

func TestOperationsRefuseWrongCredentials(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		as           identity.Principal
		method, path string
		status       int
	}{
		{writer(1), "GET", "/visitors", 403},
		{writer(1), "GET", "/visitors/vis_x", 403},
		{reader(1), "PATCH", "/visitors/vis_x/context", 403},
		{apitest.Public, "GET", "/visitors", 401},
		{apitest.Operator, "GET", "/visitors/vis_x", 401},
		{reader(1), "GET", "/internal/visitors/online", 401},
		{apitest.Public, "GET", "/internal/visitor-tokens/vis_x", 401},
		{writer(1), "POST", "/internal/visitors/import", 401},
		{reader(1), "GET", "/internal/events", 401},
		{reader(1), "GET", "/visitors/nobody", 400},
		{reader(1), "DELETE", "/visitors/vis_x", 405},
	} {
		s.Refused(c.status, c.as, c.method, c.path, "")
	}
}

// TestHeartbeatReportsWhetherAgentsAreOnline: if the accounts service doesn't say whether an agent is online, the
// visitor gets true.
func TestHeartbeatReportsWhetherAgentsAreOnline(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.accounts.Says(apitest.JSON(200, `{"online":0}`))
	v := s.session(1, `{"clientToken":"site"}`)
	visitor := identity.Principal{
		Kind:      identity.Visitor,
		Website:   storetest.Tenant(1),
		VisitorID: id.Visitor(v["id"].(float64)),
	}
	agentsOnline := func() any { return s.Want(200, visitor, "POST", "/visitor/heartbeat", "")["agentsOnline"] }
	if agentsOnline() != false {
		t.Error("an agent is reported online")
	}
	if asked := s.accounts.Asked(); asked[len(asked)-1] != "GET /internal/users/online 1" {
		t.Errorf("asked %v", asked)
	}
	s.accounts.Says(apitest.Failures["broken line"].Answer)
	if agentsOnline() != true {
		t.Error("accounts is unavailable, and no agent is reported online")
	}
	s.accounts.Says(apitest.JSON(200, `{"online":1}`))
	if agentsOnline() != true {
		t.Error("no agent is reported online")
	}
	asked := len(s.accounts.Asked())
	if agentsOnline() != true {
		t.Error("the agent isn't remembered")
	}
	if now := s.accounts.Asked(); len(now) != asked {
		t.Errorf("asked again: %v", now[asked:])
	}
	s.Want(401, reader(1), "POST", "/visitor/heartbeat", "")
}
