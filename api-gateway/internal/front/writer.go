package front

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"

	"fivechat.dev/libs/transport/httpkit"
)

const (
	writeTimeout = 60 * time.Second // for a client to accept a response, or the part of one written at once
	keptBytes    = 64 << 10         // a larger buffer isn't kept for the next response
)

// writer is the ResponseWriter of a connection, one request after the other. If the handler states Content-Length, the
// response is sent as it is written. Otherwise it is buffered and sent when the handler has returned.
type writer struct {
	conn    net.Conn
	last    *atomic.Bool // the server is stopping: the response closes the connection
	header  http.Header
	out     []byte // head and body that aren't sent yet
	body    []byte // body of a response without a stated length
	status  int    // 0 until the response has started
	stated  int64  // stated length of the body; -1 for none
	head    bool   // the request is a HEAD: bytes are counted, not sent
	counted int64
	broken  bool // nothing more can be sent, or the connection must end
	handed  bool
}

func (w *writer) begin(head bool) {
	if cap(w.out) > keptBytes {
		w.out = nil
	}
	if cap(w.body) > keptBytes {
		w.body = nil
	}
	clear(w.header)
	w.out, w.body = w.out[:0], w.body[:0]
	w.status, w.counted, w.stated, w.head, w.handed = 0, 0, -1, head, false
}

// HandOver leaves the request to net/http, which calls the handler again. Handlers of streams call it before anything
// else.
func (w *writer) HandOver() { w.handed = true }

// Header implements http.ResponseWriter.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Informational statuses aren't sent.
func (w *writer) WriteHeader(status int) {
	if w.status != 0 || status < 200 {
		return
	}
	w.status = status
	if stated := w.header["Content-Length"]; len(stated) > 0 {
		n, err := strconv.ParseUint(stated[0], 10, 63)
		if err != nil {
			delete(w.header, "Content-Length")
		} else {
			w.stated = int64(n) //nolint:gosec // has 63 bits
		}
	}
	if w.stated >= 0 || !httpkit.HasBody(status) {
		w.writeHead()
	}
}

// writeHead appends the status line and the headers to out.
func (w *writer) writeHead() {
	if w.last.Load() {
		w.header["Connection"] = []string{"close"}
	}
	b := append(w.out, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(w.status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(w.status)...)
	b = append(b, "\r\nDate: "...)
	b = append(b, date()...)
	for name, values := range w.header {
		if !httpguts.ValidHeaderFieldName(name) || name == "Date" || name == "Content-Length" &&
			!httpkit.HasBody(w.status) {
			continue
		}
		for _, v := range values {
			if strings.IndexByte(v, '\n') >= 0 || strings.IndexByte(v, '\r') >= 0 {
				v = strings.NewReplacer("\r", " ", "\n", " ").Replace(v)
			}
			b = append(b, "\r\n"...)
			b = append(b, name...)
			b = append(b, ": "...)
			b = append(b, v...)
		}
	}
	w.out = append(b, "\r\n\r\n"...)
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case !httpkit.HasBody(w.status):
		return 0, http.ErrBodyNotAllowed
	case w.head:
	case w.stated < 0:
		w.body = append(w.body, b...)
	default:
		if err := w.send(b); err != nil {
			return 0, err
		}
	}
	w.counted += int64(len(b))
	return len(b), nil
}

// send sends out, followed by b.
func (w *writer) send(b []byte) error {
	if w.broken {
		return net.ErrClosed
	}
	err := w.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	switch {
	case err != nil:
	case len(w.out)+len(b) <= keptBytes:
		w.out = append(w.out, b...)
		_, err = w.conn.Write(w.out)
	default:
		parts := net.Buffers{w.out, b}
		_, err = parts.WriteTo(w.conn)
	}
	w.out, w.broken = w.out[:0], err != nil
	return err
}

// end sends the rest of the response. If the body is shorter or longer than stated, it ends the connection, because the
// client can't find the start of the next response.
func (w *writer) end() {
	if w.broken {
		return
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.stated < 0 && httpkit.HasBody(w.status) {
		w.header["Content-Length"] = []string{strconv.FormatInt(w.counted, 10)}
		w.writeHead()
	}
	if len(w.out) > 0 {
		_ = w.send(w.body) // broken records the error
	}
	if w.stated >= 0 && w.stated != w.counted && !w.head && httpkit.HasBody(w.status) ||
		httpguts.HeaderValuesContainsToken(w.header["Connection"], "close") {
		w.broken = true
	}
}

// today is the value of the Date header in one second.
type today struct {
	second int64
	text   string
}

var now atomic.Pointer[today]

// date returns the current time in the format of the Date header.
func date() string {
	t := time.Now()
	d := now.Load()
	if d == nil || d.second != t.Unix() {
		d = &today{t.Unix(), t.UTC().Format(http.TimeFormat)}
		now.Store(d)
	}
	return d.text
}
