package traces_test

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
	"testing"

	"fivechat.dev/tests/harness"
)

var (
	received = newCollector()
	log      = new(record)
)

// TestMain configures the telemetry so that every trace and every line is sent, and soon.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": received.URL, "TRACE_SAMPLE_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "50",
		"LOG_LEVEL": "debug",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	harness.ObserveRequests(secrets.observe)
	harness.MainLogged(m, log)
}

// record collects a log.
type record struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

// text returns the log so far.
func (r *record) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// line contains the used members of a line of the log.
type line struct {
	Level, Msg, Component string
	Route                 string
	Trace                 string `json:"trace_id"`
	Request               string `json:"request_id"`
	Website               int64
}

// lines returns the lines of a request.
func (r *record) lines(t *testing.T, request string) (found []line) {
	t.Helper()
	r.mu.Lock()
	all := bytes.Clone(r.b.Bytes())
	r.mu.Unlock()
	for at := range bytes.Lines(all) {
		if !bytes.Contains(at, []byte(request)) {
			continue
		}
		var l line
		if err := json.Unmarshal(at, &l); err != nil {
			t.Fatalf("a line is not JSON: %v: %s", err, at)
		}
		if l.Request == request {
			found = append(found, l)
		}
	}
	return found
}

// asked sends a request, and returns its trace id from the edge's log.
func asked(t *testing.T, c harness.Client, status int, method, path string, body any) (harness.Answer, string) {
	t.Helper()
	id, trace := harness.Unique("request-"), ""
	a := c.With("X-Request-Id", id).Do(t, method, path, body).Want(t, status)
	harness.Eventually(t, harness.Patience, "the request has a line", func() (bool, any) {
		for _, l := range log.lines(t, id) {
			if l.Component == "api-gateway" && l.Msg == "request" {
				trace = l.Trace
			}
		}
		return trace != "", log.lines(t, id)
	})
	return a, trace
}
