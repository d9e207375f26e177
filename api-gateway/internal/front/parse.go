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

// message is a plain request as it is read. It is used again for the next one.
type message struct {
	request http.Request
	blank   http.Request // what every request of the connection has
	header  http.Header
	values  []string // behind the header's entries
	body    bytes.Reader
}

// The methods of plain requests.
var methods = map[string]string{
	"GET":     "GET",
	"HEAD":    "HEAD",
	"POST":    "POST",
	"PUT":     "PUT",
	"PATCH":   "PATCH",
	"DELETE":  "DELETE",
	"OPTIONS": "OPTIONS",
}

// canonical are names of headers as clients write them, in the form that http.Header has.
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

// maxLines is how many header lines a plain request has at most.
const maxLines = 64

var endHead = []byte("\r\n\r\n")

// prepare makes m ready for the requests of a connection from an address, which end when gone does.
func (m *message) prepare(gone context.Context, remote string) {
	m.header = http.Header{}
	m.blank = *(&http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: remote}).WithContext(gone)
}

// parse reads the request that b begins with into m and gives its length, head and body. It gives 0 for everything that
// is not plain: what is not all there, what RFC 9112 does not allow, and of what it allows, whatever has more than one
// reading or changes what happens to the connection.
func (m *message) parse(b []byte) int {
	head := bytes.Index(b, endHead)
	if head < 0 {
		return 0
	}
	text := string(b[:head]) // the only copy: every value is a part of it
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

// field takes in a header line, unless it makes the request one that is not plain.
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
	case "Transfer-Encoding", "Upgrade", "Expect", "Trailer", "Te", "Proxy-Connection", "Keep-Alive", "Http2-Settings", "Pragma": // the last adds a header in net/http
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

// length is what Content-Length says, 0 without one, and -1 where it is not a plain number.
func (m *message) length() int {
	stated, there := m.header["Content-Length"]
	if !there {
		return 0
	}
	n, err := strconv.ParseUint(stated[0], 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != stated[0] {
		return -1
	}
	return int(n) //nolint:gosec // of 31 bits
}
