package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fivechat.dev/api-gateway/app"
)

// breakOff closes a connection without a response, or in the middle of one that starts with some.
func breakOff(w http.ResponseWriter, some string) {
	if some != "" {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, some)
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler)
}

// long is a body that counts as an import, which has few places.
var long = `{"rows":[],"more":"` + strings.Repeat("x", 512<<10) + `"}`

func TestOnlySafeRequestsAreRetried(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string
		headers      []string
		some         string // of the first response, before it breaks off
		failures     int64
		status       int
		asked        int64
	}{
		"reading":                {"GET", "/conversations", nil, "", 1, 200, 2},
		"reading, half given":    {"GET", "/conversations", nil, "half an an", 1, 200, 2},
		"reading, twice":         {"GET", "/conversations", nil, "", 2, 503, 2},
		"a put":                  {"PUT", "/tags/a", nil, "", 1, 200, 2},
		"a post":                 {"POST", "/tickets", nil, "", 1, 503, 1},
		"a post, half given":     {"POST", "/tickets", nil, "half an an", 1, 503, 1},
		"a patch":                {"PATCH", "/tickets/1", nil, "", 1, 503, 1},
		"a delete":               {"DELETE", "/tickets/1", nil, "", 1, 503, 1},
		"a post that is keyed":   {"POST", "/tickets", []string{"Idempotency-Key: k"}, "", 1, 200, 2},
		"a delete that is keyed": {"DELETE", "/tickets/1", []string{"Idempotency-Key: k"}, "", 1, 503, 1},
		"a keyed public post":    {"POST", "/visitor/sessions", []string{"Idempotency-Key: k"}, "", 1, 503, 1},
		"a long keyed post":      {"POST", "/tickets", []string{"Idempotency-Key: k"}, "", 1, 200, 2},
		"a long post":            {"POST", "/tickets", nil, "", 1, 503, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			var asked atomic.Int64
			h.answer = func(w http.ResponseWriter, _ *http.Request) bool {
				if asked.Add(1) <= c.failures {
					breakOff(w, c.some)
				}
				return false
			}
			var body io.Reader
			if c.method != "GET" {
				body = strings.NewReader("{}")
			}
			sent := "{}"
			if strings.Contains(name, "long") {
				sent = long
				body = strings.NewReader(long)
			}
			a := h.do(c.method, h.public+c.path, body, append(c.headers, bearer(bothPro))...)
			if a.StatusCode != c.status || asked.Load() != c.asked {
				t.Errorf("%d after the service was asked %d times: %s", a.StatusCode, asked.Load(), a.body)
			}
			if c.status == 200 && c.method != "GET" && h.echoed(a).Body != sent {
				t.Errorf("the body was not sent again: %s", a.body)
			}
		})
	}
}

// TestClosedIdleConnectionsLoseNoRequest: after a restart of a service all its idle connections are closed.
func TestClosedIdleConnectionsLoseNoRequest(t *testing.T) {
	t.Parallel()
	h := open(t)
	var asked atomic.Int64
	together := make(chan struct{})
	h.answer = func(http.ResponseWriter, *http.Request) bool {
		if asked.Add(1) <= 8 {
			<-together // so that many connections open
		}
		return false
	}
	post := func() { h.echoed(h.do("POST", h.public+"/tickets", strings.NewReader("{}"), bearer(bothPro))) }
	for range 3 {
		var all sync.WaitGroup
		for range 8 {
			all.Go(post)
		}
		if !eventually(t, 5*time.Second, func() bool { return asked.Load() >= 8 }) {
			t.Fatal("the service was not asked")
		}
		select {
		case <-together:
		default:
			close(together)
		}
		all.Wait()
		h.services["tickets"].CloseClientConnections()
	}
	if n := asked.Load(); n != 24 {
		t.Errorf("24 posts reached the service %d times", n)
	}
}

func (h *fixture) metric(name string) bool {
	h.t.Helper()
	return strings.Contains(string(h.do("GET", h.admin+"/metrics", nil).body), "\n"+name+"\n")
}

func TestCircuitBreakerOpensAndCloses(t *testing.T) {
	t.Parallel()
	h := open(t)
	var broken atomic.Bool
	var asked atomic.Int64
	broken.Store(true)
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/tickets" {
			return false
		}
		asked.Add(1)
		if broken.Load() {
			breakOff(w, "")
		}
		return false
	}
	ask := func() answer { return h.do("POST", h.public+"/tickets", strings.NewReader("{}"), bearer(bothPro)) }
	const open = `fivechat_edge_circuit_state{upstream="tickets"} 2`
	if !eventually(t, 10*time.Second, func() bool { ask(); return h.metric(open) }) {
		t.Fatal("the circuit breaker never opened")
	}
	before := asked.Load()
	a := ask()
	if p := h.problem(a); a.StatusCode != 503 || p.Code != "unavailable" || a.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %s, Retry-After %q", a.StatusCode, p.Code, a.Header.Get("Retry-After"))
	}
	if asked.Load() != before && h.metric(open) {
		t.Error("the service was called with an open circuit breaker")
	}
	if a := h.do("GET", h.public+"/conversations", nil, bearer(bothPro)); a.StatusCode != 200 {
		t.Errorf("another service's circuit breaker: %d", a.StatusCode)
	}
	broken.Store(false)
	if !eventually(t, 10*time.Second, func() bool {
		return ask().StatusCode == 200 && h.metric(`fivechat_edge_circuit_state{upstream="tickets"} 0`)
	}) {
		t.Error("the circuit breaker never closed")
	}
}

// hold makes the service keep n requests at a path in progress, which ask sends. release lets the service respond to
// each with 200.
func (h *fixture) hold(path string, n int64, ask func() answer) (release func()) {
	h.t.Helper()
	held := make(chan struct{})
	var under atomic.Int64
	h.answer = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == path {
			under.Add(1)
			<-held
		}
		return false
	}
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			if a := ask(); a.StatusCode != 200 {
				h.t.Errorf("a request in progress: %d", a.StatusCode)
			}
		})
	}
	if !eventually(h.t, 5*time.Second, func() bool { return under.Load() == n }) {
		h.t.Fatal("the service was not asked")
	}
	return func() {
		close(held)
		all.Wait()
	}
}

// TestConcurrencyLimitRefusesExcessRequests: requests beyond a service's limit that get no place in time are refused.
// Other services aren't affected.
func TestConcurrencyLimitRefusesExcessRequests(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.Concurrency = 4 })
	release := h.hold("/tickets", 4, func() answer { return h.do("GET", h.public+"/tickets", nil, bearer(bothPro)) })
	const more = 50
	var refused sync.WaitGroup
	for range more {
		refused.Go(func() {
			a := h.do("GET", h.public+"/tickets", nil, bearer(bothPro))
			if p := h.problem(a); a.StatusCode != 503 || p.Code != "unavailable" || a.Header.Get("Retry-After") == "" {
				t.Errorf("a request beyond the limit: %d %s", a.StatusCode, a.body)
			}
		})
	}
	refused.Wait()
	if !h.metric(fmt.Sprintf(`fivechat_edge_refused_total{upstream="tickets"} %d`, more)) {
		t.Errorf("not each of %d that were refused was counted", more)
	}
	if lines := strings.Count(h.log.String(), `"status":503`); lines == 0 || lines >= more {
		t.Errorf("%d lines in the log about %d that were refused", lines, more)
	}
	if a := h.do("GET", h.public+"/conversations", nil, bearer(bothPro)); a.StatusCode != 200 {
		t.Errorf("another service: %d", a.StatusCode)
	}
	release()
}

// TestImportsLeaveRoomForShortRequests: requests with long bodies may use an eighth of the places.
func TestImportsLeaveRoomForShortRequests(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.Concurrency = 16 })
	load := func() answer {
		return h.do("POST", h.public+"/conversations/import", strings.NewReader(long), bearer(bothPro))
	}
	release := h.hold("/conversations/import", 2, load)
	if a := load(); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("an import beyond the limit: %d %s", a.StatusCode, a.body)
	}
	if a := h.do("GET", h.public+"/conversations", nil, bearer(bothPro)); a.StatusCode != 200 {
		t.Errorf("another request: %d", a.StatusCode)
	}
	release()
}

// TestEndedRequestDoesntAbortTheNextOne: when a request with a long body ends, its context no longer affects the
// connection, which another request uses.
func TestEndedRequestDoesntAbortTheNextOne(t *testing.T) {
	t.Parallel()
	h := open(t)
	body := long[:100<<10]
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if a := h.do("POST", h.public+"/tickets", strings.NewReader(body), bearer(bothPro)); a.StatusCode != 200 {
					t.Errorf("%d %s", a.StatusCode, a.body)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestRefusalBeforeTheWholeBodyReachesTheClient: a service refuses before it has read all of a long body.
func TestRefusalBeforeTheWholeBodyReachesTheClient(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/conversations/import" {
			return false
		}
		http.Error(w, "not that", http.StatusUnsupportedMediaType)
		return true
	}
	a := h.do("POST", h.public+"/conversations/import", strings.NewReader(strings.Repeat("x", 6<<20)), bearer(bothPro))
	if a.StatusCode != 415 || string(a.body) != "not that\n" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	h.answer = nil
	if a := h.do("POST", h.public+"/conversations/import", strings.NewReader(long), bearer(bothPro)); a.StatusCode != 200 {
		t.Errorf("afterwards: %d %s", a.StatusCode, a.body)
	}
}

// TestLongBodyIsRetriedIfNothingWasSent: if no connection could be opened, a retry needs no idempotency key.
func TestLongBodyIsRetriedIfNothingWasSent(t *testing.T) {
	t.Parallel()
	h := open(t, func(c *app.Config) { c.ConversationsURL = down })
	a := h.do("POST", h.public+"/conversations/import", strings.NewReader(long), bearer(bothPro))
	if a.StatusCode != 503 || !h.metric(`fivechat_edge_retries_total{upstream="conversations"} 1`) {
		t.Errorf("%d, sent again: %s", a.StatusCode, h.do("GET", h.admin+"/metrics", nil).body)
	}
}
