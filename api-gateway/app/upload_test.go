package app_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fivechat.dev/api-gateway/app"
)

// maxFile is the longest body of an upload in bytes, as its row has it.
const maxFile = 25 << 20

// receiving makes the services answer an upload with the number of bytes that arrived.
func (h *fixture) receiving(began chan<- struct{}) {
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/visitor/files" {
			return false
		}
		_, err := io.ReadFull(r.Body, make([]byte, 1))
		if began != nil {
			began <- struct{}{}
		}
		n, more := io.Copy(io.Discard, r.Body)
		err = errors.Join(err, more)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, n+1)
		return true
	}
}

func (h *fixture) upload(body io.Reader, length int64) (*http.Response, error) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), "POST", h.public+"/visitor/files?name=a", body)
	if err != nil {
		h.t.Fatal(err)
	}
	req.ContentLength = length
	req.Header.Set("x-visitor-id", someone)
	req.Header.Set("x-visitor-secret", secret)
	return http.DefaultClient.Do(req)
}

// TestUploadsPassThrough: the service gets the beginning of a body before its end has arrived, after longer than a
// request may take, and the gateway doesn't count it as a body that it holds.
func TestUploadsPassThrough(t *testing.T) {
	t.Parallel()
	const timeout = 50 * time.Millisecond
	h := open(t, func(c *app.Config) { c.Timeout = timeout })
	began := make(chan struct{}, 1)
	h.receiving(began)
	in, out := io.Pipe()
	go func() {
		_, _ = out.Write([]byte("beginning"))
		<-began
		<-time.After(2 * timeout)
		if n := h.held("bodies"); n != 0 {
			t.Errorf("%v bytes of bodies are held", n)
		}
		_, _ = out.Write(make([]byte, 1<<20))
		_ = out.Close()
	}()
	resp, err := h.upload(in, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 201 || string(b) != fmt.Sprint(9+1<<20) {
		t.Errorf("%d %s, %v", resp.StatusCode, b, err)
	}
}

// TestLongUploadsAreRefused: one whose stated length is too large at once, and one without a stated length when it is.
func TestLongUploadsAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.receiving(nil)
	for name, length := range map[string]int64{"stated": maxFile + 1, "not stated": -1} {
		resp, err := h.upload(io.LimitReader(endless{}, maxFile+1), length)
		if err != nil { // the connection may be closed before the client reads the response
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != 413 {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	resp, err := h.upload(strings.NewReader("x"), 1)
	if err != nil || resp.StatusCode != 201 {
		t.Fatalf("a short one: %v, %v", resp, err)
	}
	_ = resp.Body.Close()
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestUploadsAreRefusedBeforeTheirBodies: an upload without a credential gets its response before it has arrived.
func TestUploadsAreRefusedBeforeTheirBodies(t *testing.T) {
	t.Parallel()
	h := open(t)
	for path, want := range map[string]int{"/files?name=a": 401, "/visitor/files?name=a": 400} {
		conn := h.begin("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\nabc")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v, %v", path, resp, err)
		}
	}
}

// TestFilesAreOpenedInASandbox: the gateway sets the policy of files, whatever the service states.
func TestFilesAreOpenedInASandbox(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.answer = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Security-Policy", "default-src *")
		w.Header().Set("Content-Disposition", "attachment")
		w.Header().Set("Cache-Control", "private, max-age=9")
		_, _ = io.WriteString(w, "content")
		return true
	}
	got := h.do("GET", h.public+"/files/3/content?signature=x", nil)
	if got.StatusCode != 200 || string(got.body) != "content" ||
		!strings.HasPrefix(got.Header.Get("Content-Security-Policy"), "sandbox;") ||
		got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Content-Disposition") != "attachment" ||
		got.Header.Get("Cache-Control") != "private, max-age=9" {
		t.Errorf("%d %s %v", got.StatusCode, got.body, got.Header)
	}
}
