package app_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

func TestServicesSeeThePrincipal(t *testing.T) {
	t.Parallel()
	h := open(t)
	website, _ := tenant.New(7)
	pro := identity.Principal{
		Kind:    identity.Token,
		Website: website,
		Level:   identity.ReadWrite,
		Plan:    identity.Pro,
		TokenID: 13,
	}
	visitor := identity.Principal{Kind: identity.Visitor, Website: website, VisitorID: 42}
	before := identity.Principal{Kind: identity.Visitor, Website: website, VisitorID: 43}
	public := identity.Principal{Kind: identity.Public}
	id := "x-visitor-id: " + someone
	for _, c := range []struct {
		method, path string
		headers      []string
		service      string
		want         identity.Principal
	}{
		{"GET", "/conversations", []string{bearer(bothPro)}, "conversations", pro},
		{"GET", "/conversations", []string{"Authorization: bEARER  " + bothPro}, "conversations", pro},
		{"POST", "/conversations/import", []string{bearer(bothPro)}, "conversations", pro},
		{"PUT", "/tags/vip", []string{bearer(bothPro)}, "conversations", pro},
		{"GET", "/visitors", []string{bearer(bothPro)}, "visitors", pro},
		{"GET", "/statistics/current", []string{bearer(bothPro)}, "statistics", pro},
		{"DELETE", "/tickets/1", []string{bearer(bothPro), id}, "tickets", pro},
		{"DELETE", "/users/1", []string{bearer(bothPro)}, "accounts", pro},
		{"POST", "/conversations/c/rate", []string{id}, "conversations", visitor},
		{"POST", "/conversations/c/rate", []string{id, bearer(stray)}, "conversations", visitor},
		{"POST", "/internal/visitors/tickets", []string{id, bearer(bothPro)}, "tickets", visitor},
		{"GET", "/visitor/conversations/c/messages", []string{id, proven}, "conversations", visitor},
		{"POST", "/visitor/conversations/c/typing", []string{id, proven}, "conversations", visitor},
		{"POST", "/visitor/conversations/c/typing", []string{"x-visitor-id: " + earlier}, "conversations", before},
		{
			"POST", "/visitor/conversations/c/typing",
			[]string{"x-visitor-id: " + earlier, proven},
			"conversations",
			before,
		},
		{"POST", "/visitor/sessions", []string{"x-visitor-id: nobody"}, "visitors", public},
		{"GET", "/widget-words/de", []string{bearer(stray)}, "widgets", public},
		{"GET", "/widget/w", nil, "widgets", public},
	} {
		saw := h.echoed(h.do(c.method, h.public+c.path, nil, c.headers...))
		if saw.Service != c.service || saw.Principal != c.want || saw.Method != c.method || saw.URI != c.path {
			t.Errorf("%s %s: %s saw %+v ask %s %s", c.method, c.path, saw.Service, saw.Principal, saw.Method, saw.URI)
		}
	}
}

func TestClientIdentityHeadersAreDropped(t *testing.T) {
	t.Parallel()
	h := open(t)
	foreign, _ := identity.NewKeyring([]byte("a key of somebody else, long enough"))
	own, _ := identity.NewKeyring([]byte(assertionKey)) // even a valid assertion, as in a replay
	website, _ := tenant.New(8)
	for _, keys := range []*identity.Keyring{foreign, own} {
		forged, err := keys.Sign(identity.Principal{Kind: identity.Service, Website: website})
		if err != nil {
			t.Fatal(err)
		}
		saw := h.echoed(h.do("GET", h.public+"/conversations", nil, bearer(readFree),
			identity.Header+": "+forged, "x-fivechat-website: 8", "X-FIVECHAT-Timeout-Ms: 1",
			"X-Visitor-Id: "+someone, "X-Visitor-Secret: "+secret,
			"X-Real-Ip: 6.6.6.6", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil", "Forwarded: for=6.6.6.6",
			"Traceparent: 00-11111111111111111111111111111111-2222222222222222-01",
			"Connection: X-Request-Id, X-Fivechat-Assertion, keep-alive", "Upgrade: websocket", "Te: trailers",
			"Accept: text/x"))
		if saw.Principal.Website.Int64() != 7 || saw.Principal.Kind != identity.Token {
			t.Errorf("the service saw %+v", saw.Principal)
		}
		for _, name := range []string{
			"Authorization", "X-Visitor-Id", "X-Visitor-Secret", "X-Fivechat-Website", "X-Real-Ip", "Traceparent",
			"Forwarded", "X-Forwarded-Host", "Upgrade", "Te", "Connection",
		} {
			if v := saw.Header.Values(name); len(v) > 0 {
				t.Errorf("%s reached the service: %q", name, v)
			}
		}
		if v := saw.Header.Values(identity.Header); len(v) != 1 || v[0] == forged {
			t.Errorf("assertions: %q", v)
		}
		if v := saw.Header.Values("X-Forwarded-For"); len(v) != 1 || v[0] != "127.0.0.1" {
			t.Errorf("X-Forwarded-For: %q", v)
		}
		if ms, err := strconv.Atoi(saw.Header.Get(httpkit.TimeoutHeader)); err != nil || ms < 5_000 || ms > 15_000 {
			t.Errorf("deadline: %q", saw.Header.Values(httpkit.TimeoutHeader))
		}
		if saw.Header.Get("Accept") != "text/x" {
			t.Error("an ordinary header was dropped")
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	saw := h.echoed(
		h.do("GET", h.public+"/widget/w", nil, "X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-For: 10.1.2.3"),
	)
	if got := saw.Header.Get("X-Forwarded-For"); got != "203.0.113.9" {
		t.Errorf("X-Forwarded-For: %s", got)
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	h := open(t)
	ours := regexp.MustCompile(`^[A-Z2-7]{26}$`)
	for sent, kept := range map[string]bool{
		"req-1_2.3":              true,
		strings.Repeat("a", 128): true,
		strings.Repeat("a", 129): false,
		"a b":                    false,
		"a/b":                    false,
		"":                       false,
	} {
		a := h.do("GET", h.public+"/widget/w", nil, "X-Request-Id: "+sent)
		got := a.Header.Values("X-Request-Id")
		if len(got) != 1 || kept && got[0] != sent || !kept && !ours.MatchString(got[0]) {
			t.Errorf("sent %q, got %q", sent, got)
		}
		if saw := h.echoed(a); saw.Header.Get("X-Request-Id") != got[0] {
			t.Errorf("the service saw %q", saw.Header.Get("X-Request-Id"))
		}
	}
	a := h.do("GET", h.public+"/widget/w", nil, "X-Request-Id: one", "X-Request-Id: two")
	if got := a.Header.Values("X-Request-Id"); len(got) != 1 || !ours.MatchString(got[0]) {
		t.Errorf("sent two, got %q", got)
	}
}

func TestPathAndQueryArriveAsSent(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, uri := range []string{
		"/tags/caf%C3%A9%20%2B+x", "/tags/a%3Fb%23c", "/tags/%E0%A4", "/tags/a;b=c",
		"/conversations/c?search=a%20b+c&x=%26&&y", "/conversations?",
	} {
		method := "GET"
		if strings.HasPrefix(uri, "/tags/") {
			method = "DELETE"
		}
		saw := h.echoed(h.do(method, h.public+uri, nil, bearer(bothPro)))
		if strings.TrimSuffix(saw.URI, "?") != strings.TrimSuffix(uri, "?") {
			t.Errorf("%s arrived as %s", uri, saw.URI)
		}
	}
}

func TestBodiesArriveComplete(t *testing.T) {
	t.Parallel()
	h := open(t)
	for name, c := range map[string]struct {
		body io.Reader
		size int64
	}{
		"small": {sized(100), 100}, "streamed": {sized(300_000), 300_000}, "at the cap": {
			sized(httpkit.DefaultBody), httpkit.DefaultBody,
		},
		"length unknown": {chunked(300_000), 300_000}, "unknown, at the cap": {
			chunked(httpkit.DefaultBody), httpkit.DefaultBody,
		},
		"unknown and empty": {chunked(0), 0},
	} {
		saw := h.echoed(h.do("POST", h.public+"/tickets", c.body, bearer(bothPro), "Content-Type: application/json"))
		if saw.Length != c.size || int64(len(saw.Body)) != c.size ||
			saw.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d bytes arrived, stated as %d", name, len(saw.Body), saw.Length)
		}
	}
	saw := h.echoed(h.do("POST", h.public+"/conversations/import", sized(8<<20), bearer(bothPro)))
	if saw.Length != 8<<20 {
		t.Errorf("import: %d bytes", saw.Length)
	}
}

// raw sends bytes unchanged, closes its sending side, and returns the response.
func (h *fixture) raw(request string) (*http.Response, error) {
	h.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.public, "http://"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	io.WriteString(conn, request)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		h.t.Fatal(err)
	}
	return http.ReadResponse(bufio.NewReader(conn), nil)
}

func TestIncompleteBodyIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	head := "POST /tickets HTTP/1.1\r\nHost: x\r\n" + bearer(bothPro) + "\r\n"
	for name, rest := range map[string]string{
		"small":    "Content-Length: 10\r\n\r\nabc",
		"streamed": "Content-Length: 300000\r\n\r\nabc",
		"chunked":  "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"no chunk": "Transfer-Encoding: chunked\r\n\r\nzzz\r\n",
	} {
		resp, err := h.raw(head + rest)
		if err == nil && resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
}

// TestSlowBodyIsRefused: a body that doesn't arrive by the request's deadline is refused.
func TestSlowBodyIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.Timeout = 300 * time.Millisecond })
	for name, rest := range map[string]string{
		"small":    "Content-Length: 10\r\n\r\nabc",
		"streamed": "Content-Length: 300000\r\n\r\nabc",
		"chunked":  "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.public, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "POST /tickets HTTP/1.1\r\nHost: x\r\n"+bearer(bothPro)+"\r\n"+rest)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if resp.StatusCode != 400 {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	if n := h.echoed(h.do("POST", h.public+"/tickets", sized(300_000), bearer(bothPro))).Length; n != 300_000 {
		t.Errorf("a fast client: %d bytes arrived", n)
	}
}

func TestInternalResponseHeadersAreRemoved(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("X-Fivechat-Assertion", "leak")
		w.Header().Set("X-Fivechat-Anything", "leak")
		w.Header().Set("X-Request-Id", "the service's")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src *")
		w.Header().Set("Etag", `"1"`)
		if r.URL.Path != "/tickets" {
			w.Header().Set("Cache-Control", "private, max-age=5")
		}
		w.WriteHeader(http.StatusCreated)
		return true
	}
	a := h.do("POST", h.public+"/tickets", nil, bearer(bothPro), "X-Request-Id: mine")
	for name, want := range map[string]string{
		"X-Fivechat-Assertion":    "",
		"X-Fivechat-Anything":     "",
		"X-Request-Id":            "mine",
		"X-Content-Type-Options":  "nosniff",
		"Etag":                    `"1"`,
		"Cache-Control":           "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got := strings.Join(a.Header.Values(name), " | "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	a = h.do("GET", h.public+"/tickets/1", nil, bearer(bothPro))
	if got := a.Header.Values("Cache-Control"); len(got) != 1 || got[0] != "private, max-age=5" {
		t.Errorf("Cache-Control: %q", got)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, path := range []string{"/health", "/widgets/w", "/widget/w", "/conversations"} {
		a := h.do("HEAD", h.public+path, nil, bearer(readFree))
		if a.StatusCode != 200 || len(a.body) != 0 || a.ContentLength <= 0 {
			t.Errorf("%s: %d with %d bytes of %d", path, a.StatusCode, len(a.body), a.ContentLength)
		}
	}
	if a := h.do("HEAD", h.public+"/conversations", nil); a.StatusCode != 401 {
		t.Errorf("without a token: %d", a.StatusCode)
	}
	if a := h.do("HEAD", h.public+"/visitor/sessions", nil); a.StatusCode != 405 {
		t.Errorf("a path without GET: %d", a.StatusCode)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, headers := range [][]string{nil, {bearer(readFree)}, {bearer(writeFree)}} {
		a := h.do("GET", h.public+"/health", nil, headers...)
		form := regexp.MustCompile(`^\{"status":"ok","timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"\}$`)
		if a.StatusCode != 200 || !form.Match(a.body) ||
			a.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%v: %d %s %s", headers, a.StatusCode, a.Header.Get("Content-Type"), a.body)
		}
	}
}
