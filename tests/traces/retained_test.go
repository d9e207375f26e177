package traces_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	gateway "fivechat.dev/api-gateway/app"
	"fivechat.dev/deploy/fivechat/system"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/process/runner"
	"fivechat.dev/tests/harness"
)

// TestKeptLate: of traces that are not sampled an edge keeps those that failed and those that were slow, whole, and no
// others.
func TestKeptLate(t *testing.T) {
	for name, c := range map[string]struct {
		slow   time.Duration
		path   string
		status int
		want   string
		why    string
	}{
		"a service is away":          {time.Hour, "/widgets/some", 503, "api-gateway: GET /widgets/{clientToken}\n", "failed"},
		"one that is asked is away":  {time.Hour, "/conversations", 503, "api-gateway: GET /conversations\n  api-gateway: GET\n", "failed"},
		"it is slow":                 {1, "/health", 200, "api-gateway: GET /health\n", "slow"},
		"it is neither":              {time.Hour, "/health", 200, "", ""},
		"it is refused, and no more": {time.Hour, "/nothing", 404, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			told := newCollector()
			t.Cleanup(told.Close)
			edge := alone(t, telemetry.Config{OTLPEndpoint: told.URL, SlowTrace: c.slow, LogTo: io.Discard})
			caller := harness.NewClient(edge.URL("http"))
			if c.path == "/conversations" {
				caller = caller.With("Authorization", "Bearer "+harness.Running().Website(t, harness.Free).Secret(harness.Read))
			}
			if a := caller.Try(t, "GET", c.path, nil); a.Status != c.status {
				t.Fatalf("status %d", a.Status)
			}
			if err := edge.Stop(context.Background()); err != nil { // what is kept is told
				t.Fatal(err)
			}
			if got := tree(told.all(), "", ""); got != c.want {
				t.Errorf("kept:\n%s", got)
			}
			for _, s := range told.all() {
				if s.parent() == "" && (s.attribute(telemetry.RetainedReason) != c.why || s.failed() != (c.why == "failed")) {
					t.Errorf("it is kept because %q, failed: %t", s.attribute(telemetry.RetainedReason), s.failed())
				}
			}
		})
	}
}

// alone starts an edge whose services are away.
func alone(t *testing.T, tele telemetry.Config) *runner.Running {
	t.Helper()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := "http://" + nobody.Addr().String()
	nobody.Close()
	c := gateway.Default()
	c.Addr, c.AdminAddr, c.AssertionKeys, c.Telemetry = "127.0.0.1:0", "127.0.0.1:0", []string{strings.Repeat("key ", 8)}, tele
	c.AccountsURL, c.ConversationsURL, c.VisitorsURL, c.WidgetsURL = away, away, away, away
	c.TicketsURL, c.StatisticsURL, c.WebhooksURL = away, away, away
	unit, err := gateway.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	edge, err := runner.Start(unit)
	if err != nil {
		t.Fatal(err)
	}
	return edge
}

// TestKeptLateEverywhere: what is slow is slow for all who wait for it, so each component keeps its part, and the parts are
// one trace.
func TestKeptLateEverywhere(t *testing.T) {
	t.Setenv("TRACE_SAMPLE_RATIO", "0")
	t.Setenv("TRACE_SLOW", "1ns")
	s, err := system.Start(t.Context(), system.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	w := harness.System{URL: s.URL(), OperatorURL: s.OperatorURL(), OperatorKey: s.OperatorKey()}.Website(t, harness.Free)
	w.Agent().Get(t, "/conversations") // the edge knows the website from now on
	_, trace := asked(t, w.Visit(t, nil).Client, 201, "POST", "/visitor/conversations", harness.Map{"content": "Where is my parcel?"})
	wantTree(t, trace, opened)
}
