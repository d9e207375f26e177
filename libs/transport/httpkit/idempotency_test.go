package httpkit_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// memoryStore is an IdempotencyStore for one goroutine.
type memoryStore map[string]struct {
	content [32]byte
	answer  httpkit.Response
}

func (m memoryStore) Execute(
	ctx context.Context,
	a httpkit.Attempt,
	work func(context.Context) httpkit.Response,
) (httpkit.Response, bool, error) {
	id := fmt.Sprint(a.Caller, a.Method, a.Path, a.Key)
	if stored, known := m[id]; known {
		if stored.content != a.Content {
			return httpkit.Response{}, false, fault.Coded(fault.Unprocessable, "idempotency_key_reused", "reused")
		}
		return stored.answer, true, nil
	}
	stored := m[id]
	stored.content, stored.answer = a.Content, work(ctx)
	m[id] = stored
	return stored.answer, false, nil
}

func TestRepeatedRequestsAreReplayed(t *testing.T) {
	t.Parallel()
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, err := telemetry.New(t.Context(), "test", c)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := identity.NewKeyring([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	r, ran := httpkit.NewRouter(tele, keys), atomic.Int64{}
	r.UseIdempotency(memoryStore{})
	chain := operation.Standard(tele)
	made := operation.New(
		chain,
		"test.make",
		authz.Public,
		func(_ context.Context, req inner) (inner, error) {
			if n := ran.Add(1); req.Text == "refused" {
				return inner{}, fault.Bad("text", fmt.Sprint("is refused ", n))
			}
			return req, nil
		},
	)
	aboutPerson := operation.New(chain, "test.change_person", authz.Person,
		func(_ context.Context, req inner) (inner, error) {
			ran.Add(1)
			return req, nil
		})
	httpkit.Handle(r, "POST /me", 201, aboutPerson, httpkit.Body(100))
	for _, method := range []string{"POST", "PATCH", "PUT"} {
		httpkit.Handle(r, method+" /things", 201, made, httpkit.Body(100))
	}
	website, err := tenant.New(7)
	if err != nil {
		t.Fatal(err)
	}
	agent := identity.Principal{Kind: identity.Token, Website: website, TokenID: 3}
	visitor := identity.Principal{Kind: identity.Visitor, Website: website, VisitorID: 3}
	person := identity.Principal{Kind: identity.Person, PersonID: 3}
	member := identity.Principal{Kind: identity.Person, PersonID: 3, Website: website, Role: identity.Agent}
	ask := func(p identity.Principal, method, path, body string, keyed ...string) *httptest.ResponseRecorder {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		assertion, err := keys.Sign(p)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(identity.Header, assertion)
		req.Header[httpkit.IdempotencyKeyHeader] = keyed
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w
	}
	for _, s := range []struct {
		name         string
		caller       identity.Principal
		method, path string
		body         string
		keyed        []string
		status       int
		runs         bool
		replayed     bool
	}{
		{"first", agent, "POST", "/things", `{"text":"a"}`, []string{"k"}, 201, true, false},
		{"again", agent, "POST", "/things", `{"text":"a"}`, []string{"k"}, 201, false, true},
		{"another body", agent, "POST", "/things", `{"text":"b"}`, []string{"k"}, 422, false, false},
		{"another query", agent, "POST", "/things?x=1", `{"text":"a"}`, []string{"k"}, 422, false, false},
		{"another method", agent, "PATCH", "/things", `{"text":"a"}`, []string{"k"}, 201, true, false},
		{"another caller", visitor, "POST", "/things", `{"text":"a"}`, []string{"k"}, 201, true, false},
		{"a refusal", visitor, "POST", "/things", `{"text":"refused"}`, []string{"bad"}, 400, true, false},
		{"a refusal again", visitor, "POST", "/things", `{"text":"refused"}`, []string{"bad"}, 400, false, true},
		{"no key", agent, "POST", "/things", `{"text":"a"}`, nil, 201, true, false},
		{"PUT needs no key", agent, "PUT", "/things", `{"text":"a"}`, []string{"k"}, 201, true, false},
		{
			"another service",
			identity.Principal{Kind: identity.Service, Service: "x", Website: website},
			"POST",
			"/things", `{"text":"a"}`,
			[]string{"k"},
			201, true, false,
		},
		{
			"no token",
			identity.Principal{Kind: identity.Public},
			"POST", "/things", `{"text":"a"}`,
			[]string{"k"},
			400, false, false,
		},
		{"a member", member, "POST", "/things", `{"text":"a"}`, []string{"k"}, 201, true, false},
		{"a member again", member, "POST", "/things", `{"text":"a"}`, []string{"k"}, 201, false, true},
		{"in no website", person, "POST", "/things", `{"text":"a"}`, []string{"k"}, 400, false, false},
		{"about a person", person, "POST", "/me", `{"text":"a"}`, []string{"k"}, 400, false, false},
		{"about a member", member, "POST", "/me", `{"text":"a"}`, []string{"k"}, 400, false, false},
		{"about a person, without a key", person, "POST", "/me", `{"text":"a"}`, nil, 201, true, false},
		{"empty", agent, "POST", "/things", `{"text":"a"}`, []string{""}, 400, false, false},
		{"long", agent, "POST", "/things", `{"text":"a"}`, []string{strings.Repeat("k", 256)}, 400, false, false},
		{"longest", agent, "POST", "/things", `{"text":"a"}`, []string{strings.Repeat("k", 255)}, 201, true, false},
		{"not ASCII", agent, "POST", "/things", `{"text":"a"}`, []string{"é"}, 400, false, false},
		{"control", agent, "POST", "/things", `{"text":"a"}`, []string{"a\tb"}, 400, false, false},
		{"two", agent, "POST", "/things", `{"text":"a"}`, []string{"k", "l"}, 400, false, false},
		{
			"too large", agent, "POST", "/things", `{"text":"` + strings.Repeat("a", 100) + `"}`,
			[]string{"large"},
			413, false, false,
		},
	} {
		before := ran.Load()
		w := ask(s.caller, s.method, s.path, s.body, s.keyed...)
		if w.Code != s.status || (ran.Load() > before) != s.runs ||
			(w.Header().Get(httpkit.ReplayedHeader) == "true") != s.replayed {
			t.Errorf(
				"%s: %d, ran %t, replayed %q: %s",
				s.name,
				w.Code,
				ran.Load() > before,
				w.Header().Get(httpkit.ReplayedHeader),
				w.Body,
			)
		}
		if s.status == 400 && !s.runs && !s.replayed {
			var p httpkit.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || len(p.Errors) != 1 ||
				p.Errors[0].Field != "Idempotency-Key" {
				t.Errorf("%s: %s", s.name, w.Body)
			}
		}
	}
	first, again := ask(
		agent,
		"POST",
		"/things",
		`{"text":"c"}`,
		"same",
	), ask(
		agent,
		"POST",
		"/things",
		`{"text":"c"}`,
		"same",
	)
	again.Header().Del(httpkit.ReplayedHeader)
	if first.Body.String() != again.Body.String() || fmt.Sprint(first.Header()) != fmt.Sprint(again.Header()) ||
		first.Header().Get("Content-Type") == "" {
		t.Errorf("first %v %s\nagain %v %s", first.Header(), first.Body, again.Header(), again.Body)
	}
	if w := ask(agent, "GET", "/things", "", "k"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}
