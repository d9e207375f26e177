package front

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// message is a parsed plain request. It is reused for the next one of the connection.
type message struct {
	request http.Request
	blank   http.Request // fields that all requests of the connection share
	header  http.Header
	values  []string // backing array of the header's entries
	body    bytes.Reader
}

// methods are the methods of plain requests.
var methods = map[string]string{
	"GET":     "GET",
	"HEAD":    "HEAD",
	"POST":    "POST",
	"PUT":     "PUT",
	"PATCH":   "PATCH",
	"DELETE":  "DELETE",
	"OPTIONS": "OPTIONS",
}

// canonical maps names of headers, in the spellings that clients use, to the form in http.Header.
var canonical = func() map[string]string {
	names := map[string]string{}
	for _, n := range []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Content-Length",
		"Content-Type", "Cookie", "Dnt", "Host",
		"Idempotency-Key", "If-Match", "If-Modified-Since", "If-None-Match", "Origin", "Priority", "Referer",
		"Sec-Ch-Ua", "Sec-Ch-Ua-Mobile",
		"Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Gpc", "Traceparent",
		"Tracestate", "User-Agent",
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "X-Request-Id", "X-Visitor-Id",
		"X-Visitor-Secret",
	} {
		names[n], names[strings.ToLower(n)] = n, n
	}
	return names
}()

// maxLines is the largest number of header lines in a plain request.
const maxLines = 64

var endHead = []byte("\r\n\r\n")

// prepare initializes m for the requests of one connection. Their context is gone.
func (m *message) prepare(gone context.Context, remote string) {
	m.header = http.Header{}
	m.blank = *(&http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: remote}).WithContext(gone)
}

// parse reads the request at the start of b into m, and returns its length in bytes, with head and body. It returns 0
// if the request isn't plain: if it is incomplete, if RFC 9112 forbids it, or if it could be read in more than one way
// or would change the state of the connection.
func (m *message) parse(b []byte) int {
	head := bytes.Index(b, endHead)
	if head < 0 {
		return 0
	}
	text := string(b[:head]) // the only copy: every value is a substring
	line, rest, _ := strings.Cut(text, "\r\n")
	if !m.start(line) || !m.fields(rest) {
		return 0
	}
	length := m.length()
	end := head + len(endHead) + length
	if length < 0 || end > len(b) {
		return 0
	}
	m.request.ContentLength, m.request.Body = int64(length), http.NoBody
	if length > 0 {
		m.body.Reset(b[end-length : end])
		m.request.Body = io.NopCloser(&m.body)
	}
	return end
}

// start reads the request line.
func (m *message) start(line string) bool {
	method, rest, _ := strings.Cut(line, " ")
	target, found := strings.CutSuffix(rest, " HTTP/1.1")
	if !found || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsFunc(target, func(r rune) bool {
			return r <= ' ' || r > '~' || r == '#'
		}) {
		return false
	}
	method, known := methods[method]
	u, err := url.ParseRequestURI(target)
	if !known || err != nil {
		return false
	}
	clear(m.header)
	m.request = m.blank
	m.request.Method, m.request.URL, m.request.RequestURI, m.request.Header = method, u, target, m.header
	return true
}

// fields reads the header lines.
func (m *message) fields(rest string) bool {
	m.values = m.values[:0]
	for n := 0; rest != ""; n++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, found := strings.Cut(line, ":")
		if n == maxLines || !found {
			return false
		}
		known, usual := canonical[name]
		if !usual {
			if !httpguts.ValidHeaderFieldName(name) {
				return false
			}
			known = http.CanonicalHeaderKey(name)
		}
		value = strings.Trim(value, " \t")
		if !httpguts.ValidHeaderFieldValue(value) || !m.field(known, value) {
			return false
		}
	}
	return m.request.Host != ""
}

// field stores a header line. It reports false if the line makes the request not plain.
func (m *message) field(name, value string) bool {
	switch name {
	case "Host":
		if m.request.Host != "" || !httpguts.ValidHostHeader(value) {
			return false
		}
		m.request.Host = value
		return true
	case "Connection":
		if !strings.EqualFold(value, "keep-alive") {
			return false
		}
	// Pragma adds a header in net/http.
	case "Transfer-Encoding", "Upgrade", "Expect", "Trailer", "Te", "Proxy-Connection", "Keep-Alive",
		"Http2-Settings", "Pragma":
		return false
	case "Content-Length":
		if m.header[name] != nil {
			return false
		}
	}
	if old, there := m.header[name]; there {
		m.header[name] = append(old, value)
		return true
	}
	m.values = append(m.values, value)
	n := len(m.values)
	m.header[name] = m.values[n-1 : n : n]
	return true
}

// length is the value of Content-Length: 0 without one, -1 if it isn't a plain number.
func (m *message) length() int {
	stated, there := m.header["Content-Length"]
	if !there {
		return 0
	}
	n, err := strconv.ParseUint(stated[0], 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != stated[0] {
		return -1
	}
	return int(n) //nolint:gosec // has 31 bits
}
