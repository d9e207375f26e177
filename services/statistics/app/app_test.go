package app_test

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/statistics/app"
)

// answer responds for conversations and visitors: logs of four and two records, and two visitors of website 1 online.
func answer(w http.ResponseWriter, r *http.Request) {
	log := func(records ...string) string { return "[" + strings.Join(records, ",") + "]" }
	record := func(pos, site, typ, data string) string {
		return `{"id":"r` + pos + `","websiteId":` + site + `,"type":"` + typ +
			`","key":1,"at":"2026-01-02T03:04:05.678Z","data":` + data + `,"pos":` + pos + `}`
	}
	known := map[string]string{
		"0 /conversations/internal/events?after=0&limit=500": log(
			record("1", "1", "conversation.opened", `"{}"`), record(
				"2", "1", "message.created", `"{\"sender\":\"VISITOR\"}"`,
			),
			record("3", "1", "message.created", `"{\"sender\":\"USER\",\"firstResponseSeconds\":45.46,\"agentId\":7}"`),
			record("4", "1", "conversation.rated", `"{\"rating\":4,\"agentId\":7}"`)),
		"0 /visitors/internal/events?after=0&limit=500": log(
			record("1", "1", "visitor.created", `"{}"`), record("2", "2", "visitor.created", `"{}"`),
		),
		"1 /visitors/internal/visitors/online": `{"online":2}`,
		"2 /visitors/internal/visitors/online": `{"online":0}`,
	}
	body, ok := known[identity.From(r.Context()).Website.String()+" "+r.URL.RequestURI()]
	if !ok {
		body = "[]" // no more records
	}
	io.WriteString(w, body)
}

// serve serves the whole service over a real store and fake siblings, with its followers.
func serve(t *testing.T) *apitest.Service {
	t.Helper()
	siblings := apitest.NewFake(t, answer).URL
	unit, err := app.New(t.Context(), app.Config{
		Config: apitest.Config(t), ConversationsURL: siblings + "/conversations", VisitorsURL: siblings + "/visitors",
	})
	s := apitest.Serve(t, unit, err)
	ctx, cancel := context.WithCancel(t.Context())
	var followers sync.WaitGroup
	for _, task := range unit.Tasks {
		followers.Go(func() { task.Run(ctx) })
	}
	t.Cleanup(followers.Wait) // before the store closes
	t.Cleanup(cancel)
	return s
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var got map[string]any
	for got["totalMessages"] != 2.0 || got["totalVisitors"] != 1.0 { // until both followers have applied their logs
		got = s.Want(200, apitest.Token(1, identity.Read), "GET", "/statistics/current", "")
	}
	want := map[string]any{
		"totalConversations":  1.0,
		"activeConversations": 1.0,
		"totalMessages":       2.0,
		"totalVisitors":       1.0,
		"onlineVisitors":      2.0,
		"averageResponseTime": 45.5,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want = map[string]any{
		"totalConversations":  0.0,
		"activeConversations": 0.0,
		"totalMessages":       0.0,
		"totalVisitors":       1.0,
		"onlineVisitors":      0.0,
		"averageResponseTime": 0.0,
	}
	other := apitest.Token(2, identity.ReadWrite)
	if got := s.Want(200, other, "GET", "/statistics/current", ""); !reflect.DeepEqual(got, want) {
		t.Errorf("the other website's: got %v, want %v", got, want)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	s := serve(t)
	writer := apitest.Token(1, identity.Write)
	if got := s.Refused(403, writer, "GET", "/statistics/current", ""); got != "permission_missing" {
		t.Errorf("without the right to read: %s", got)
	}
	s.Want(401, apitest.Public, "GET", "/statistics/current", "")
	s.Want(401, apitest.Token(1, identity.ReadWrite), "GET", "/internal/reply-time", "")
	few := s.Want(200, apitest.Sibling(1), "GET", "/internal/reply-time", "")
	if seconds, has := few["replySeconds"]; !has || seconds != nil {
		t.Errorf("with few conversations: %v", few)
	}
}
