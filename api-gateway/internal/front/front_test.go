package front_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"fivechat.dev/api-gateway/internal/front"
)

// site is a Server on loopback.
type site struct {
	*front.Server
	t      *testing.T
	addr   string
	served chan error
	mux    *http.ServeMux
	log    bytes.Buffer
}

// open starts a site with the handlers of mux. /by says whether front or net/http handled the request.
func open(t *testing.T, change ...func(*front.Server)) *site {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, addr: ln.Addr().String(), served: make(chan error, 1), mux: http.NewServeMux()}
	s.Server = front.New(&http.Server{
		Handler:           s.mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       10 * time.Second,
		ErrorLog:          log.New(&s.log, "", 0),
	})
	for _, c := range change {
		c(s.Server)
	}
	s.mux.HandleFunc("/by", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", by(w), r.Method, body)
	})
	go func() { s.served <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-s.served
	})
	return s
}

func by(w http.ResponseWriter) string {
	if _, ours := w.(interface{ HandOver() }); ours {
		return "front"
	}
	return "net/http"
}

// line is a connection to a site.
type line struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func (s *site) dial() *line {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return &line{c, s.t, bufio.NewReader(c)}
}

func (l *line) send(text string) {
	l.t.Helper()
	if _, err := io.WriteString(l, text); err != nil {
		l.t.Fatal(err)
	}
}

// answer reads the response to a request of a method.
func (l *line) answer(method string) (*http.Response, string) {
	l.t.Helper()
	resp, err := http.ReadResponse(l.r, &http.Request{Method: method})
	if err != nil {
		l.t.Fatalf("no answer: %v", err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatalf("half an answer: %v", err)
	}
	return resp, string(b)
}

// ended fails the test if the connection delivers anything but its end.
func (l *line) ended() {
	l.t.Helper()
	if b, err := io.ReadAll(l.r); err != nil && !errors.Is(err, net.ErrClosed) &&
		!strings.Contains(err.Error(), "reset") || len(b) > 0 {
		l.t.Errorf("the connection did not end: %q, %v", b, err)
	}
}

func request(method, target, body string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", method, target, len(body), body)
}

// TestOtherRequestsAreHandedOver: front handles the plain requests of a connection, one after the other. From the first
// request that isn't plain, net/http handles all.
func TestOtherRequestsAreHandedOver(t *testing.T) {
	t.Parallel()
	l := open(t).dial()
	for i := range 3 {
		l.send(request("POST", "/by", fmt.Sprint("body ", i)))
		if _, body := l.answer("POST"); body != fmt.Sprint("front POST body ", i) {
			t.Error(body)
		}
	}
	chunked := "POST /by HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
	l.send(request("PUT", "/by", "1") + request("PUT", "/by", "2") + chunked + request("PUT", "/by", "3"))
	for _, want := range []string{"front PUT 1", "front PUT 2", "net/http POST abc", "net/http PUT 3"} {
		if _, body := l.answer("PUT"); body != want {
			t.Errorf("%q and not %q", body, want)
		}
	}
}

func TestIncompleteRequestsAreHandedOver(t *testing.T) {
	t.Parallel()
	for name, pieces := range map[string][]string{
		"head": {"POST /by HTTP/1.1\r\nHo", "st: a\r\nContent-Length: 2\r\n\r\nok"},
		"body": {"POST /by HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\no", "k"},
		"long": {request("POST", "/by", "ok")[:10], request("POST", "/by", "ok")[10:]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			looked := make(chan struct{})
			s.mux.HandleFunc("/wait", func(http.ResponseWriter, *http.Request) { close(looked) })
			l := s.dial()
			l.send(request("GET", "/wait", "") + pieces[0]) // the response shows that the piece was read
			<-looked
			l.answer("GET")
			l.send(pieces[1])
			if _, body := l.answer("POST"); body != "net/http POST ok" {
				t.Error(body)
			}
		})
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x00\r\n\r\n",
	} {
		l := open(t).dial()
		l.send(text)
		if resp, _ := l.answer("GET"); resp.StatusCode < 400 {
			t.Errorf("%q: %d", text, resp.StatusCode)
		}
		l.ended()
	}
}

// TestResponsesMatchNetHTTP: a handler's response arrives like one from net/http, except for headers that clients
// ignore.
func TestResponsesMatchNetHTTP(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	write := func(stated bool, status int, parts ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Split", "a\r\nb: c")
			w.Header()["X Bad"] = []string{"d"}
			w.Header().Add("Vary", "e")
			w.Header().Add("Vary", "f")
			if stated {
				w.Header().Set("Content-Length", fmt.Sprint(len(strings.Join(parts, ""))))
			}
			if status > 0 {
				w.WriteHeader(status)
				w.WriteHeader(500) // the first status counts
			}
			for _, p := range parts {
				io.WriteString(w, p)
			}
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		method  string
		status  int
		body    string
		length  int64
	}{
		"nothing":           {write(false, 0), "GET", 200, "", 0},
		"unstated":          {write(false, 0, "a", "b"), "GET", 200, "ab", 2},
		"stated":            {write(true, 201, "ab", "c"), "GET", 201, "abc", 3},
		"stated empty":      {write(true, 200), "GET", 200, "", 0},
		"large, unstated":   {write(false, 200, large, "x"), "GET", 200, large + "x", 1<<20 + 1},
		"large, stated":     {write(true, 200, "x", large), "GET", 200, "x" + large, 1<<20 + 1},
		"head, unstated":    {write(false, 200, "abc"), "HEAD", 200, "", 3},
		"head, stated":      {write(true, 200, "abc"), "HEAD", 200, "", 3},
		"no content":        {write(false, 204, "abc"), "GET", 204, "", 0},
		"not modified":      {write(false, 304), "GET", 304, "", 0},
		"not final, unsent": {write(false, 103), "GET", 500, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.mux.HandleFunc("/x", c.handler)
			l := s.dial()
			for range 2 { // the second one shows that the first was read to its end
				l.send(c.method + " /x HTTP/1.1\r\nHost: a\r\n\r\n")
				resp, body := l.answer(c.method)
				if resp.StatusCode != c.status || body != c.body || max(resp.ContentLength, 0) != c.length {
					t.Errorf("%d, %d of %d bytes", resp.StatusCode, len(body), resp.ContentLength)
				}
				if h := resp.Header; len(h.Values("Date")) != 1 || h.Get("X-Split") != "a  b: c" || h.Get("B") != "" ||
					h.Get("X Bad") != "" || len(h.Values("Vary")) != 2 {
					t.Errorf("headers %v", h)
				}
			}
		})
	}
}

// TestIncompleteResponseEndsTheConnection, so that it is never taken for a complete one.
func TestIncompleteResponseEndsTheConnection(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func(){
		"it ended early": func() {},
		"it broke off":   func() { panic(http.ErrAbortHandler) },
		"it panicked":    func() { panic("what was that") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.mux.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "10")
				io.WriteString(w, "half")
				after()
			})
			l := s.dial()
			l.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
			resp, err := http.ReadResponse(l.r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(resp.Body); string(b) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
}

// TestStreamsAreHandedOver: a handler that streams hands its request over, and is called again with all features of
// net/http.
func TestStreamsAreHandedOver(t *testing.T) {
	t.Parallel()
	s := open(t)
	next := make(chan struct{})
	s.mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		if h, ours := w.(interface{ HandOver() }); ours {
			h.HandOver()
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "one %s\n", body)
		_ = http.NewResponseController(w).Flush()
		<-next
		fmt.Fprint(w, "two")
	})
	l := s.dial()
	l.send(request("POST", "/stream", "body"))
	resp, err := http.ReadResponse(l.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(resp.Body)
	if first, err := r.ReadString('\n'); first != "one body\n" {
		t.Fatalf("%q, %v", first, err)
	}
	close(next)
	if rest, err := io.ReadAll(r); string(rest) != "two" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

// TestDisconnectEndsTheContext: a client that sends its next request meanwhile hasn't disconnected.
func TestDisconnectEndsTheContext(t *testing.T) {
	t.Parallel()
	s := open(t)
	entered, ended := make(chan struct{}), make(chan error, 1)
	s.mux.HandleFunc("/x", func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		select {
		case <-r.Context().Done():
		case <-time.After(20 * time.Second):
		}
		ended <- r.Context().Err()
	})
	l := s.dial()
	l.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	l.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the context ended with %v", err)
	}
}

func TestNextRequestIsNotADisconnect(t *testing.T) {
	t.Parallel()
	s := open(t, func(s *front.Server) { s.WatchAfter(time.Microsecond) })
	entered, release := make(chan struct{}, 2), make(chan struct{})
	s.mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-release
		fmt.Fprint(w, by(w), " ", r.Context().Err())
	})
	for range 50 { // the watch reads while the next request arrives, before or after
		l := s.dial()
		l.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
		<-entered
		l.send(request("POST", "/by", "next"))
		release <- struct{}{}
		if _, body := l.answer("GET"); body != "front <nil>" {
			t.Error(body)
		}
		if _, body := l.answer("POST"); !strings.HasSuffix(body, "POST next") {
			t.Error(body)
		}
	}
}

// TestShutdownFinishesRequests: requests in progress finish, whether front or net/http handles them. Idle connections
// are closed, and new ones refused.
func TestShutdownFinishesRequests(t *testing.T) {
	t.Parallel()
	s := open(t)
	entered, release := make(chan struct{}, 2), make(chan struct{})
	s.mux.HandleFunc("/x", func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
		fmt.Fprint(w, by(w))
	})
	resting, ours, theirs := s.dial(), s.dial(), s.dial()
	resting.send(request("GET", "/by", ""))
	resting.answer("GET")
	ours.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
	theirs.send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	<-entered
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	resting.ended()
	if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve ended with %v", err)
	}
	s.served <- nil
	if _, err := net.Dial("tcp", s.addr); err == nil {
		t.Error("a new connection was accepted")
	}
	close(release)
	for l, want := range map[*line]string{ours: "front", theirs: "net/http"} {
		if resp, body := l.answer("GET"); body != want || !resp.Close {
			t.Errorf("%q, and the answer says that it is the last: %v", body, resp.Close)
		}
		l.ended()
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestShutdownIsBounded(t *testing.T) {
	t.Parallel()
	s := open(t)
	entered, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	s.mux.HandleFunc("/x", func(http.ResponseWriter, *http.Request) { close(entered); <-release })
	s.dial().send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
