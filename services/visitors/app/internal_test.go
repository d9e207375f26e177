package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/visitors/app"
)

func TestResolvedTokenMarksVisitorSeen(t *testing.T) {
	t.Parallel()
	s := start(t)
	var done []struct{ ID int64 }
	imported := s.Do(apitest.Sibling(2), "POST", "/internal/visitors/import", `{"rows":[{"key":"a","name":"Ann"}]}`)
	if err := json.Unmarshal([]byte(imported.Body), &done); err != nil || len(done) != 1 {
		t.Fatalf("%+v", imported)
	}
	ids := fmt.Sprintf("/internal/visitors?ids=%d", done[0].ID)
	var found []map[string]any
	if err := json.Unmarshal([]byte(s.Do(apitest.Sibling(2), "GET", ids, "").Body), &found); err != nil ||
		len(found) != 1 || found[0]["online"] != false {
		t.Fatalf("%v, %v", found, err)
	}
	token := found[0]["token"].(string)
	got := s.Want(200, apitest.Sibling(0), "GET", "/internal/visitor-tokens/"+token, "")
	hash, _ := got["secretHash"].(string)
	delete(got, "secretHash")
	if want := map[string]any{"websiteId": 2.0, "visitorId": float64(done[0].ID)}; !reflect.DeepEqual(got, want) ||
		len(hash) != 64 {
		t.Errorf("%v, want %v", got, want)
	}
	if v := s.Want(200, apitest.Sibling(2), "GET", "/internal/visitors/by-token/"+token, ""); v["online"] != true ||
		v["name"] != "Ann" {
		t.Errorf("not seen: %v", v)
	}
	for _, unknown := range []string{"vis_unknown", "rubbish"} {
		s.Refused(404, apitest.Sibling(0), "GET", "/internal/visitor-tokens/"+unknown, "")
		s.Refused(404, apitest.Sibling(2), "GET", "/internal/visitors/by-token/"+unknown, "")
	}
}

func TestImportIsRepeatable(t *testing.T) {
	t.Parallel()
	s := start(t)
	const rows = `{"rows":[{"key":"a","name":"Ann"},{"key":"b"},{"key":"a","name":"again"}]}`
	first, second := s.Do(apitest.Sibling(1), "POST", "/internal/visitors/import", rows), s.Do(apitest.Sibling(1), "POST",
		"/internal/visitors/import", rows)
	if first.Status != 200 || first != second {
		t.Errorf("%+v, then %+v", first, second)
	}
	var done []struct {
		Key string
		ID  int64
	}
	if err := json.Unmarshal([]byte(first.Body), &done); err != nil || len(done) != 3 || done[0] != done[2] ||
		done[1].Key != "b" {
		t.Errorf("%v, %v", done, err)
	}
	if got := s.Do(apitest.Sibling(1), "POST", "/internal/visitors/import", `{"rows":[]}`); got.Status != 200 ||
		got.Body != "[]" {
		t.Errorf("%+v", got)
	}
	many := `{"rows":[` + strings.Repeat(`{"key":"k"},`, 500) + `{"key":"k"}]}`
	for body, said := range map[string]string{
		many:                                  "validation_failed rows",
		`{"rows":[{"key":"a"},{"key":""}]}`:   "validation_failed rows.1.key",
		`{"rows":[{"key":"a"},{"key":7}]}`:    "validation_failed rows.1.key",
		`{"rows":[{"key":"a","token":"x"}]}`:  "validation_failed rows.0.token",
		`{"rows":[{"key":"a"},{"name":"b"}]}`: "validation_failed rows.1.key",
	} {
		if got := s.Refused(400, apitest.Sibling(1), "POST", "/internal/visitors/import", body); got != said {
			t.Errorf("%.60s: %s, want %s", body, got, said)
		}
	}
	if page := s.Want(200, reader(1), "GET", "/visitors", ""); page["total"] != 2.0 {
		t.Errorf("%v", page)
	}
}

// TestIsolation requests each website's visitors as the other: every response is, byte for byte, that for
// a visitor who doesn't exist.
func TestIsolation(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, roles := range [][2]int64{{1, 2}, {2, 1}} {
		owner, other := roles[0], roles[1]
		v := s.session(owner, `{"clientToken":"site","name":"Ann"}`)
		token := v["token"].(string)
		for _, c := range []struct {
			as           identity.Principal
			method, path string
		}{
			{reader(other), "GET", "/visitors/{}"},
			{writer(other), "PATCH", "/visitors/{}/context"},
			{apitest.Sibling(other), "GET", "/internal/visitors/by-token/{}"},
		} {
			body := ""
			if c.method == "PATCH" {
				body = `{"name":"stolen","context":{"a":1}}`
			}
			theirs := s.Do(c.as, c.method, strings.Replace(c.path, "{}", token, 1), body)
			unknown := s.Do(c.as, c.method, strings.Replace(c.path, "{}", "vis_unknown", 1), body)
			theirs.Body = strings.ReplaceAll(theirs.Body, token, "vis_unknown")
			if theirs != unknown || unknown.Status != 404 {
				t.Errorf("%s %s: %+v, want %+v", c.method, c.path, theirs, unknown)
			}
		}
		if got := s.Do(apitest.Sibling(other), "GET", fmt.Sprintf("/internal/visitors?ids=%v", v["id"]),
			""); got.Body != "[]" {
			t.Errorf("%+v", got)
		}
		if got := s.Want(200, reader(owner), "GET", path(v), ""); !reflect.DeepEqual(got, v) {
			t.Errorf("%v, want %v", got, v)
		}
	}
}

// TestEventsReachFollowers runs the relay, as the service does, and reads the log as another service does.
func TestEventsReachFollowers(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, stop := context.WithCancel(t.Context())
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer stop()
	for _, task := range s.tasks {
		tasks.Go(func() { task.Run(ctx) })
	}
	v := s.session(1, `{"clientToken":"site"}`)
	s.Want(200, writer(1), "PATCH", path(v)+"/context", `{"name":"Ann"}`)
	var made []struct{ ID int64 }
	imported := s.Do(apitest.Sibling(2), "POST", "/internal/visitors/import", `{"rows":[{"key":"a"},{"key":"b"}]}`)
	if err := json.Unmarshal([]byte(imported.Body), &made); err != nil || len(made) != 2 {
		t.Fatalf("%+v", imported)
	}
	want := fmt.Sprintf(`[visitor.created 1 %[1]v {"visitorId":%[1]v} visitor.updated 1 %[1]v {"visitorId":%[1]v} `+
		`visitors.imported 2 -1 {"visitors":2,"visitorIds":[%[2]v,%[3]v]}]`, v["id"], made[0].ID, made[1].ID)

	var published []string
	for deadline := time.Now().Add(10 * time.Second); len(published) < 3 && time.Now().Before(deadline); {
		var records []struct {
			Type, Data     string
			WebsiteID, Key int64
		}
		if err := json.Unmarshal([]byte(s.Do(apitest.Sibling(0), "GET", "/internal/events?after=0&limit=100", "").Body),
			&records); err != nil {
			t.Fatal(err)
		}
		published = nil
		for _, r := range records {
			published = append(published, fmt.Sprint(r.Type, " ", r.WebsiteID, " ", r.Key, " ", r.Data))
		}
	}
	if fmt.Sprint(published) != want {
		t.Errorf("%v\nwant %v", published, want)
	}
}

func TestConfigNamesMissingSettings(t *testing.T) {
	t.Parallel()
	c := app.Config{Config: servicekit.Config{AssertionKeys: []string{strings.Repeat("k", 32)}}}
	err := c.Validate()
	for _, name := range []string{"MONGODB_URI", "FIVECHAT_WIDGETS_URL", "FIVECHAT_CONVERSATIONS_URL"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func TestSessionNeedsNoReplyTime(t *testing.T) {
	t.Parallel()
	for name, f := range apitest.Failures {
		s := start(t)
		s.statistics.Says(f.Answer)
		got := s.Want(201, apitest.Public, "POST", "/visitor/sessions", `{"clientToken":"site"}`)
		if seconds, has := got["replySeconds"]; !has || seconds != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
