package front

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
)

func parsed(text string) (*message, int) {
	m := &message{}
	m.prepare(context.Background(), "192.0.2.1:1000")
	return m, m.parse([]byte(text))
}

// plain are requests that front handles itself.
var plain = map[string]string{
	"get":         "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"head":        "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
	"query":       "GET /a%2Fb/c?x=1&y=%20&z HTTP/1.1\r\nHost: a.example:8080\r\n\r\n",
	"empty query": "GET /a? HTTP/1.1\r\nHost: a\r\n\r\n",
	"body":        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
	"no body":     "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	"names":       "GET / HTTP/1.1\r\nhost: a\r\nACCEPT: b\r\nx-visitor-id: c\r\nx-Other-thing: d\r\n\r\n",
	"values": "GET / HTTP/1.1\r\nHost: a\r\nAccept:b\r\nX-Empty:\r\nX-Wide: \t c d \t\r\n" +
		"X-Text: \xc3\xa4\r\n\r\n",
	"a header twice": "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1\r\nAccept: b\r\nx-forwarded-for: 2\r\n" +
		"X-Forwarded-For: 3\r\n\r\n",
	"kept alive":      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n",
	"another follows": "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"authorization": "PATCH /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nIf-Match: \"1\"\r\n" +
		"Content-Length: 2\r\n\r\n{}",
	"a colon in value": "DELETE /x HTTP/1.1\r\nHost: [::1]:80\r\nReferer: http://b/c?d=e:f\r\n\r\n",
}

// TestPlainRequestsMatchNetHTTP: a plain request is parsed like net/http parses it.
func TestPlainRequestsMatchNetHTTP(t *testing.T) {
	t.Parallel()
	for name, text := range plain {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			alike(t, text)
		})
	}
}

// alike fails the test if text isn't plain, or is parsed differently by net/http.
func alike(t *testing.T, text string) {
	t.Helper()
	m, n := parsed(text)
	if n == 0 {
		t.Fatal("it is not taken for plain")
	}
	rest := bytes.NewBufferString(text)
	want, err := http.ReadRequest(bufio.NewReader(rest))
	if err != nil {
		t.Fatalf("net/http refuses it: %v", err)
	}
	got := &m.request
	if got.Method != want.Method || got.Host != want.Host || got.RequestURI != want.RequestURI ||
		got.URL.String() != want.URL.String() ||
		got.Proto != want.Proto || got.ContentLength != want.ContentLength || len(want.TransferEncoding) > 0 ||
		want.Close {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if !maps.EqualFunc(got.Header, want.Header, func(a, b []string) bool {
		return strings.Join(a, "\n") == strings.Join(b, "\n")
	}) {
		t.Errorf("header %v, want %v", got.Header, want.Header)
	}
	a, _ := io.ReadAll(got.Body)
	b, err := io.ReadAll(want.Body)
	if err != nil || string(a) != string(b) {
		t.Errorf("body %q, want %q (%v)", a, b, err)
	}
	if end := strings.Index(text, "\r\n\r\n") + 4 + len(a); n != end {
		t.Errorf("it ends at %d and not at %d", n, end)
	}
}

// TestUnusualRequestsAreNotPlain: malformed, incomplete and ambiguous requests are left to net/http.
func TestUnusualRequestsAreNotPlain(t *testing.T) {
	t.Parallel()
	get := func(lines string) string { return "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n" }
	for name, text := range map[string]string{
		"nothing":                  "",
		"half a line":              "GET / HT",
		"half a head":              "GET / HTTP/1.1\r\nHost: a\r\n",
		"half a body":              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
		"bare line feeds":          "GET / HTTP/1.1\nHost: a\n\n",
		"a bare line feed":         "GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n",
		"a bare carriage return":   "GET / HTTP/1.1\r\nHost: a\rX-A: b\r\n\r\n",
		"HTTP/1.0":                 "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
		"HTTP/1.2":                 "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
		"HTTP/2":                   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"no version":               "GET /\r\nHost: a\r\n\r\n",
		"lower case":               "get / HTTP/1.1\r\nHost: a\r\n\r\n",
		"unknown method":           "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
		"connect":                  "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
		"two spaces":               "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
		"a space in the target":    "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
		"absolute target":          "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"asterisk":                 "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"two slashes":              "GET //b/c HTTP/1.1\r\nHost: a\r\n\r\n",
		"a fragment":               "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
		"bytes in the target":      "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
		"a broken escape":          "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
		"no host":                  "GET / HTTP/1.1\r\nAccept: b\r\n\r\n",
		"empty host":               "GET / HTTP/1.1\r\nHost:\r\n\r\n",
		"two hosts":                get("Host: b\r\n"),
		"a host that is none":      "GET / HTTP/1.1\r\nHost: a/b c\r\n\r\n",
		"a folded line":            get("X-A: b\r\n c\r\n"),
		"a space before the colon": get("X-A : b\r\n"),
		"no colon":                 get("X-A\r\n"),
		"no name":                  get(": b\r\n"),
		"a name that is none":      get("X(A): b\r\n"),
		"a zero byte":              get("X-A: b\x00c\r\n"),
		"chunked":                  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunked and a length": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" +
			"\r\n0\r\n\r\n",
		"two lengths":        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"a list of lengths":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
		"a signed length":    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
		"a padded length":    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 05\r\n\r\nhello",
		"a negative length":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
		"an endless length":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"it closes":          get("Connection: close\r\n"),
		"it names a header":  get("Connection: keep-alive, X-A\r\n"),
		"an upgrade":         get("Upgrade: websocket\r\n"),
		"it waits for a 100": "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
		"too many lines":     get(strings.Repeat("X-A: b\r\n", maxLines)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, n := parsed(text); n != 0 {
				t.Errorf("it is taken for plain")
			}
		})
	}
}

// FuzzPlain: no request counts as plain that net/http refuses or parses differently.
func FuzzPlain(f *testing.F) {
	for _, text := range plain {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, n := parsed(text); n > 0 {
			alike(t, text)
		}
	})
}
