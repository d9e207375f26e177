package httpkit_test

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// row is a response that shows one row.
type row struct {
	Text string `json:"text"`
	of   version.Of
}

func (r row) Revision() version.Of { return r.of }

// rowsRequest is the request of a list.
type rowsRequest struct {
	paging.Window
	Search string `query:"search" json:"-"`
}

// rowService serves one row, and beside it a value that isn't part of the row.
type rowService struct {
	t       *testing.T
	router  *httpkit.Router
	keys    *identity.Keyring
	version atomic.Int64
	beside  atomic.Value
}

func newRowService(t *testing.T) *rowService {
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
	s := &rowService{t: t, router: httpkit.NewRouter(tele, keys), keys: keys}
	s.beside.Store("")
	chain := operation.Standard(tele)
	show := func() row {
		return row{s.beside.Load().(string), version.Of{ID: 5, Version: s.version.Load()}}
	}
	httpkit.Handle(
		s.router,
		"GET /row",
		200,
		operation.New(chain, "test.get", authz.Public, func(context.Context, operation.None) (row, error) {
			return show(), nil
		}),
		httpkit.Caching("public, max-age=1"),
	)
	httpkit.Handle(
		s.router,
		"GET /missing",
		200,
		operation.New(chain, "test.missing", authz.Public, func(context.Context, operation.None) (row, error) {
			return row{}, fault.Missing("row")
		}),
		httpkit.Caching("public, max-age=1"),
	)
	for _, method := range []string{"PATCH", "DELETE", "POST"} {
		httpkit.Handle(
			s.router,
			method+" /row",
			200,
			operation.New(
				chain,
				"test."+method,
				authz.Public,
				func(ctx context.Context, _ operation.None) (row, error) {
					if err := version.Check(ctx, show().Revision()); err != nil {
						return row{}, err
					}
					s.version.Add(1)
					return show(), nil
				},
			),
		)
	}
	httpkit.Handle(
		s.router,
		"GET /rows",
		200,
		operation.New(
			chain,
			"test.list",
			authz.Public,
			func(_ context.Context, w rowsRequest) (paging.Page[int], error) {
				return paging.Envelope(w.Window, paging.Slice[int]{Total: 100}, []int{1}), nil
			},
		),
		httpkit.Lenient,
	)
	return s
}

func (s *rowService) ask(method, path string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	req := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(""))
	assertion, err := s.keys.Sign(identity.Principal{Kind: identity.Public})
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set(identity.Header, assertion)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.router.ServeHTTP(w, req)
	return w
}

func TestIfNoneMatchComparesTheWholeTag(t *testing.T) {
	t.Parallel()
	s := newRowService(t)
	first := s.ask("GET", "/row")
	tag := first.Header().Get("ETag")
	if !strings.HasPrefix(tag, `"5.0.`) || !strings.HasSuffix(tag, `"`) ||
		first.Header().Get("Cache-Control") != "public, max-age=1" {
		t.Fatalf("%v", first.Header())
	}
	for value, want := range map[string]int{
		tag: 304, "W/" + tag: 304, "*": 304, `"a", ` + tag: 304, `"a,b",` + tag + ` , "c"`: 304, `"a"`: 200, "": 200,
		strings.Trim(tag, `"`): 200,
		`"a" ` + tag:           200, `W/"5.0."`: 200, `"`: 200,
	} {
		w := s.ask("GET", "/row", "If-None-Match", value)
		if w.Code != want || w.Header().Get("ETag") != tag || w.Header().Get("Cache-Control") == "" ||
			(want == 304) != (w.Body.Len() == 0) {
			t.Errorf("%s: %d %v %q", value, w.Code, w.Header(), w.Body)
		}
	}
	if w := s.ask("GET", "/row", "If-None-Match", `"a"`, "If-None-Match", tag); w.Code != 304 {
		t.Errorf("in two lines: %d", w.Code)
	}
	if w := s.ask("HEAD", "/row", "If-None-Match", tag); w.Code != 304 {
		t.Errorf("HEAD: %d", w.Code)
	}
	if w := s.ask("POST", "/row", "If-None-Match", "*"); w.Code != 200 {
		t.Errorf("POST: %d", w.Code)
	}
	if w := s.ask("GET", "/row", "If-None-Match", tag); w.Code != 200 || w.Header().Get("ETag") == tag {
		t.Errorf("after a change: %d %v", w.Code, w.Header())
	}
	tag = s.ask("GET", "/row").Header().Get("ETag")
	s.beside.Store("an agent is online")
	if w := s.ask("GET", "/row", "If-None-Match", tag); w.Code != 200 || w.Header().Get("ETag") == tag {
		t.Errorf("with another value beside the row: %d %v", w.Code, w.Header())
	}
	if w := s.ask("GET", "/missing", "If-None-Match", "*"); w.Code != 404 || w.Header().Get("ETag") != "" ||
		w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("a refusal: %d %v", w.Code, w.Header())
	}
}

func TestIfMatchComparesTheRevision(t *testing.T) {
	t.Parallel()
	s := newRowService(t)
	tag := func() string { return s.ask("GET", "/row").Header().Get("ETag") }
	const now = "NOW" // a placeholder for the row's current tag
	stale := tag()
	s.ask("PATCH", "/row")
	for _, method := range []string{"PATCH", "DELETE"} {
		for name, c := range map[string]struct {
			match  string
			status int
		}{
			"this one": {now, 200}, "stale": {stale, 412}, "any": {"*", 200}, "a list": {stale + `, "x" ,` + now, 200},
			"weak":          {"W/" + now, 412},
			"another row's": {`"6.1.x"`, 412}, "not ours": {`"x"`, 412}, "empty tag": {`""`, 412},
			"empty": {"", 400}, "no tag": {"5.1.x", 400}, "a star among others": {`*, "x"`, 400}, "open": {`"5`, 400},
			"blank inside": {`"a b"`, 400},
		} {
			before := s.version.Load()
			w := s.ask(method, "/row", "If-Match", strings.ReplaceAll(c.match, now, tag()))
			if w.Code != c.status || (s.version.Load() != before) != (c.status == 200) {
				t.Errorf("%s, %s: %d %s", method, name, w.Code, w.Body)
			}
			if c.status == 400 && !strings.Contains(w.Body.String(), `"field":"If-Match"`) ||
				c.status == 412 && !strings.Contains(w.Body.String(), `"code":"precondition_failed"`) {
				t.Errorf("%s, %s: %s", method, name, w.Body)
			}
		}
	}
	before := tag()
	s.beside.Store("an agent is online")
	if w := s.ask("PATCH", "/row", "If-Match", before); w.Code != 200 || w.Header().Get("ETag") != tag() {
		t.Errorf("a value beside the row makes a change fail: %d %s", w.Code, w.Body)
	}
	if w := s.ask("POST", "/row", "If-Match", before); w.Code != 200 {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestLinkRepeatsKnownParametersOnly(t *testing.T) {
	t.Parallel()
	s := newRowService(t)
	long := strings.Repeat("y", 1_000)
	for query, want := range map[string]string{
		"?limit=10&page=2&search=%3C%3E&x=" + long: `</rows?limit=10&page=1&search=%3C%3E>; rel="prev", ` +
			`</rows?limit=10&page=1&search=%3C%3E>; rel="first", </rows?limit=10&page=10&search=%3C%3E>; rel="last"`,
		"?limit=10&page=2&search=" + long + long: "", // longer than 4 KiB
	} {
		if w := s.ask("GET", "/rows"+query); w.Header().Get("Link") != want {
			t.Errorf("%.40s: have %s\nwant %s", query, w.Header().Get("Link"), want)
		}
	}
	if w := s.ask("GET", "/row"); w.Header().Get("Link") != "" {
		t.Errorf("one row has %s", w.Header().Get("Link"))
	}
}

// TestChangesSettleAfterTheLongestRequest: a follower of a list sees only changes that are older than any request in
// progress.
func TestChangesSettleAfterTheLongestRequest(t *testing.T) {
	t.Parallel()
	if paging.Settled < 2*httpkit.DefaultTimeout {
		t.Errorf("changes settle in %v, but a request may take %v", paging.Settled, httpkit.DefaultTimeout)
	}
}
