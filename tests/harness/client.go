package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// Client asks one listener in one caller's name. It is a value: With gives a changed copy.
type Client struct {
	base   string
	header http.Header
	edge   bool // the listener is the public edge
}

// transport is shared, so that tests side by side do not use up the ports.
var transport = &http.Client{
	Timeout:       60 * time.Second,
	Transport:     overheard{&http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true}},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// hears is told of every request.
var hears func(*http.Request, []byte)

// Overhear has each request that clients make told, with its body, from then on: what was said to a system must not be
// found where it does not belong. Call it before any test; hear is called by several goroutines.
func Overhear(hear func(*http.Request, []byte)) { hears = hear }

type overheard struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o overheard) RoundTrip(req *http.Request) (*http.Response, error) {
	if hears != nil {
		var content []byte
		if req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			if content, err = io.ReadAll(body); err != nil {
				return nil, err
			}
		}
		hears(req, content)
	}
	return o.RoundTripper.RoundTrip(req)
}

// NewClient makes a Client of any listener, without any credential.
func NewClient(base string) Client { return Client{base: base, header: http.Header{}} }

// Public is a caller without any credential.
func (s System) Public() Client {
	c := Client{s.URL, http.Header{}, true}
	if s.address != "" {
		c.header.Set("X-Forwarded-For", s.address)
	}
	return c
}

// From gives the same system to a caller at another address. It needs a system that trusts X-Forwarded-For from loopback,
// as the one of MainHostile does.
func (s System) From(address string) System {
	s.address = address
	return s
}

// Bearer is the holder of an API token.
func (s System) Bearer(token string) Client {
	return s.Public().With("Authorization", "Bearer "+token)
}

// Visitor is a caller who names a visitor by its token, and proves nothing.
func (s System) Visitor(token string) Client { return s.Public().With("x-visitor-id", token) }

// Proven is a visitor: a caller with a visitor token and its secret. The secret is "" for a visitor who has none.
func (s System) Proven(token, secret string) Client {
	if secret == "" {
		return s.Visitor(token)
	}
	return s.Visitor(token).With("x-visitor-secret", secret)
}

// Operator is the holder of the operator key, at the operator's listener.
func (s System) Operator() Client {
	return NewClient(s.OperatorURL).With("Authorization", "Bearer "+s.OperatorKey)
}

// With gives a copy that sends one more header.
func (c Client) With(name, value string) Client {
	h := c.header.Clone()
	h.Set(name, value)
	return Client{c.base, h, c.edge}
}

// At gives the same caller at another address of the system's.
func (c Client) At(base string) Client {
	c.base = base
	return c
}

// Raw is a body that is sent as it stands.
type Raw struct {
	ContentType string // "" sends none
	Body        []byte
	Chunked     bool // send no Content-Length
}

// JSON is a Raw of JSON text.
func JSON(text string) Raw { return Raw{ContentType: "application/json", Body: []byte(text)} }

// Answer is what came back.
type Answer struct {
	t            testing.TB
	Method, Path string
	Status       int
	Header       http.Header
	Body         []byte
}

// Do asks. body is nil for none, a Raw, or what is encoded as JSON. No request that a client can send may be answered
// with 5xx, and nothing by the edge otherwise than its document says: either fails the test. It may be called from any
// goroutine.
func (c Client) Do(t testing.TB, method, path string, body any) Answer {
	t.Helper()
	a := c.Try(t, method, path, body)
	if a.Status != 0 {
		a.check(c.edge)
	}
	return a
}

// Try is Do of a system that need not be well: the answer may be any. It may be called from any goroutine.
func (c Client) Try(t testing.TB, method, path string, body any) Answer {
	t.Helper()
	a, err := c.Ask(t.Context(), method, path, body)
	if a.t = t; err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return a
}

// Ask is Do without the checks, for who makes them: where t is not known, of the answer only its fields and Undocumented are to be used.
func (c Client) Ask(ctx context.Context, method, path string, body any) (Answer, error) {
	a := Answer{Method: method, Path: path}
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return a, err
	}
	resp, err := transport.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	a.Status, a.Header = resp.StatusCode, resp.Header
	a.Body, err = readAnswer(resp)
	return a, err
}

// check fails the test where an answer is one that nobody may get.
func (a Answer) check(edge bool) {
	a.t.Helper()
	if a.Status >= 500 {
		a.t.Errorf("%s %s answered %d: %s", a.Method, a.Path, a.Status, a.Body)
	}
	if edge {
		if a.Header.Get("X-Request-Id") == "" {
			a.t.Errorf("%s %s: the answer has no X-Request-Id", a.Method, a.Path)
		}
		if err := a.Undocumented(); err != nil {
			a.t.Errorf("%s %s: %d: %v: %.300s", a.Method, a.Path, a.Status, err, a.Body)
		}
	}
}

// Request makes a request without a body, for who sends it otherwise than Do.
func (c Client) Request(ctx context.Context, method, path string) (*http.Request, error) {
	return c.request(ctx, method, path, nil)
}

func (c Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	raw, isRaw := body.(Raw)
	if body != nil && !isRaw {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		raw = Raw{ContentType: "application/json", Body: b}
	}
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(raw.Body)
		if raw.Chunked {
			content = io.MultiReader(content)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return nil, err
	}
	req.Header = c.header.Clone()
	if raw.ContentType != "" {
		req.Header.Set("Content-Type", raw.ContentType)
	}
	return req, nil
}

// Get asks for path and wants 200 and one JSON object.
func (c Client) Get(t testing.TB, path string) Object {
	t.Helper()
	return c.Do(t, "GET", path, nil).Want(t, 200).Object()
}

// Send asks with a body and wants a status and one JSON object.
func (c Client) Send(t testing.TB, status int, method, path string, body any) Object {
	t.Helper()
	return c.Do(t, method, path, body).Want(t, status).Object()
}

// Want ends the test where the status is another one. A refusal must be a whole problem.
func (a Answer) Want(t testing.TB, status int) Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("%s %s: status %d, want %d: %s", a.Method, a.Path, a.Status, status, a.Body)
	}
	if status >= 400 && a.Method != http.MethodHead {
		a.CheckProblem()
	}
	return a
}

// Value is the answer's JSON; numbers are json.Number, so that none is rounded.
func (a Answer) Value() any {
	a.t.Helper()
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		a.t.Errorf("%s %s: the answer is not JSON: %v: %.200q", a.Method, a.Path, err, a.Body)
	}
	if d.More() {
		a.t.Errorf("%s %s: something stands behind the answer's JSON: %.200q", a.Method, a.Path, a.Body)
	}
	return v
}

// Object is the answer's JSON object.
func (a Answer) Object() Object {
	a.t.Helper()
	m, ok := a.Value().(map[string]any)
	if !ok {
		a.t.Errorf("%s %s: the answer is not a JSON object: %.200q", a.Method, a.Path, a.Body)
	}
	return Object{a.t, m}
}

// List is the answer's JSON list of objects: the answer itself, or an envelope's data.
func (a Answer) List() []Object {
	a.t.Helper()
	v := a.Value()
	if m, ok := v.(map[string]any); ok {
		v = m["data"]
	}
	return objects(a.t, a.Method+" "+a.Path, v)
}
