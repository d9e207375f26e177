package app_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/runner"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/statistics/app"
)

var secret = strings.Repeat("k", 32)

// siblings answers for conversations and visitors, to our own services only: logs of three and two records, and two
// visitors of website 1 online.
func siblings(keys *identity.Keyring) http.Handler {
	log := func(records ...string) string { return "[" + strings.Join(records, ",") + "]" }
	record := func(pos, site, typ, data string) string {
		return `{"id":"r` + pos + `","websiteId":` + site + `,"type":"` + typ + `","key":1,"at":"2026-01-02T03:04:05.678Z","data":` + data + `,"pos":` + pos + `}`
	}
	known := map[string]string{
		"0 /conversations/internal/events?after=0&limit=500": log(
			record("1", "1", "conversation.opened", `"{}"`), record("2", "1", "message.created", `"{\"sender\":\"VISITOR\"}"`),
			record("3", "1", "message.created", `"{\"sender\":\"USER\",\"firstResponseSeconds\":45.46}"`)),
		"0 /visitors/internal/events?after=0&limit=500": log(record("1", "1", "visitor.created", `"{}"`), record("2", "2", "visitor.created", `"{}"`)),
		"1 /visitors/internal/visitors/online":          `{"online":2}`,
		"2 /visitors/internal/visitors/online":          `{"online":0}`,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := keys.Verify(r.Header.Get(identity.Header))
		if err != nil || p.Service != "statistics" {
			http.Error(w, "not one of us", http.StatusUnauthorized)
			return
		}
		answer, ok := known[p.Website.String()+" "+r.URL.RequestURI()]
		if !ok {
			answer = "[]"
		}
		io.WriteString(w, answer)
	})
}

// running is the whole service over a real store and fake siblings.
type running struct {
	url  string
	keys *identity.Keyring
}

func start(t *testing.T) running {
	t.Helper()
	keys, err := identity.NewKeyring([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	others := httptest.NewServer(siblings(keys))
	t.Cleanup(others.Close)
	c := app.Default()
	c.Addr, c.AdminAddr, c.AssertionKeys, c.Mongo, c.Telemetry.LogTo = "127.0.0.1:0", "127.0.0.1:0", []string{secret}, storetest.Config(t), io.Discard
	c.ConversationsURL, c.VisitorsURL = others.URL+"/conversations", others.URL+"/visitors"
	unit, err := app.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := runner.Start(unit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return running{r.URL("http"), keys}
}

func (r running) ask(t *testing.T, p identity.Principal) (int, map[string]any) {
	t.Helper()
	assertion, err := r.keys.Sign(p)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", r.url+"/statistics/current", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(identity.Header, assertion)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

func holder(t *testing.T, website int64, level identity.Level) identity.Principal {
	t.Helper()
	id, err := tenant.New(website)
	if err != nil {
		t.Fatal(err)
	}
	return identity.Principal{Kind: identity.Token, Website: id, Level: level, Plan: identity.Free}
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	r := start(t)
	var got map[string]any
	for got["totalMessages"] != 2.0 || got["totalVisitors"] != 1.0 { // until both followers have been
		var status int
		if status, got = r.ask(t, holder(t, 1, identity.Read)); status != 200 {
			t.Fatalf("answers %d %v", status, got)
		}
	}
	want := map[string]any{"totalConversations": 1.0, "activeConversations": 1.0, "totalMessages": 2.0, "totalVisitors": 1.0, "onlineVisitors": 2.0, "averageResponseTime": 45.5}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want = map[string]any{"totalConversations": 0.0, "activeConversations": 0.0, "totalMessages": 0.0, "totalVisitors": 1.0, "onlineVisitors": 0.0, "averageResponseTime": 0.0}
	if _, got := r.ask(t, holder(t, 2, identity.ReadWrite)); !reflect.DeepEqual(got, want) {
		t.Errorf("the other website's: got %v, want %v", got, want)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	r := start(t)
	if status, got := r.ask(t, holder(t, 1, identity.Write)); status != 403 || got["code"] != "permission_missing" {
		t.Errorf("without the right to read: %d %v", status, got)
	}
	if status, got := r.ask(t, identity.Principal{Kind: identity.Public}); status != 401 {
		t.Errorf("nobody: %d %v", status, got)
	}
}
