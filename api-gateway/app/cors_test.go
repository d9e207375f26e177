package app_test

import (
	"strings"
	"testing"

	"fivechat.dev/api-gateway/app"
)

const (
	friend   = "https://console.example.com"
	stranger = "https://stranger.example.com"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.CORSOrigins = []string{"https://other.example.com", friend} })
	id := "x-visitor-id: " + someone
	for _, c := range []struct {
		name, method, path, origin, asks string
		headers                          []string
		status                           int
		allowed, methods, vary           string
	}{
		{"open preflight", "OPTIONS", "/visitor/sessions", stranger, "POST", nil, 204, "*", "POST", ""},
		{
			"open preflight of two methods", "OPTIONS", "/visitor/conversations/c/messages", stranger, "POST", nil,
			204, "*", "GET, HEAD, POST", "",
		},
		{"open preflight beside a bearer's", "OPTIONS", "/widgets/w", stranger, "GET", nil, 204, "*", "GET, HEAD", ""},
		{"bearer preflight of a friend", "OPTIONS", "/widgets/w", friend, "PATCH", nil, 204, friend, "PATCH", "Origin"},
		{"bearer preflight of a stranger", "OPTIONS", "/widgets/w", stranger, "PATCH", nil, 204, "", "", "Origin"},
		{"preflight for an unknown method", "OPTIONS", "/widgets/w", friend, "PUT", nil, 204, "", "", ""},
		{"no preflight", "OPTIONS", "/widgets/w", "", "", nil, 204, "", "", ""},
		{"unknown path", "OPTIONS", "/nowhere", friend, "GET", nil, 404, "", "", ""},
		{"open answer", "GET", "/widgets/w", stranger, "", nil, 200, "*", "", ""},
		{"open answer, no origin", "GET", "/widget/w", "", "", nil, 200, "*", "", ""},
		{"open refusal", "POST", "/conversations/c/rate", stranger, "", nil, 400, "*", "", ""},
		{
			"open refusal of a visitor", "POST", "/internal/visitors/tickets", stranger, "",
			[]string{id + "x"},
			401,
			"*", "", "",
		},
		{
			"bearer answer to a friend", "GET", "/conversations", friend, "",
			[]string{bearer(readFree)},
			200, friend,
			"", "Origin",
		},
		{"bearer refusal to a friend", "GET", "/conversations", friend, "", nil, 401, friend, "", "Origin"},
		{
			"bearer answer to a stranger", "GET", "/conversations", stranger, "",
			[]string{bearer(readFree)},
			200, "",
			"", "Origin",
		},
		{
			"bearer answer, no origin", "GET", "/conversations", "", "",
			[]string{bearer(readFree)},
			200, "", "",
			"Origin",
		},
	} {
		headers := c.headers
		if c.origin != "" {
			headers = append(headers, "Origin: "+c.origin)
		}
		if c.asks != "" {
			headers = append(headers, "Access-Control-Request-Method: "+c.asks)
		}
		a := h.do(c.method, h.public+c.path, nil, headers...)
		check := func(name, want string) {
			t.Helper()
			if got := strings.Join(a.Header.Values(name), " | "); got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, name, got, want)
			}
		}
		if a.StatusCode != c.status {
			t.Errorf("%s: status %d", c.name, a.StatusCode)
		}
		check("Access-Control-Allow-Origin", c.allowed)
		check("Access-Control-Allow-Methods", c.methods)
		check("Vary", c.vary)
		var allowHeaders, age, exposed string
		switch {
		case c.methods == "" && c.allowed != "":
			exposed = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, ETag, Link, Idempotency-Replayed"
		case c.allowed == "*":
			age = "600"
			allowHeaders = "content-type, x-visitor-id, x-visitor-secret, last-event-id, idempotency-key, " +
				"if-match, if-none-match, x-request-id, *"
		case c.allowed != "":
			age = "600"
			allowHeaders = "authorization, content-type, last-event-id, idempotency-key, " +
				"if-match, if-none-match, x-request-id"
		}
		check("Access-Control-Allow-Headers", allowHeaders)
		check("Access-Control-Max-Age", age)
		check("Access-Control-Expose-Headers", exposed)
		if (c.status == 204) != (a.Header.Get("Allow") != "") {
			t.Errorf("%s: Allow is %q", c.name, a.Header.Get("Allow"))
		}
	}
}

func TestNoOriginIsAllowedByDefault(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, origin := range []string{friend, "null"} {
		a := h.do("GET", h.public+"/conversations", nil, bearer(readFree), "Origin: "+origin)
		if got := a.Header.Get("Access-Control-Allow-Origin"); a.StatusCode != 200 || got != "" {
			t.Errorf("%s: %d, allowed %q", origin, a.StatusCode, got)
		}
	}
}
