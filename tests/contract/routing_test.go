package contract_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestUnknownPaths: 404 with a problem, with and without a token. No spelling of a path reaches internal routes.
func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	for _, path := range []string{
		"/", "/nothing", "/conversation", "/v1/health", "/tickets/1/2/3", "/internal/tokens/abc", "/internal/website",
		"/internal/users?ids=1",
		"/internal/widgets/" + w.ClientToken, "/internal/visitors?ids=1", "/internal/visitors/online", "/internal/reply-time",
		"/internal/events?after=0",
		"/internal/conversations/open?visitorId=1", "/operator/websites", "/metrics", "/livez", "/readyz", "/debug/pprof/",
		"/internal/visitors/../users?ids=1", "/internal/visitors/%2e%2e/users?ids=1", "//conversations", "/./health",
		"/health/",
	} {
		for _, c := range []harness.Client{w.Public(), w.Agent()} {
			wantCode(t, c.Do(t, "GET", path, nil), 404, missing, "")
		}
	}
}

// TestRootLeadsBrowsersToTheConsole: a browser that opens the address without a path gets the console.
func TestRootLeadsBrowsersToTheConsole(t *testing.T) {
	t.Parallel()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, harness.Running().URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml")
	a, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if to := a.Header.Get("Location"); a.StatusCode != 302 || to != "/console" {
		t.Errorf("%d to %q", a.StatusCode, to)
	}
}

// TestMethods: a known path with another method is 405, and Allow names its methods.
func TestMethods(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	has := map[string][]string{}
	for _, op := range harness.Operations() {
		path := harness.Fill(op.Path, w.Objects())
		has[path] = append(has[path], op.Method)
	}
	for path, methods := range has {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"} {
			if slices.Contains(methods, method) || (strings.HasPrefix(path, "/tags/") &&
				(method == "DELETE" || method == "PUT")) {
				continue
			}
			if method == "GET" && path == "/conversations/import" {
				continue // an unknown conversation's name, or a known path: both are valid
			}
			a := w.Agent().Do(t, method, path, nil).Want(t, 405)
			allow := strings.Split(strings.ReplaceAll(a.Header.Get("Allow"), " ", ""), ",")
			for _, m := range methods {
				if !slices.Contains(allow, m) {
					t.Errorf("%s %s: Allow is %q, without %s", method, path, a.Header.Get("Allow"), m)
				}
			}
			if slices.Contains(allow, method) {
				t.Errorf("%s %s is refused and allowed: %q", method, path, a.Header.Get("Allow"))
			}
		}
	}
}

// TestHead: every GET path responds to HEAD with the same headers, without a body.
func TestHead(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	for _, op := range harness.Operations() {
		if op.Method != "GET" {
			continue
		}
		for _, names := range []map[string]string{w.Objects(), w.Unknown()} {
			path := harness.Fill(op.Path, names)
			get, head := op.Allowed(w).Do(t, "GET", path, nil), op.Allowed(w).Do(t, "HEAD", path, nil)
			if head.Status != get.Status || len(head.Body) != 0 ||
				head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
				t.Errorf("HEAD %s: %d %q with %d bytes; GET: %d %q", path, head.Status, head.Header.Get("Content-Type"),
					len(head.Body),
					get.Status, get.Header.Get("Content-Type"))
			}
		}
	}
}

// TestCORS: every origin may call the operations of visitors and of the widget, but no operation with a bearer token.
func TestCORS(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Pro)
	const origin = "https://shop.example"
	for _, op := range harness.Operations() {
		if op.Row == 1 {
			continue
		}
		open := op.Caller == harness.ByVisitor || op.Caller == harness.ByPublic
		path := harness.Fill(op.Path, w.Objects())
		preflight := w.Public().With("Origin", origin).With("Access-Control-Request-Method", op.Method).
			With("Access-Control-Request-Headers", "content-type,x-visitor-id,x-visitor-secret").Do(t, "OPTIONS", path, nil)
		// most are refused: pages must be able to read refusals
		plain := w.Public().With("Origin", origin).Do(t, op.Method, path, nil)
		for _, a := range []harness.Answer{preflight, plain} {
			have := a.Header.Get("Access-Control-Allow-Origin")
			if allowed := have == "*" || have == origin; allowed != open {
				t.Errorf("%s %s (%s): Access-Control-Allow-Origin is %q, open: %v", a.Method, op.Name(), a.Path, have, open)
			}
			if a.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: credentials are allowed", op.Name())
			}
		}
		if !open {
			continue
		}
		if preflight.Status != 200 && preflight.Status != 204 {
			t.Errorf("%s: the preflight answers %d", op.Name(), preflight.Status)
		}
		methods, headers := preflight.Header.Get("Access-Control-Allow-Methods"),
			strings.ToLower(preflight.Header.Get("Access-Control-Allow-Headers"))
		if !strings.Contains(methods, op.Method) {
			t.Errorf("%s: the preflight allows the methods %q", op.Name(), methods)
		}
		if op.Caller == harness.ByVisitor && (!strings.Contains(headers, "x-visitor-id") ||
			!strings.Contains(headers, "x-visitor-secret") || !strings.Contains(headers, "content-type")) {
			t.Errorf("%s: the preflight allows the headers %q", op.Name(), headers)
		}
	}
}

// TestAssertedIdentityIsIgnored: assertions of our own components aren't accepted from outside.
func TestAssertedIdentityIsIgnored(t *testing.T) {
	t.Parallel()
	w := harness.Running().World(t, harness.Free)
	for _, name := range []string{"X-Fivechat-Assertion", "X-Fivechat-Website", "X-Forwarded-User"} {
		c := w.Public().With(name, "1")
		c.Do(t, "GET", "/conversations", nil).Want(t, 401)
		c.Do(t, "GET", "/widgets/"+w.ClientToken, nil).Want(t, 200)
	}
	a := w.Agent().With("X-Fivechat-Timeout-Ms", "1").Do(t, "GET", "/conversations", nil)
	a.Want(t, 200)
}
