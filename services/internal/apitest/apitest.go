// Package apitest tests a whole service over HTTP, as the gateway and other services call it: in the name of a
// principal.
//
// Begin with Serve and Service.Want; Fake stands for another service. It is for tests of services only.
package apitest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/services/internal/storetest"
)

const key = "a key of the tests, at least 32 bytes long"

// Config returns settings with a store of the test's own.
func Config(t testing.TB) servicekit.Config {
	t.Helper()
	return servicekit.Config{
		AssertionKeys: []string{key}, Telemetry: telemetry.Config{LogTo: io.Discard}, Mongo: storetest.Config(t),
	}
}

// The principals of tests.
var (
	Public   = identity.Principal{Kind: identity.Public}
	Operator = identity.Principal{Kind: identity.Operator}
)

// Token is the principal of an API token with a level, of a FREE website.
func Token(website int64, level identity.Level) identity.Principal {
	return identity.Principal{
		Kind:    identity.Token,
		Website: storetest.Tenant(website),
		Level:   level,
		Plan:    identity.Free,
	}
}

// Sibling is another service, on behalf of a website; 0 for none.
func Sibling(website int64) identity.Principal {
	p := identity.Principal{Kind: identity.Service, Service: "test"}
	if website != 0 {
		p.Website = storetest.Tenant(website)
	}
	return p
}

// Service is a running service.
type Service struct {
	t    testing.TB
	url  string
	keys *identity.Keyring
}

// Serve runs unit's public listener until the test ends.
func Serve(t testing.TB, unit runner.Unit, err error) *Service {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(unit.Listeners[0].Handler)
	t.Cleanup(func() {
		server.Close()
		if err := unit.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	keys, err := identity.NewKeyring([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return &Service{t, server.URL, keys}
}

// Answer is a response of the service.
type Answer struct {
	Status int
	Body   string
}

// Do sends a request as p. header is pairs of name and value.
func (s *Service) Do(p identity.Principal, method, path, body string, header ...string) Answer {
	s.t.Helper()
	resp := s.send(p, method, path, body, header...)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return Answer{resp.StatusCode, string(b)}
}

// Broken is Do for a response that breaks off. It fails the test if it doesn't, and returns the part that arrived.
func (s *Service) Broken(p identity.Principal, method, path string) Answer {
	s.t.Helper()
	resp := s.send(p, method, path, "")
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil {
		s.t.Errorf("%s %s did not break off: %s", method, path, b)
	}
	return Answer{resp.StatusCode, string(b)}
}

func (s *Service) send(p identity.Principal, method, path, body string, header ...string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if p.Kind != "" {
		assertion, err := s.keys.Sign(p)
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set(identity.Header, assertion)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp
}

// Want is Do for an expected status. It returns the members of the body.
func (s *Service) Want(status int, p identity.Principal, method, path, body string, header ...string) map[string]any {
	s.t.Helper()
	a := s.Do(p, method, path, body, header...)
	var members map[string]any
	if err := json.Unmarshal([]byte(a.Body), &members); a.Status != status || err != nil {
		s.t.Fatalf("%s %s %s\n = %d %s\nwant %d", method, path, body, a.Status, a.Body, status)
	}
	return members
}

// Refused is Want for a problem. It returns its code and, if it names one, its first field: "validation_failed name".
func (s *Service) Refused(status int, p identity.Principal, method, path, body string, header ...string) string {
	s.t.Helper()
	problem := s.Want(status, p, method, path, body, header...)
	said, _ := problem["code"].(string)
	if fields, _ := problem["errors"].([]any); len(fields) > 0 {
		said += " " + fields[0].(map[string]any)["field"].(string)
	}
	return said
}

// Cookie is Want for a response that sets the cookie of a session, which it returns.
func (s *Service) Cookie(
	status int, p identity.Principal, method, path, body string, header ...string,
) *http.Cookie {
	s.t.Helper()
	set := s.Cookies(status, p, method, path, body, header...)
	if c := set[httpkit.SessionCookie]; c != nil {
		return c
	}
	s.t.Fatalf("%s %s %s sets %v, and not the cookie of a session", method, path, body, set)
	return nil
}

// Cookies is Want for a response that sets cookies, which it returns by their names.
func (s *Service) Cookies(
	status int, p identity.Principal, method, path, body string, header ...string,
) map[string]*http.Cookie {
	s.t.Helper()
	resp := s.send(p, method, path, body, header...)
	defer resp.Body.Close()
	set := map[string]*http.Cookie{}
	for _, c := range resp.Cookies() {
		set[c.Name] = c
	}
	if b, err := io.ReadAll(resp.Body); resp.StatusCode != status || err != nil {
		s.t.Fatalf("%s %s %s\n = %d %s\nwant %d", method, path, body, resp.StatusCode, b, status)
	}
	return set
}

// Fake is another service that the service under test calls. Its handler finds the principal in the request's context.
type Fake struct {
	URL string

	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []string
}

// NewFake makes a Fake with a handler.
func NewFake(t testing.TB, answer http.HandlerFunc) *Fake {
	f := &Fake{answer: answer}
	keys, err := identity.NewKeyring([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := keys.Verify(r.Header.Get(identity.Header))
		if err != nil || p.Kind != identity.Service {
			t.Errorf("%s was called without a service's assertion: %v", r.URL, err)
		}
		body, _ := io.ReadAll(r.Body) // only then the server detects that the client disconnects
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.mu.Lock()
		f.asked = append(f.asked, r.Method+" "+r.URL.RequestURI()+" "+p.Website.String())
		answer := f.answer
		f.mu.Unlock()
		answer(w, r.WithContext(identity.With(r.Context(), p)))
	}))
	t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

// Says replaces the handler and returns the previous one.
func (f *Fake) Says(answer http.HandlerFunc) http.HandlerFunc {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.answer
	f.answer = answer
	return before
}

// Asked returns the requests so far: method, path, website.
func (f *Fake) Asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// JSON responds with a status and a body.
func JSON(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// Problem responds with a refusal.
func Problem(err error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { httpkit.WriteProblem(w, r.URL.Path, "", err) }
}

// Failures are the ways in which another service fails, with the status that the service must respond with.
var Failures = map[string]struct {
	Answer http.HandlerFunc
	Status int
}{
	"broken line": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 503},
	"no problem":  {JSON(502, "<html>Bad Gateway</html>"), 503},
	"no answer":   {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 504},
}

// Hurry is a header with a short deadline, so that the service soon gives up on another service that doesn't respond.
var Hurry = []string{httpkit.TimeoutHeader, "250"}
