package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"fivechat.dev/api-gateway/app"
)

// begin sends the start of a request on a new connection, and returns the connection.
func (h *fixture) begin(text string) net.Conn {
	h.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.public, "http://"))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		h.t.Fatal(err)
	}
	return conn
}

// held is the number of bytes of bodies or of answers that the gateway's metric reports.
func (h *fixture) held(of string) float64 {
	h.t.Helper()
	_, after, found := strings.Cut(
		string(h.do("GET", h.admin+"/metrics", nil).body), fmt.Sprintf("\nfivechat_edge_bytes{of=%q} ", of),
	)
	line, _, _ := strings.Cut(after, "\n")
	n, err := strconv.ParseFloat(line, 64)
	if !found || err != nil {
		h.t.Fatalf("no bytes of %s: %v", of, err)
	}
	return n
}

// TestCredentialIsCheckedBeforeTheBody: a request with a body of unknown length is refused by credential, permission
// and quota before the body has arrived.
func TestCredentialIsCheckedBeforeTheBody(t *testing.T) {
	t.Parallel()
	h := open(t)
	for name, c := range map[string]struct {
		headers string
		status  int
	}{
		"no token":        {"", 401},
		"a false token":   {bearer(stray) + "\r\n", 401},
		"no permission":   {bearer(readFree) + "\r\n", 403},
		"an endless body": {bearer(writeFree) + "\r\n", 0},
	} {
		conn := h.begin(
			"POST /conversations/import HTTP/1.1\r\nHost: x\r\n" + c.headers +
				"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		)
		if c.status == 0 { // the body is read: there is no response yet
			_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			if _, err := conn.Read(make([]byte, 1)); err == nil {
				t.Errorf("%s: it is answered", name)
			}
			continue
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != c.status {
			t.Errorf("%s: %v, %v, want %d", name, resp, err, c.status)
		}
	}
}

// TestIdleUploadsDontBlockOthers: announced bodies that don't arrive take no places.
func TestIdleUploadsDontBlockOthers(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.Concurrency = 16 })
	for _, credential := range []string{named + "\r\n" + proven, bearer(bothPro)} {
		path := map[bool]string{
			true:  "/conversations/import",
			false: "/visitor/conversations",
		}[strings.HasPrefix(credential, "Auth")]
		for range 16 {
			h.begin("POST " + path + " HTTP/1.1\r\nHost: x\r\n" + credential + "\r\nContent-Length: 900000\r\n\r\nx")
		}
	}
	if !eventually(t, 5*time.Second, func() bool {
		metrics := string(h.do("GET", h.admin+"/metrics", nil).body)
		return strings.Contains(metrics, `http_server_active_requests{class="import"} 16`)
	}) {
		t.Fatal("the uploads have not begun")
	}
	if n := h.held("bodies"); n != 0 {
		t.Errorf("%v bytes are held of bodies of which one byte has arrived", n)
	}
	if a := h.do("POST", h.public+"/conversations/import", strings.NewReader(long), bearer(bothPro)); a.StatusCode != 200 {
		t.Errorf("an import beside them: %d %s", a.StatusCode, a.body)
	}
	if n := h.held("bodies"); n != 0 {
		t.Errorf("%v bytes are held after the import", n)
	}
}

// TestBodiesShareABudget: a website that uploads much and slowly is refused more uploads; others aren't.
func TestBodiesShareABudget(t *testing.T) {
	t.Parallel()
	h := open(t)
	const most = 8 << 20
	for range 2 { // a share is 16 MiB
		h.begin(fmt.Sprintf("POST /conversations/import HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\n\r\n%s",
			bearer(bothPro), most, strings.Repeat("x", most-1)))
	}
	if !eventually(t, 10*time.Second, func() bool { return h.held("bodies") > 2*most-64<<10 }) {
		t.Fatalf("%v bytes are held", h.held("bodies"))
	}
	load := func(credential string) answer {
		return h.do("POST", h.public+"/tickets", strings.NewReader(long), credential)
	}
	a := load(bearer(bothPro))
	if p := h.problem(a); a.StatusCode != 429 || p.Code != "rate_limited" || a.Header.Get("Retry-After") != "1" {
		t.Errorf("one more body of the website: %d %s", a.StatusCode, a.body)
	}
	if a := h.do("POST", h.public+"/tickets", strings.NewReader("{}"), bearer(bothPro)); a.StatusCode != 200 {
		t.Errorf("a short body of the website: %d %s", a.StatusCode, a.body)
	}
	if a := h.do("POST", h.public+"/visitor/conversations", strings.NewReader(long), named, proven); a.StatusCode != 200 {
		t.Errorf("a visitor's body: %d %s", a.StatusCode, a.body)
	}
}

// TestUnreadResponsesShareABudget: a caller that doesn't read its responses is refused more; others aren't.
func TestUnreadResponsesShareABudget(t *testing.T) {
	t.Parallel()
	h := open(t)
	large := []byte(strings.Repeat("x", 15<<20))
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/messages") {
			w.Header().Set("Content-Length", strconv.Itoa(len(large)))
			_, _ = w.Write(large)
			return true
		}
		return false
	}
	h.begin("GET /conversations/c/messages HTTP/1.1\r\nHost: x\r\n" + bearer(bothPro) + "\r\n\r\n")
	if !eventually(t, 10*time.Second, func() bool { return h.held("answers") == 15<<20 }) {
		t.Fatalf("%v bytes are held", h.held("answers"))
	}
	a := h.do("GET", h.public+"/conversations/c/messages", nil, bearer(bothPro))
	if h.problem(a); a.StatusCode != 429 || a.Header.Get("Retry-After") != "1" {
		t.Errorf("one more answer for the website: %d %.200s", a.StatusCode, a.body)
	}
	if a := h.do("GET", h.public+"/conversations", nil, bearer(bothPro)); a.StatusCode != 200 {
		t.Errorf("a short answer for the website: %d %.200s", a.StatusCode, a.body)
	}
	if a := h.do("GET", h.public+"/visitor/conversations/c/messages", nil, named, proven); len(a.body) != len(large) {
		t.Errorf("a visitor's: %d, %d bytes", a.StatusCode, len(a.body))
	}
}

// TestBadResponsesDontOpenTheCircuitBreaker: a response that can't be passed on affects only its own request.
func TestBadResponsesDontOpenTheCircuitBreaker(t *testing.T) {
	t.Parallel()
	const secret = "5c_secretsecretsecret"
	raw := func(text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
	for name, c := range map[string]struct {
		give   func(http.ResponseWriter)
		status int
	}{
		"a head of 12 KiB": {func(w http.ResponseWriter) {
			w.Header().Set("Link", strings.Repeat("x", 12<<10))
		}, 200},
		"a head of 20 KiB": {func(w http.ResponseWriter) {
			w.Header().Set("Link", secret+strings.Repeat("x", 20<<10))
		}, 500},
		"no status line":                {raw(secret + " is no status line\r\nX: " + secret + "\r\n\r\n"), 500},
		"a header line without a colon": {raw("HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n"), 500},
		"a length that is none":         {raw("HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n"), 500},
		"17 MiB":                        {raw("HTTP/1.1 200 OK\r\nContent-Length: 17825792\r\n\r\n" + secret), 500},
		"a chunk without a length": {
			raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + secret + "\r\n"), 500,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			h.answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/tickets" {
					c.give(w)
				}
				return r.URL.Path == "/tickets"
			}
			for range 25 {
				if a := h.do("GET", h.public+"/tickets", nil, bearer(bothPro)); a.StatusCode != c.status ||
					strings.Contains(string(a.body), secret) {
					t.Fatalf("%d %.300s, want %d", a.StatusCode, a.body, c.status)
				}
			}
			if a := h.do("GET", h.public+"/tickets/1", nil, bearer(bothPro)); a.StatusCode != 200 {
				t.Errorf("another request to the service: %d %s", a.StatusCode, a.body)
			}
			if strings.Contains(h.log.String(), secret) {
				t.Errorf("the log quotes the answer: %s", h.log.String())
			}
		})
	}
}
