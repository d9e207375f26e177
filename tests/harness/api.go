package harness

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"fivechat.dev/libs/client"
	"fivechat.dev/libs/client/api"
)

// API returns a client generated from the OpenAPI document, with the same credential. Every response goes through the
// same checks. Calls aren't retried.
func (c Client) API(t testing.TB) *client.Client {
	t.Helper()
	credential := func(h http.Header) {
		for name, values := range c.header {
			h[name] = values
		}
	}
	made, err := client.New(c.base, credential, client.Transport(checked{t, c.edge}), client.Attempts(1))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// checked is a transport that sends requests and checks the responses. It doesn't check streams.
type checked struct {
	t    testing.TB
	edge bool
}

func (c checked) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := transport.Transport.RoundTrip(req)
	if err != nil || resp.Header.Get("Content-Type") == eventStream {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	a := Answer{c.t, req.Method, req.URL.RequestURI(), resp.StatusCode, resp.Header, body}
	a.check(c.edge)
	if a.Status >= 400 {
		a.CheckProblem()
	}
	return resp, nil
}

// Outcome is the result of an operation.
type Outcome[T any] struct {
	answer api.Answer[T]
	err    error
}

// Of wraps the results of a client's operation: Of(c.GetTicket(…)).OK(t).
func Of[T any](a api.Answer[T], err error) Outcome[T] { return Outcome[T]{a, err} }

// OK returns the response's body. It ends the test if the operation failed.
func (o Outcome[T]) OK(t testing.TB) T {
	t.Helper()
	return o.Answer(t).Body
}

// Answer returns the whole response. It ends the test if the operation failed.
func (o Outcome[T]) Answer(t testing.TB) api.Answer[T] {
	t.Helper()
	Done(t, o.err)
	return o.answer
}

// Refused fails the test unless the operation was refused with the status.
func (o Outcome[T]) Refused(t testing.TB, status int) {
	t.Helper()
	Refused(t, o.err, status)
}

// Done ends the test if an operation without a response body failed.
func Done(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Refused fails the test unless err is a refusal with the status.
func Refused(t testing.TB, err error, status int) {
	t.Helper()
	if no := new(client.Refusal); !errors.As(err, &no) || no.Status != status {
		t.Errorf("error %v, want a refusal with %d", err, status)
	}
}
