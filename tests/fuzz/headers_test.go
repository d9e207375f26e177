package fuzz_test

import (
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// FuzzHeaders sends headers of any content through the edge. The response is documented and never a 5xx. No header
// changes the caller's identity or shortens a timeout.
func FuzzHeaders(f *testing.F) {
	for name, values := range map[string][]string{
		"Authorization":         {"Bearer x", "bearer 5c_\xff", "Basic dTpw", ""},
		"Accept-Language":       {"de", "de;q=", "*;q=2", strings.Repeat("a-", 2000)},
		"If-Match":              {`"1.1.x"`, "*", `"`, `W/"x"`},
		"If-None-Match":         {`"1.1.x"`, "*", `"`},
		"Idempotency-Key":       {"k", "", "é", strings.Repeat("k", 256)},
		"Traceparent":           {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-0-0-0", "ff-x"},
		"Tracestate":            {"a=b", "=,=,", strings.Repeat("a=b,", 500)},
		"X-Fivechat-Timeout-Ms": {"0", "-1", "1", "99999999999999999999", "x"},
		"X-Fivechat-Assertion":  {"x", "eyJhbGciOiJub25lIn0.eyJraW5kIjoidG9rZW4ifQ."},
		"X-Request-Id":          {"x", "\xff", strings.Repeat("x", 1000)},
		"X-Forwarded-For":       {"1.2.3.4", "::1, x", ","},
		"Content-Type":          {"application/json", "text/plain", "a/b; c=\"", "application/json; charset=utf-16"},
		"Accept":                {"text/csv", "*/*;q=0", "x", ","},
	} {
		for _, v := range values {
			f.Add(name, v)
		}
	}
	w := harness.Running().World(f, harness.Pro)
	state := w.Agent().Get(f, "/website").Text("name")
	f.Fuzz(func(t *testing.T, name, value string) {
		switch canonical := http.CanonicalHeaderKey(name); canonical {
		case "", "Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Upgrade", "Expect", "Te",
			"X-Visitor-Id", "X-Visitor-Secret", "X-Http-Method-Override":
			return // not a header of the request's content
		case "Authorization":
			if strings.Contains(value, w.Secret(harness.ReadWrite)) {
				return // the token itself
			}
		}
		for _, ask := range []struct {
			method, path string
			body         any
		}{
			{"GET", "/website", nil},
			{"GET", "/conversations/" + w.Conversation, nil},
			{"GET", "/statistics/ratings", nil},
			{"PATCH", "/tickets/" + w.Ticket, harness.Raw{Body: []byte(`{"title":"Lost parcel"}`)}},
		} {
			a, err := w.Agent().With(name, value).Ask(t.Context(), ask.method, ask.path, ask.body)
			if err != nil && strings.Contains(err.Error(), "invalid header") {
				return // it cannot be sent
			}
			if err == nil {
				err = a.Undocumented()
			}
			if err != nil || a.Status >= 500 {
				t.Fatalf("%s: %q: %s %s: %d %v: %.300s", name, value, ask.method, ask.path, a.Status, err, a.Body)
			}
			if ask.path == "/website" && a.Status == 200 && !strings.Contains(string(a.Body), state) {
				t.Fatalf("%s: %q changes the caller's identity: %s", name, value, a.Body)
			}
		}
	})
}
