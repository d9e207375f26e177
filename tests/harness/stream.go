package harness

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Frame is one server-sent event.
type Frame struct {
	ID, Event string
	Data      Object
}

// Happened returns the data of an event other than the stream's own ones.
func (f Frame) Happened() Object { return f.Data.Object("data") }

// Stream is an open event stream.
type Stream struct {
	Last       string // the id of the last frame that had one
	Proto      string // the HTTP version
	what       string
	frames     chan Frame // closed when the stream has ended
	heartbeats atomic.Int64
	ended      atomic.Bool
	cancel     context.CancelFunc
}

const eventStream = "text/event-stream; charset=utf-8"

// streaming differs from transport, whose clients have a timeout. It accepts the self-signed certificates of tests.
var streaming = &http.Client{Transport: &http.Transport{
	MaxIdleConnsPerHost: 128,
	DisableCompression:  true,
	ForceAttemptHTTP2:   true,
	TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
}}

// Events opens a stream, after the event with the id unless that is empty. The stream ends with the test.
func (c Client) Events(t testing.TB, path, id string) *Stream {
	t.Helper()
	s, status := c.TryEvents(t, path, id)
	if s == nil {
		t.Fatalf("GET %s: %d", path, status)
	}
	return s
}

// TryEvents is like Events for a stream that may be refused: then it returns nil and the status.
func (c Client) TryEvents(t testing.TB, path, id string) (*Stream, int) {
	t.Helper()
	if id != "" {
		c = c.With("Last-Event-ID", id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	req, err := c.request(ctx, "GET", path, nil)
	if err != nil {
		cancel()
		t.Fatalf("GET %s: %v", path, err)
	}
	resp, err := streaming.Do(req) //nolint:bodyclose // the reading goroutine closes it
	if err != nil {
		cancel()
		t.Fatalf("GET %s: %v", path, err)
	}
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || got != eventStream {
		resp.Body.Close()
		cancel()
		return nil, resp.StatusCode
	}
	s := &Stream{Proto: resp.Proto, what: path, frames: make(chan Frame, 1024), cancel: cancel}
	go func() {
		defer close(s.frames)
		defer s.ended.Store(true)
		defer resp.Body.Close()
		for in := bufio.NewReader(resp.Body); ; {
			f, err := s.readFrame(t, in)
			if err != nil {
				return
			}
			select {
			case s.frames <- f:
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(cancel)
	return s, resp.StatusCode
}

// readFrame reads up to the next empty line. A frame with only a comment is a heartbeat, which it counts.
func (s *Stream) readFrame(t testing.TB, in *bufio.Reader) (Frame, error) {
	var f Frame
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return f, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case ":":
			s.heartbeats.Add(1)
		case "id":
			f.ID = value
		case "event":
			f.Event = value
		case "data":
			f.Data, err = decodeObject(t, value)
		case "":
			if f.Event != "" {
				return f, nil
			}
		}
		if err != nil {
			return f, err
		}
	}
}

func decodeObject(t testing.TB, text string) (Object, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	err := d.Decode(&m)
	return NewObject(t, m), err
}

// Heartbeats returns the number of heartbeats received.
func (s *Stream) Heartbeats() int64 { return s.heartbeats.Load() }

// Ended reports whether the stream has ended.
func (s *Stream) Ended() bool { return s.ended.Load() }

// Close disconnects from the stream.
func (s *Stream) Close() { s.cancel() }

// Next returns the next event. It ends the test if none comes.
func (s *Stream) Next(t testing.TB) Frame {
	t.Helper()
	f, comes := s.Try(t)
	if !comes {
		t.Fatalf("no event on the stream %s", s.what)
	}
	return f
}

// Try returns the next event and reports whether one came in time.
func (s *Stream) Try(t testing.TB) (Frame, bool) {
	t.Helper()
	select {
	case f, open := <-s.frames:
		if f.ID != "" {
			s.Last = f.ID
		}
		return f, open
	case <-time.After(Patience):
		return Frame{}, false
	}
}

// Until skips events up to the first of a type.
func (s *Stream) Until(t testing.TB, event string) Frame {
	t.Helper()
	for {
		if f := s.Next(t); f.Event == event {
			return f
		}
	}
}

// Want expects events of these types next. It skips events about visitors, whose presence changes at any time.
func (s *Stream) Want(t testing.TB, events ...string) []Frame {
	t.Helper()
	var frames []Frame
	for _, want := range events {
		f := s.Next(t)
		for strings.HasPrefix(f.Event, "visitor.") {
			f = s.Next(t)
		}
		if f.Event != want {
			t.Fatalf("%s: %s, want %s: %s", s.what, f.Event, want, f.Data)
		}
		frames = append(frames, f)
	}
	return frames
}

// readAnswer reads a body. Of a stream it reads the first event.
func readAnswer(resp *http.Response) ([]byte, error) {
	if resp.Request.Method == "HEAD" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return io.ReadAll(resp.Body)
	}
	var b []byte
	for in := bufio.NewReader(resp.Body); !strings.HasSuffix(string(b), "\n\n"); {
		line, err := in.ReadBytes('\n')
		if b = append(b, line...); err != nil {
			return b, err
		}
	}
	return b, nil
}
