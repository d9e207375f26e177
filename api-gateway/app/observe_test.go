package app_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"fivechat.dev/api-gateway/app"
	"fivechat.dev/libs/transport/httpkit"
)

// line is the log line of one request.
type line struct {
	Msg       string  `json:"msg"`
	Method    string  `json:"method"`
	Route     string  `json:"route"`
	Status    int     `json:"status"`
	Ms        float64 `json:"ms"`
	Bytes     int64   `json:"bytes"`
	RequestID string  `json:"request_id"`
	Client    string  `json:"client"`
	Class     string  `json:"class"`
	Website   int64   `json:"website"`
	Token     int64   `json:"token"`
	Prefix    string  `json:"token_prefix"`
}

// logged waits for the log line of a request.
func (h *fixture) logged(requestID string) (got line) {
	h.t.Helper()
	found := eventually(h.t, 5*time.Second, func() bool {
		for s := range strings.Lines(h.log.String()) {
			var l line
			if httpkit.Decode([]byte(s), &l, true) == nil && l.Msg == "request" && l.RequestID == requestID {
				got = l
				return true
			}
		}
		return false
	})
	if !found {
		h.t.Fatalf("request %s has no line in the log:\n%s", requestID, h.log)
	}
	return got
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	h := open(t)
	a := h.do("GET", h.public+"/conversations/conv_secret?search=secret", nil, bearer(bothPro), "X-Request-Id: r1")
	got := h.logged("r1")
	want := line{
		"request", "GET", "/conversations/{token}", 200, got.Ms, int64(len(a.body)), "r1", "127.0.0.0", "read", 7, 13,
		bothPro[:8],
	}
	if got != want || got.Ms <= 0 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	h.do("POST", h.public+"/conversations/conv_secret/rate", nil, "X-Visitor-Id: "+someone, "X-Request-Id: r2")
	if got := h.logged("r2"); got.Website != 7 || got.Token != 0 || got.Class != "visitor" {
		t.Errorf("got %+v", got)
	}
	h.do("BREW", h.public+"/secret", nil, "X-Request-Id: r3")
	if got := h.logged("r3"); got.Route != "unmatched" || got.Method != "_OTHER" || got.Status != 404 {
		t.Errorf("got %+v", got)
	}
	h.do("GET", h.public+"/conversations", nil, bearer(stray), "X-Request-Id: r4")
	if got := h.logged("r4"); got.Status != 401 || got.Prefix != stray[:8] || got.Website != 0 {
		t.Errorf("got %+v", got)
	}
	h.do("GET", h.public+"/conversations", nil, bearer("a secret of something else"), "X-Request-Id: r5")
	if got := h.logged("r5"); got.Status != 401 || got.Prefix != "" {
		t.Errorf("got %+v", got)
	}
	for _, secret := range []string{"secret", bothPro, stray, someone, operatorKey, assertionKey, "127.0.0.1"} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, h.log)
		}
	}
}

func TestDisconnectedClientGetsNoResponse(t *testing.T) {
	t.Parallel()
	h := open(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	h.answer = func(http.ResponseWriter, *http.Request) bool {
		<-release
		return true
	}
	// The client only closes its sending side, and could take an empty 200 for a response.
	resp, err := h.raw(
		"POST /tickets HTTP/1.1\r\nHost: x\r\nX-Request-Id: gone\r\n" + bearer(bothPro) +
			"\r\nContent-Length: 2\r\n\r\n{}",
	)
	if err == nil {
		t.Errorf("it was answered %s", resp.Status)
	}
	if got := h.logged("gone"); got.Status != 499 {
		t.Errorf("got %+v", got)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.do("GET", h.public+"/tickets/5c_secret", nil, bearer(bothPro), "X-Request-Id: m1")
	h.do("HEAD", h.public+"/conversations", nil, bearer(bothPro), "X-Request-Id: m4")
	for _, id := range []string{"m5", "m6"} {
		h.do("GET", h.public+"/conversations", nil, bearer(stray), "X-Request-Id: "+id)
	}
	h.do("BREW", h.public+"/health", nil, "X-Request-Id: m2")
	h.do("GET", h.public+"/secret", nil, "X-Request-Id: m3")
	for _, id := range []string{"m1", "m2", "m3", "m4", "m5", "m6"} {
		h.logged(id) // the log line is written after the metric
	}
	text := string(h.do("GET", h.admin+"/metrics", nil).body)
	for _, want := range []string{
		`http_server_request_duration_seconds_count{class="read",http_request_method="GET",http_response_status_code="200",` +
			`http_route="/tickets/{id}"} 1`,
		`http_server_request_duration_seconds_count{class="none",http_request_method="_OTHER",` +
			`http_response_status_code="405",http_route="/health"} 1`,
		`http_server_request_duration_seconds_count{class="none",http_request_method="GET",http_response_status_code="404",` +
			`http_route="unmatched"} 1`,
		`http_server_request_duration_seconds_bucket{class="read",http_request_method="GET",` +
			`http_response_status_code="200",http_route="/tickets/{id}",le="0.075"}`,
		`http_server_request_duration_seconds_count{class="read",http_request_method="HEAD",` +
			`http_response_status_code="200",http_route="/conversations"} 1`,
		`http_client_request_duration_seconds_count{http_response_status_code="200",upstream="tickets"} 1`,
		`fivechat_edge_cache_lookups_total{cache="token",result="miss"} 2`,
		`fivechat_edge_cache_lookups_total{cache="token",result="hit"} 1`,
		`fivechat_edge_cache_lookups_total{cache="token",result="negative"} 1`,
		`http_server_active_requests{class="read"} 0`,
		`http_client_open_connections{server="tickets",state="idle"} 1`,
		`http_client_open_connections{server="tickets",state="active"} 0`,
		`http_client_open_connections{server="statistics",state="idle"} 0`,
		`fivechat_panics_total 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") {
		t.Error("a raw path became a label")
	}
}

func TestClientTraceHeadersAreIgnored(t *testing.T) {
	t.Parallel()
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(collector.Close)
	h := open(t, func(c *app.Config) { c.Telemetry.OTLPEndpoint, c.Telemetry.SampleRatio = collector.URL, 1 })
	const sent = "11111111111111111111111111111111"
	saw := h.echoed(
		h.do("GET", h.public+"/conversations", nil, bearer(readFree), "Traceparent: 00-"+sent+"-2222222222222222-00"),
	)
	got := saw.Header.Values("Traceparent")
	if len(got) != 1 || !regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`).MatchString(got[0]) ||
		strings.Contains(got[0], sent) {
		t.Errorf("traceparent: %q", got)
	}
}

// TestErrorLogHidesVisitorTokens: the log line of a failed call names the service, but not the requested path, which
// contains the visitor's token.
func TestErrorLogHidesVisitorTokens(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.services["visitors"].Close()
	a := h.do("POST", h.public+"/conversations/conv_x/rate", nil, "X-Visitor-Id: "+someone, "X-Request-Id: away")
	if a.StatusCode != 503 {
		t.Fatalf("status %d: %s", a.StatusCode, a.body)
	}
	h.logged("away")
	if log := h.log.String(); strings.Contains(log, someone) ||
		!strings.Contains(log, strings.TrimPrefix(h.services["visitors"].URL, "http://")) {
		t.Errorf("the log names the visitor, or not the service:\n%s", log)
	}
}

// TestExemplarsNameRetainedTraces: in OpenMetrics format a measurement has an exemplar if its trace is retained, and
// none otherwise.
func TestExemplarsNameRetainedTraces(t *testing.T) {
	t.Parallel()
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(collector.Close)
	for ratio, want := range map[float64]bool{1: true, 0: false} {
		h := open(t, func(c *app.Config) { c.Telemetry.OTLPEndpoint, c.Telemetry.SampleRatio = collector.URL, ratio })
		trace := strings.Split(
			h.echoed(
				h.do("GET", h.public+"/conversations", nil, bearer(readFree), "X-Request-Id: e1"),
			).Header.Get("Traceparent"),
			"-",
		)
		h.logged("e1")
		text := string(h.do("GET", h.admin+"/metrics", nil, "Accept: application/openmetrics-text; version=1.0.0").body)
		for _, name := range []string{
			"http_server_request_duration_seconds_bucket", "http_client_request_duration_seconds_bucket",
		} {
			exemplar := regexp.MustCompile(name + `\{[^}]*\} \d+ # \{trace_id="` + trace[1] + `"\}`)
			if has := exemplar.MatchString(text); has != want {
				t.Errorf("of %v traces kept, %s has an exemplar: %v", ratio, name, has)
			}
		}
	}
}
