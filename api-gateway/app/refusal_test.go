package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/transport/httpkit"
)

// down is an address without a listener: a port that no system assigns, so that no concurrent test responds there.
const down = "http://127.0.0.1:1"

// chunked is a body whose length isn't stated.
func chunked(n int) io.Reader { return io.MultiReader(strings.NewReader(strings.Repeat("x", n))) }

func sized(n int) io.Reader { return strings.NewReader(strings.Repeat("x", n)) }

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.StatisticsURL = down })
	const over = httpkit.DefaultBody + 1
	for _, c := range []struct {
		name, method, path string
		body               io.Reader
		headers            []string
		status             int
		code, field        string
	}{
		{"unknown path", "GET", "/nowhere", nil, nil, 404, "not_found", ""},
		{"unknown path before size", "POST", "/nowhere", sized(10 << 20), nil, 404, "not_found", ""},
		{
			"a service's own path", "GET", "/internal/tokens/" + hashOf(readFree), nil,
			[]string{bearer(bothPro)},
			404, "not_found", "",
		},
		{"an operator's path", "GET", "/operator/websites", nil, []string{bearer(operatorKey)}, 404, "not_found", ""},
		{"trailing slash", "GET", "/conversations/", nil, []string{bearer(readFree)}, 404, "not_found", ""},
		{"double slash", "GET", "//conversations", nil, []string{bearer(readFree)}, 404, "not_found", ""},
		{
			"encoded dots", "GET", "/conversations/%2e%2e/%2e%2e/internal", nil,
			[]string{bearer(readFree)},
			404,
			"not_found", "",
		},
		{"encoded slash", "GET", "/conversations/a%2Fmessages", nil, []string{bearer(readFree)}, 404, "not_found", ""},
		{"wrong method", "DELETE", "/conversations", nil, nil, 405, "method_not_allowed", ""},
		{"wrong method before size", "PUT", "/conversations", sized(over), nil, 405, "method_not_allowed", ""},
		{"an unknown method", "BREW", "/conversations", nil, nil, 405, "method_not_allowed", ""},

		{"too large before token", "POST", "/tickets", sized(over), nil, 413, "body_too_large", ""},
		{"too large, length unknown, before token", "POST", "/tickets", chunked(over), nil, 401, "token_missing", ""},
		{
			"too large, length unknown", "POST", "/tickets", chunked(over),
			[]string{bearer(bothPro)},
			413,
			"body_too_large", "",
		},
		{
			"too large for an import", "POST", "/conversations/import", sized(8<<20 + 1),
			[]string{bearer(writeFree)},
			413, "body_too_large", "",
		},

		{"no token", "GET", "/conversations", nil, nil, 401, "token_missing", ""},
		{
			"another scheme", "GET", "/conversations", nil,
			[]string{"Authorization: Basic " + readFree},
			401,
			"token_missing", "",
		},
		{"no secret", "GET", "/conversations", nil, []string{"Authorization: Bearer"}, 401, "token_missing", ""},
		{
			"two headers", "GET", "/conversations", nil,
			[]string{bearer(readFree), bearer(readFree)},
			401,
			"token_missing", "",
		},
		{"malformed token", "GET", "/conversations", nil, []string{bearer("5c_with-dash")}, 401, "token_invalid", ""},
		{
			"mistyped token", "GET", "/conversations", nil,
			[]string{bearer(readFree[:len(readFree)-1] + "_")},
			401,
			"token_invalid", "",
		},
		{"foreign token", "GET", "/conversations", nil, []string{bearer("sk_readfree")}, 401, "token_invalid", ""},
		{
			"two words", "GET", "/conversations", nil,
			[]string{bearer(readFree + " " + readFree)},
			401,
			"token_invalid", "",
		},
		{
			"over-long token", "GET", "/conversations", nil,
			[]string{bearer("5c_" + strings.Repeat("a", 126))},
			401,
			"token_invalid", "",
		},
		{"unknown token", "GET", "/conversations", nil, []string{bearer(stray)}, 401, "token_invalid", ""},
		{"token before permission", "POST", "/tickets", nil, []string{bearer(stray)}, 401, "token_invalid", ""},
		{"the operator's key", "GET", "/conversations", nil, []string{bearer(operatorKey)}, 401, "token_invalid", ""},
		{"health with an unknown token", "GET", "/health", nil, []string{bearer(stray)}, 401, "token_invalid", ""},
		{
			"health with another scheme", "GET", "/health", nil,
			[]string{"Authorization: Basic x"},
			401,
			"token_missing", "",
		},

		{
			"reading with WRITE", "GET", "/conversations", nil,
			[]string{bearer(writeFree)},
			403,
			"permission_missing", "",
		},
		{"writing with READ", "PATCH", "/widgets/w", nil, []string{bearer(readFree)}, 403, "permission_missing", ""},
		{"tickets on FREE", "GET", "/tickets", nil, []string{bearer(readFree)}, 403, "plan_required", ""},
		{
			"writing tickets on FREE", "POST", "/tickets", sized(2),
			[]string{bearer(writeFree)},
			403,
			"plan_required", "",
		},

		{"rating without visitor", "POST", "/conversations/c/rate", nil, nil, 400, "validation_failed", "x-visitor-id"},
		{
			"rating with an unknown token", "POST", "/conversations/c/rate", nil,
			[]string{"x-visitor-id: vis_nobody"},
			400,
			"validation_failed", "x-visitor-id",
		},
		{
			"rating with a bearer only", "POST", "/conversations/c/rate", nil,
			[]string{bearer(bothPro)},
			400,
			"validation_failed", "x-visitor-id",
		},
		{
			"ticket without visitor", "POST", "/internal/visitors/tickets", nil, nil, 400, "validation_failed",
			"x-visitor-id",
		},
		{
			"ticket with an unknown token", "POST", "/internal/visitors/tickets", nil,
			[]string{"x-visitor-id: vis_nobody"},
			401,
			"visitor_unknown", "",
		},
		{
			"visitor missing", "POST", "/visitor/conversations", nil,
			[]string{"x-visitor-id: "},
			400,
			"validation_failed", "x-visitor-id",
		},
		{
			"visitor unknown", "GET", "/visitor/conversations/c/messages", nil,
			[]string{"x-visitor-id: vis_nobody"},
			401, "visitor_unknown", "",
		},
		{
			"visitor malformed", "GET", "/visitor/conversations/c/messages", nil,
			[]string{"x-visitor-id: ../tokens/x"},
			401, "visitor_unknown", "",
		},
		{"secret missing", "POST", "/visitor/heartbeat", nil, []string{named}, 401, "visitor_secret_missing", ""},
		{
			"secret empty", "POST", "/visitor/heartbeat", nil,
			[]string{named, "x-visitor-secret: "},
			401,
			"visitor_secret_missing", "",
		},
		{
			"secret wrong", "POST", "/visitor/heartbeat", nil,
			[]string{named, proven + "x"},
			401,
			"visitor_secret_invalid", "",
		},
		{
			"two secrets", "POST", "/visitor/heartbeat", nil,
			[]string{named, proven, proven},
			401,
			"visitor_secret_invalid", "",
		},
		{
			"secret with an unknown token", "POST", "/visitor/heartbeat", nil,
			[]string{"x-visitor-id: vis_nobody", proven},
			401,
			"visitor_unknown", "",
		},
		{
			"two visitors", "GET", "/visitor/conversations/c/messages", nil,
			[]string{"x-visitor-id: " + someone, "x-visitor-id: " + someone},
			401, "visitor_unknown", "",
		},

		{"service away", "GET", "/statistics/current", nil, []string{bearer(readFree)}, 503, "unavailable", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := *h
			h.t = t
			a := h.do(c.method, h.public+c.path, c.body, c.headers...)
			p := h.problem(a)
			if a.StatusCode != c.status || p.Code != c.code || p.Status != c.status || p.StatusCode != c.status {
				t.Fatalf("got %d %s, want %d %s: %s", a.StatusCode, p.Code, c.status, c.code, a.body)
			}
			if c.field != "" && (len(p.Errors) != 1 || p.Errors[0].Field != c.field) {
				t.Errorf("errors %+v do not name %s", p.Errors, c.field)
			}
			if p.RequestID == "" || a.Header.Get("X-Request-Id") != p.RequestID {
				t.Errorf("request id %q in the body, %q in the header", p.RequestID, a.Header.Get("X-Request-Id"))
			}
			if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("security headers are missing: %v", a.Header)
			}
			if got := a.Header.Values("Content-Security-Policy"); len(got) != 1 ||
				got[0] != "default-src 'none'; frame-ancestors 'none'" {
				t.Errorf("Content-Security-Policy: %q", got)
			}
			if a.Header.Get("Strict-Transport-Security") != "" {
				t.Error("browsers are told over plain HTTP to come by TLS only")
			}
			if allow := a.Header.Get("Allow"); (c.status == 405) != (allow != "") {
				t.Errorf("Allow: %q", allow)
			}
			if retry := a.Header.Get("Retry-After"); (c.status == 503) != (retry != "") {
				t.Errorf("Retry-After: %q", retry)
			}
			if strings.Contains(string(a.body), "5c_") {
				t.Errorf("the body repeats a token: %s", a.body)
			}
		})
	}
}

func TestPublicOperationsWorkWithoutAccounts(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.AccountsURL = down })
	a := h.do("GET", h.public+"/conversations", nil, bearer(readFree))
	if p := h.problem(a); a.StatusCode != 503 || p.Code != "unavailable" || a.Header.Get("Retry-After") == "" {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
	if a := h.do("GET", h.public+"/widget/w", nil); a.StatusCode != 200 {
		t.Errorf("a public operation needs no accounts, got %d", a.StatusCode)
	}
	if a := h.do("GET", h.admin+"/readyz", nil); a.StatusCode != 200 {
		t.Errorf("readyz: %d", a.StatusCode)
	}
}

func TestSlowServiceTimesOut(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.Timeout = 300 * time.Millisecond })
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	h.answer = func(http.ResponseWriter, *http.Request) bool {
		<-release
		return true
	}
	a := h.do("GET", h.public+"/conversations", nil, bearer(readFree))
	if p := h.problem(a); a.StatusCode != 504 || p.Code != "timeout" {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
}

func TestBrokenResponseIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.answer = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	a := h.do("POST", h.public+"/tickets", sized(10), bearer(bothPro))
	if p := h.problem(a); a.StatusCode != 503 || p.Code != "unavailable" {
		t.Errorf("got %d %s", a.StatusCode, a.body)
	}
}
