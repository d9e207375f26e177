package hostile_test

import (
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestAdminListenerRefusesForeignHosts checks that a request with another host name gets nothing from the admin
// listener and changes nothing (DNS rebinding).
func TestAdminListenerRefusesForeignHosts(t *testing.T) {
	t.Parallel()
	ask := func(method, path, host, body string) int {
		r, err := http.NewRequestWithContext(t.Context(), method, harness.Running().AdminURL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/status", ""},
		{"GET", "/livez", ""},
		{"GET", "/api-gateway/metrics", ""},
		{"GET", "/api-gateway/debug/pprof/", ""},
		{"PUT", "/conversations/loglevel", "info"},
	} {
		for host, want := range map[string]int{
			"rebound.example": 421, "127.0.0.1.rebound.example:9090": 421,
			"localhost": 200,
		} {
			if got := ask(c.method, c.path, host, c.body); got != want {
				t.Errorf("%s %s of Host %s: status %d, want %d", c.method, c.path, host, got, want)
			}
		}
	}
}

// TestEveryResponseHasAContentSecurityPolicy checks responses of services, refusals, scripts, pages and responses of
// the edge itself.
func TestEveryResponseHasAContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	w := at(harness.Running().Website(t, harness.Free), "198.51.100.61")
	for path, c := range map[string]struct {
		status int
		policy string
	}{
		"/health":                   {200, "default-src 'none'; frame-ancestors 'none'"},
		"/conversations":            {200, "default-src 'none'; frame-ancestors 'none'"},
		"/nowhere":                  {404, "default-src 'none'; frame-ancestors 'none'"},
		"/tickets":                  {403, "default-src 'none'; frame-ancestors 'none'"},
		"/widgets/" + w.ClientToken: {200, "default-src 'none'; frame-ancestors 'none'"},
		"/widget/" + w.ClientToken:  {200, "default-src 'none'; frame-ancestors 'none'"},
		"/console": {
			200,
			"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
				"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		},
	} {
		a := w.Reader().Do(t, "GET", path, nil).Want(t, c.status)
		if got := a.Header.Values("Content-Security-Policy"); len(got) != 1 || got[0] != c.policy {
			t.Errorf("%s: Content-Security-Policy %q, want %q", path, got, c.policy)
		}
	}
}

// TestRangesOfStaticResponsesAreNotServed checks that a script is sent whole, whatever ranges are requested.
func TestRangesOfStaticResponsesAreNotServed(t *testing.T) {
	t.Parallel()
	w := at(harness.Running().Website(t, harness.Free), "198.51.100.62")
	for _, path := range []string{"/docs/docs.js", "/openapi.json", "/widget/" + w.ClientToken} {
		whole := w.Public().Do(t, "GET", path, nil).Want(t, 200)
		ranges := "bytes=" + strings.Repeat("0-0,", 7_599) + "0-0"
		if a := w.Public().With("Range", ranges).Do(t, "GET", path, nil).Want(t, 200); len(a.Body) != len(whole.Body) {
			t.Errorf("%s: %d bytes for 7,600 ranges, %d without", path, len(a.Body), len(whole.Body))
		}
	}
}

// TestLongQueriesAreNotEchoed checks that a list responds to a query with many unknown characters, and to a long
// search, as to any other query.
func TestLongQueriesAreNotEchoed(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	w := at(s.Website(t, harness.Pro), "198.51.100.63")
	for i := range 3 {
		w.Visit(t, harness.Map{"name": harness.Unique("Vera ")})
		w.NewTicket(t, harness.Map{"title": strings.Repeat("word ", i+1)})
	}
	for _, query := range []string{
		"/visitors?limit=1&x=" + strings.Repeat("%01", 3_000), "/visitors?limit=1&cursor=&x=" + strings.Repeat("y", 9_000),
		"/tickets?limit=1&search=" + strings.Repeat("word+", 800), "/conversations?limit=1&lang=" +
			strings.Repeat("%E2", 2_000),
	} {
		for range 25 {
			a := w.Reader().Try(t, "GET", query, nil)
			if a.Status >= 500 || len(a.Header.Get("Link")) > 4<<10 || strings.Contains(a.Header.Get("Link"), "x=") {
				t.Fatalf("%.60s: status %d, Link %.200q", query, a.Status, a.Header.Get("Link"))
			}
		}
	}
	at(s.Website(t, harness.Free), "198.51.100.64").Visit(t, nil)
}
