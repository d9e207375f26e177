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

// Client sends requests to one listener with one credential. It is a value: With returns a changed copy.
type Client struct {
	base   string
	header http.Header
	edge   bool // whether the listener is the public edge
}

// transport is shared, so that parallel tests don't use up the ports.
var transport = &http.Client{
	Timeout:       60 * time.Second,
	Transport:     reportedTransport{&http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true}},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// onRequest, if set, is called with every request and its body.
var onRequest func(*http.Request, []byte)

// ObserveRequests registers a function that is called with each later request and its body. Tests use it to check that
// request data doesn't appear where it doesn't belong. Call it before any test runs; observe is called concurrently.
func ObserveRequests(observe func(*http.Request, []byte)) { onRequest = observe }

type reportedTransport struct{ http.RoundTripper }

func (o reportedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if onRequest != nil {
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
		onRequest(req, content)
	}
	return o.RoundTripper.RoundTrip(req)
}

// NewClient returns a Client of any listener, without a credential.
func NewClient(base string) Client { return Client{base: base, header: http.Header{}} }

// Public returns a client without a credential.
func (s System) Public() Client {
	c := Client{s.URL, http.Header{}, true}
	if s.address != "" {
		c.header.Set("X-Forwarded-For", s.address)
	}
	return c
}

// From returns the same system, called from another client address. The system must trust X-Forwarded-For from
// loopback, as that of tests/hostile does.
func (s System) From(address string) System {
	s.address = address
	return s
}

// Bearer returns a client that sends an API token.
func (s System) Bearer(token string) Client {
	return s.Public().With("Authorization", "Bearer "+token)
}

// Visitor returns a client that sends a visitor token without its secret.
func (s System) Visitor(token string) Client { return s.Public().With("x-visitor-id", token) }

// Proven returns a client that sends a visitor token and its secret. An empty secret isn't sent.
func (s System) Proven(token, secret string) Client {
	if secret == "" {
		return s.Visitor(token)
	}
	return s.Visitor(token).With("x-visitor-secret", secret)
}

// Operator returns a client of the operator's listener that sends the operator key.
func (s System) Operator() Client {
	return NewClient(s.OperatorURL).With("Authorization", "Bearer "+s.OperatorKey)
}

// Without returns a copy that doesn't send a header.
func (c Client) Without(header string) Client {
	c.header = c.header.Clone()
	c.header.Del(header)
	return c
}

// With returns a copy that sends one more header.
func (c Client) With(name, value string) Client {
	h := c.header.Clone()
	h.Set(name, value)
	return Client{c.base, h, c.edge}
}

// At returns the same client for another base URL of the system.
func (c Client) At(base string) Client {
	c.base = base
	return c
}

// Raw is a request body that is sent unchanged.
type Raw struct {
	ContentType string // empty: no Content-Type is sent
	Body        []byte
	Chunked     bool // send no Content-Length
}

// JSON returns a Raw of JSON text.
func JSON(text string) Raw { return Raw{ContentType: "application/json", Body: []byte(text)} }

// Answer is a response.
type Answer struct {
	t            testing.TB
	Method, Path string
	Status       int
	Header       http.Header
	Body         []byte
}

// Do sends a request. body is nil, a Raw, or a value to encode as JSON. The test fails if the status is 5xx, or if the
// edge's response doesn't match the OpenAPI document. Do is safe for concurrent use.
func (c Client) Do(t testing.TB, method, path string, body any) Answer {
	t.Helper()
	a := c.Try(t, method, path, body)
	if a.Status != 0 {
		a.check(c.edge)
	}
	return a
}

// Try is like Do for a system that may be failing: it accepts any response. It is safe for concurrent use.
func (c Client) Try(t testing.TB, method, path string, body any) Answer {
	t.Helper()
	a, err := c.Ask(t.Context(), method, path, body)
	if a.t = t; err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return a
}

// Ask is like Do without the checks and without a test. Of the Answer, use only the fields and Undocumented.
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

// check fails the test if no client may get such a response.
func (a Answer) check(edge bool) {
	a.t.Helper()
	if a.Status >= 500 {
		a.t.Errorf("%s %s answered %d: %s", a.Method, a.Path, a.Status, a.Body)
	}
	if edge {
		if a.Header.Get("X-Request-Id") == "" {
			a.t.Errorf("%s %s: the response has no X-Request-Id", a.Method, a.Path)
		}
		if err := a.Undocumented(); err != nil {
			a.t.Errorf("%s %s: %d: %v: %.300s", a.Method, a.Path, a.Status, err, a.Body)
		}
	}
}

// Request returns a request without a body, for callers that send it themselves.
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

// Get requests path and expects 200 and one JSON object.
func (c Client) Get(t testing.TB, path string) Object {
	t.Helper()
	return c.Do(t, "GET", path, nil).Want(t, 200).Object()
}

// Send sends a body and expects a status and one JSON object.
func (c Client) Send(t testing.TB, status int, method, path string, body any) Object {
	t.Helper()
	return c.Do(t, method, path, body).Want(t, status).Object()
}

// Want ends the test if the status differs. A refusal must have a complete problem body.
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

// Value returns the response's JSON. Numbers are json.Number, so that none is rounded.
func (a Answer) Value() any {
	a.t.Helper()
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		a.t.Errorf("%s %s: the response is not JSON: %v: %.200q", a.Method, a.Path, err, a.Body)
	}
	if d.More() {
		a.t.Errorf("%s %s: data follows the response's JSON: %.200q", a.Method, a.Path, a.Body)
	}
	return v
}

// Object returns the response's JSON object.
func (a Answer) Object() Object {
	a.t.Helper()
	m, ok := a.Value().(map[string]any)
	if !ok {
		a.t.Errorf("%s %s: the response is not a JSON object: %.200q", a.Method, a.Path, a.Body)
	}
	return Object{a.t, m}
}

// List returns the response's JSON list of objects: the body itself, or the data of its envelope.
func (a Answer) List() []Object {
	a.t.Helper()
	v := a.Value()
	if m, ok := v.(map[string]any); ok {
		v = m["data"]
	}
	return objects(a.t, a.Method+" "+a.Path, v)
}
