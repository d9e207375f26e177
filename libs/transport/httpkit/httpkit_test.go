package httpkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

type inner struct {
	Text string `json:"text"`
}

type request struct {
	paging.Window
	Token string                 `path:"token" json:"-"`
	Flag  bool                   `query:"flag" json:"-"`
	Num   int64                  `query:"num" json:"-"`
	Title string                 `json:"title"`
	Age   optional.Value[int64]  `json:"age,omitzero"`
	Rows  []inner                `json:"rows"`
	When  optional.Value[string] `json:"when,omitzero"`
}

func (r request) Validate() error {
	var wrong fault.Problems
	wrong.Check(r.Title != "forbidden", "title", "must not be forbidden")
	return wrong.Err()
}

type response struct {
	Got   request   `json:"got"`
	At    time.Time `json:"at"`
	List  []string  `json:"list"`
	Null  *int64    `json:"null"`
	Token string    `json:"token"`
	Flag  bool      `json:"flag"`
	Num   int64     `json:"num"`
}

const key = "0123456789abcdef0123456789abcdef"

type server struct {
	*httptest.Server
	keys *identity.Keyring
	tele *telemetry.Telemetry
}

// serve starts a service whose operations echo, refuse and fail.
func serve(t *testing.T) server {
	t.Helper()
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
	r, chain := httpkit.NewRouter(tele, keys), operation.Standard(tele)
	echo := func(_ context.Context, req request) (response, error) {
		return response{
			Got:   req,
			At:    time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC),
			Token: req.Token,
			Flag:  req.Flag,
			Num:   req.Num,
		}, nil
	}
	httpkit.Handle(r, "POST /strict/{token}", 201, operation.New(chain, "test.strict", authz.Public, echo))
	httpkit.Handle(
		r,
		"POST /lenient/{token}",
		200,
		operation.New(chain, "test.lenient", authz.Public, echo),
		httpkit.Lenient,
		httpkit.Body(200),
	)
	httpkit.Handle(
		r,
		"GET /fail",
		200,
		operation.New(chain, "test.fail", authz.Public, func(ctx context.Context, q struct {
			How string `query:"how" json:"-"`
		},
		) (operation.None, error) {
			switch q.How {
			case "secret":
				return operation.None{}, errors.New("password=hunter2")
			case "panic":
				panic("password=hunter2")
			case "away":
				return operation.None{}, fault.Away("the store", errors.New("refused"))
			case "late":
				<-ctx.Done()
				return operation.None{}, ctx.Err()
			}
			return operation.None{}, fault.Coded(fault.Conflict, "email_taken", "taken")
		}),
	)
	httpkit.Handle(r, "GET /list", 200, operation.New(chain, "test.list", authz.Public,
		func(_ context.Context, req struct {
			List httpkit.List `query:"list" json:"-"`
		},
		) (httpkit.List, error) {
			return req.List, nil
		}), httpkit.Lenient)
	httpkit.Handle(
		r,
		"GET /mine",
		200,
		operation.New(
			chain,
			"test.mine",
			authz.Internal,
			func(ctx context.Context, _ operation.None) (tenant.ID, error) {
				return identity.From(ctx).Website, nil
			},
		),
	)
	httpkit.Handle(
		r,
		"DELETE /nothing",
		204,
		operation.New(
			chain,
			"test.nothing",
			authz.Public,
			func(context.Context, operation.None) (operation.None, error) {
				return operation.None{}, nil
			},
		),
	)
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return server{s, keys, tele}
}

func (s server) do(t *testing.T, method, path, contentType, body string) (*http.Response, string) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	assertion, _ := s.keys.Sign(identity.Principal{Kind: identity.Public})
	req.Header.Set(identity.Header, assertion)
	req.Header.Set(httpkit.RequestIDHeader, "req-1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp, string(b)
}

func TestHandleBindsRequestsAndEncodesResponses(t *testing.T) {
	t.Parallel()
	s := serve(t)
	resp, body := s.do(t, "POST", "/strict/a%2Fb?flag=true&num=7&page=-3&limit=500", "application/json; charset=utf-8",
		`{"title":"Grüße","age":null,"rows":[{"text":"x"}]}`)
	if resp.StatusCode != 201 || resp.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	for _, want := range []string{
		`"token":"a/b"`, `"flag":true`, `"num":7`, `"title":"Grüße"`, `"age":null`, `"at":"2024-01-15T10:30:00.000Z"`,
		`"list":[]`, `"null":null`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is missing in %s", want, body)
		}
	}
	if strings.Contains(body, `"when"`) {
		t.Error("an absent member is set")
	}
	if resp, body := s.do(t, "DELETE", "/nothing", "", ""); resp.StatusCode != 204 || body != "" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

// TestLenientOperationIgnoresControlsInUnknownMembers: an ignored member may hold any control character except NUL.
func TestLenientOperationIgnoresControlsInUnknownMembers(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for path, want := range map[string]int{"/lenient/a": 200, "/strict/a": 400} {
		if resp, body := s.do(t, "POST", path, "application/json", `{"bogus":{"a":"\u0001"}}`); resp.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", path, resp.StatusCode, body, want)
		}
	}
}

func TestErrorsBecomeProblems(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const js = "application/json"
	for name, c := range map[string]struct {
		method, path, contentType, body string
		status                          int
		field, says                     string
	}{
		"malformed":  {"POST", "/strict/a", js, `{"title": "x",}`, 400, "", "at byte 13"},
		"truncated":  {"POST", "/strict/a", js, `{"title": "x"`, 400, "", "malformed JSON at byte"},
		"trailing":   {"POST", "/strict/a", js, `{"title":"x"} {}`, 400, "", "malformed JSON at byte"},
		"wrong type": {"POST", "/strict/a", js, `{"title":7}`, 400, "title", "must be a string"},
		"wrong type, deep": {
			"POST", "/strict/a", js, `{"rows":[{"text":"x"},{"text":false}]}`, 400, "rows.1.text", "must be a string",
		},
		"wrong type, partial": {"POST", "/strict/a", js, `{"age":"old"}`, 400, "age", "must be a whole number"},
		"fraction":            {"POST", "/strict/a", js, `{"age":1.5}`, 400, "age", "must be a whole number"},
		"no list":             {"POST", "/strict/a", js, `{"rows":{}}`, 400, "rows", "must be a list"},
		"no object":           {"POST", "/strict/a", js, `[]`, 400, "body", "must be a JSON object"},
		"unknown":             {"POST", "/strict/a", js, `{"tilte":"x"}`, 400, "tilte", "not a known member"},
		"other case":          {"POST", "/strict/a", js, `{"Title":"x"}`, 400, "Title", "not a known member"},
		"bound from body":     {"POST", "/strict/a", js, `{"Token":"b"}`, 400, "Token", "not a known member"},
		"twice":               {"POST", "/strict/a", js, `{"title":"x","title":"y"}`, 400, "title", "duplicate"},
		"NUL":                 {"POST", "/strict/a", js, `{"rows":[{"text":"a\u0000b"}]}`, 400, "rows.0.text", "NUL"},
		"escape": {
			"POST", "/strict/a", js, `{"rows":[{"text":"a\u001bb"}]}`, 400, "rows.0.text", "control characters",
		},
		"backspace": {"POST", "/strict/a", js, `{"title":"a\bb"}`, 400, "title", "control characters"},
		"delete":    {"POST", "/strict/a", js, "{\"title\":\"a\x7fb\"}", 400, "title", "control characters"},
		"C1": {
			"POST", "/strict/a", js, "{\"title\":\"a\u0085b\"}", 400, "title", "control characters",
		},
		"control, leniently": {"POST", "/lenient/a", js, `{"title":"a\u0001b"}`, 400, "title", "control characters"},
		"broken UTF-8":       {"POST", "/strict/a", js, "{\"title\":\"\xff\"}", 400, "", "UTF-8"},
		"lone surrogate":     {"POST", "/strict/a", js, `{"title":"\ud800"}`, 400, "", "malformed JSON"},
		"validated": {
			"POST", "/strict/a", js, `{"title":"forbidden"}`, 400, "title", "must not be forbidden",
		},
		"bad number in query":   {"POST", "/strict/a?num=x", js, `{}`, 400, "num", "positive whole number"},
		"number spelt oddly":    {"POST", "/strict/a?num=007", js, `{}`, 400, "num", "positive whole number"},
		"unknown, then broken":  {"POST", "/strict/a", js, `{"tilte":1,}`, 400, "", "malformed JSON at byte 10"},
		"wrong, then broken":    {"POST", "/strict/a", js, `{"title":1,`, 400, "", "malformed JSON at byte"},
		"unknown in query":      {"POST", "/strict/a?x=1&nmu=7", js, `{}`, 400, "", "isn't a parameter of this"},
		"unknown, and no query": {"GET", "/mine?x=1", "", "", 400, "x", "this operation has none in its query"},
		"other case in query":   {"POST", "/strict/a?Num=7", js, `{}`, 400, "Num", "isn't a parameter"},
		"broken query":          {"POST", "/strict/a?num=%zz", js, `{}`, 400, "query", "percent-encoded"},
		"two values":            {"POST", "/strict/a?num=7&num=8", js, `{}`, 400, "num", "must have one value"},
		"bad flag in query":     {"POST", "/strict/a?flag=maybe", js, `{}`, 400, "flag", "true or false"},
		"bad cursor":            {"POST", "/strict/a?cursor=zz", js, `{}`, 400, "cursor", "is not a cursor"},
		"form": {
			"POST", "/strict/a", "application/x-www-form-urlencoded", `a=b`, 415, "", "application/json",
		},
		"broken media type": {"POST", "/strict/a", ";;", `{}`, 415, "", "application/json"},
		"too large": {
			"POST", "/lenient/a", js, `{"title":"` + strings.Repeat("x", 200) + `"}`, 413, "", "200 bytes",
		},
		"no such path":   {"GET", "/nowhere", "", "", 404, "", "path not found"},
		"no such method": {"PUT", "/fail", "", "", 405, "", "no method PUT"},
		"conflict":       {"GET", "/fail", "", "", 409, "", "taken"},
		"internal":       {"GET", "/fail?how=secret", "", "", 500, "", "wrong on our side"},
		"panic":          {"GET", "/fail?how=panic", "", "", 500, "", "wrong on our side"},
		"away":           {"GET", "/fail?how=away", "", "", 503, "", "the store is unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, body := s.do(t, c.method, c.path, c.contentType, c.body)
			var p httpkit.Problem
			if err := json.Unmarshal([]byte(body), &p, json.RejectUnknownMembers(true)); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if resp.StatusCode != c.status || p.Status != c.status || p.StatusCode != c.status || p.Title != p.Error ||
				p.Detail != p.Message ||
				resp.Header.Get("Content-Type") != "application/problem+json" ||
				p.RequestID != "req-1" ||
				!strings.HasSuffix(p.Type, p.Code) {
				t.Fatalf("%d %s", resp.StatusCode, body)
			}
			if !strings.Contains(p.Detail, c.says) {
				t.Errorf("detail %q doesn't contain %q", p.Detail, c.says)
			}
			if c.field != "" && (len(p.Errors) != 1 || p.Errors[0].Field != c.field) {
				t.Errorf("errors %+v don't name %s", p.Errors, c.field)
			}
			if strings.Contains(body, "hunter2") {
				t.Error("the response shows a secret")
			}
			if (c.status == 503) != (resp.Header.Get("Retry-After") == "1") ||
				(c.status == 405) != (resp.Header.Get("Allow") == "GET, HEAD") {
				t.Errorf("headers %v", resp.Header)
			}
		})
	}
}

// TestListsOfTheQuery reads lists in the spellings of several libraries.
func TestListsOfTheQuery(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for query, want := range map[string]string{
		"":                              `[]`,
		"?list=":                        `[]`,
		"?list=a":                       `["a"]`,
		"?list=a,b":                     `["a","b"]`,
		"?list=a&list=b":                `["a","b"]`,
		"?list[]=a&list[]=b":            `["a","b"]`,
		"?list%5B0%5D=a&list%5B1%5D=b":  `["a","b"]`,
		"?list[10]=b&list[9]=a":         `["a","b"]`,
		"?list=b,%20a,,b&unknown=1&l[]": `["b","a"]`,
	} {
		if resp, body := s.do(t, "GET", "/list"+query, "", ""); resp.StatusCode != 200 || body != want {
			t.Errorf("%s: %d %s, want %s", query, resp.StatusCode, body, want)
		}
	}
	many := "/list?list=" + strings.Repeat("a", 7)
	for i := range 20 {
		many += fmt.Sprintf(",%d", i)
	}
	if resp, body := s.do(t, "GET", many, "", ""); resp.StatusCode != 400 || !strings.Contains(body, "at most 20 values") {
		t.Errorf("21 values: %d %s", resp.StatusCode, body)
	}
}

func TestLenientIgnoresUnknownMembers(t *testing.T) {
	t.Parallel()
	resp, body := serve(t).do(t, "POST", "/lenient/a", "", `{"title":"x","id":9,"websiteId":1,"deep":{"a":[1]}}`)
	if resp.StatusCode != 200 || strings.Contains(body, "deep") {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
}

func TestCallReturnsRemoteFaults(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := httpkit.NewClient(s.URL, s.keys, s.tele)
	website, _ := tenant.New(12)
	if got, err := httpkit.Call[tenant.ID](t.Context(), c, website, "GET", "/mine", nil); err != nil || got != website {
		t.Fatalf("%v, %v", got, err)
	}
	_, err := httpkit.Call[tenant.ID](t.Context(), c, website, "GET", "/fail", nil)
	if f := fault.From(err); f.Kind != fault.Conflict || f.Code != "email_taken" || f.Message != "taken" {
		t.Errorf("another service's fault is changed: %v", err)
	}
	_, err = httpkit.Call[tenant.ID](t.Context(), c, website, "GET", "/fail?how=away", nil)
	if f := fault.From(err); f.Kind != fault.Unavailable || f.RetryAfter != time.Second {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err = httpkit.Call[tenant.ID](ctx, c, website, "GET", "/fail?how=late", nil); !fault.Is(err, fault.Timeout) {
		t.Errorf("the deadline isn't passed on, or its error isn't Timeout: %v", err)
	}
	stranger, _ := identity.NewKeyring([]byte(strings.Repeat("x", 32)))
	refused := httpkit.NewClient(s.URL, stranger, s.tele)
	_, err = httpkit.Call[tenant.ID](t.Context(), refused, website, "GET", "/mine", nil)
	if !fault.Is(err, fault.Internal) {
		t.Errorf("a refused assertion is reported as the caller's error: %v", err)
	}
	s.Close()
	if _, err = httpkit.Call[tenant.ID](t.Context(), c, website, "GET", "/mine", nil); !fault.Is(
		err,
		fault.Unavailable,
	) {
		t.Errorf("no server: %v", err)
	}
}

func TestHandlePanicsOnWrongTags(t *testing.T) {
	t.Parallel()
	c := telemetry.Default()
	c.LogTo = io.Discard
	tele, _ := telemetry.New(t.Context(), "test", c)
	keys, _ := identity.NewKeyring([]byte(key))
	chain := operation.Standard(tele)
	panics := func(name string, mount func(*httpkit.Router)) {
		defer func() {
			if recover() == nil {
				t.Errorf("%s: mounted", name)
			}
		}()
		mount(httpkit.NewRouter(tele, keys))
	}
	type noWildcard struct {
		ID string `path:"id" json:"-"`
	}
	type settable struct {
		Page string `query:"page"`
	}
	type odd struct {
		Ratio float32 `query:"ratio" json:"-"`
	}
	panics("a path field without wildcard", func(r *httpkit.Router) {
		httpkit.Handle(
			r,
			"GET /a",
			200,
			operation.New(
				chain,
				"a",
				authz.Public,
				func(context.Context, noWildcard) (operation.None, error) { return operation.None{}, nil },
			),
		)
	})
	panics("a query field that a body could set", func(r *httpkit.Router) {
		httpkit.Handle(
			r,
			"GET /a",
			200,
			operation.New(
				chain,
				"a",
				authz.Public,
				func(context.Context, settable) (operation.None, error) { return operation.None{}, nil },
			),
		)
	})
	panics("a type that can't be bound", func(r *httpkit.Router) {
		httpkit.Handle(
			r,
			"GET /a",
			200,
			operation.New(
				chain,
				"a",
				authz.Public,
				func(context.Context, odd) (operation.None, error) { return operation.None{}, nil },
			),
		)
	})
}

// TestCallRefusesALargeResponse: a response over the bound is ErrResponseTooLarge. One of exactly the bound is read.
func TestCallRefusesALargeResponse(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const bound = 16 << 20
	for size, tooLarge := range map[int]bool{bound: false, bound + 1: true} {
		large := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `"`+strings.Repeat("x", size-2)+`"`)
		}))
		t.Cleanup(large.Close)
		c := httpkit.NewClient(large.URL, s.keys, s.tele)
		got, err := httpkit.Call[string](t.Context(), c, tenant.ID{}, "GET", "/", nil)
		if errors.Is(err, httpkit.ErrResponseTooLarge) != tooLarge || !tooLarge && (err != nil || len(got) != size-2) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
	}
}
