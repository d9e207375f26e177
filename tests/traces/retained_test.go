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

// TestFailedAndSlowTracesAreRetained checks that an edge retains, of traces that are not sampled, those that failed and
// those that were slow, completely, and no others (tail sampling).
func TestFailedAndSlowTracesAreRetained(t *testing.T) {
	for name, c := range map[string]struct {
		slow   time.Duration
		path   string
		status int
		want   string
		why    string
	}{
		"a service is unavailable": {
			time.Hour, "/widgets/some", 503,
			"api-gateway: GET /widgets/{clientToken}\n", "failed",
		},
		"the service of a token is unavailable": {
			time.Hour, "/conversations", 503,
			"api-gateway: GET /conversations\n  api-gateway: GET\n", "failed",
		},
		"a slow request":      {1, "/health", 200, "api-gateway: GET /health\n", "slow"},
		"an ordinary request": {time.Hour, "/health", 200, "", ""},
		"a refused request":   {time.Hour, "/nothing", 404, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			exported := newCollector()
			t.Cleanup(exported.Close)
			edge := edgeWithoutServices(t, telemetry.Config{OTLPEndpoint: exported.URL, SlowTrace: c.slow, LogTo: io.Discard})
			caller := harness.NewClient(edge.URL("http"))
			if c.path == "/conversations" {
				caller = caller.With("Authorization", "Bearer "+harness.Running().Website(t, harness.Free).Secret(harness.Read))
			}
			if a := caller.Try(t, "GET", c.path, nil); a.Status != c.status {
				t.Fatalf("status %d", a.Status)
			}
			if err := edge.Stop(context.Background()); err != nil { // this exports the retained spans
				t.Fatal(err)
			}
			if got := tree(exported.all(), "", ""); got != c.want {
				t.Errorf("kept:\n%s", got)
			}
			for _, s := range exported.all() {
				if s.parent() == "" && (s.attribute(telemetry.RetainedReason) != c.why || s.failed() != (c.why == "failed")) {
					t.Errorf("retained because %q, failed: %t", s.attribute(telemetry.RetainedReason), s.failed())
				}
			}
		})
	}
}

// edgeWithoutServices starts an edge whose services are unavailable.
func edgeWithoutServices(t *testing.T, tele telemetry.Config) *runner.Running {
	t.Helper()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unreachable := "http://" + closed.Addr().String()
	closed.Close()
	c := gateway.Default()
	c.Addr, c.AdminAddr, c.AssertionKeys, c.Telemetry = "127.0.0.1:0", "127.0.0.1:0",
		[]string{strings.Repeat("key ", 8)}, tele
	c.AccountsURL, c.ConversationsURL, c.VisitorsURL, c.WidgetsURL = unreachable, unreachable, unreachable, unreachable
	c.MailURL, c.FilesURL = unreachable, unreachable
	c.TicketsURL, c.StatisticsURL, c.WebhooksURL, c.WorkspaceURL = unreachable, unreachable, unreachable, unreachable
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

// TestEveryComponentRetainsASlowTrace: a slow request is slow for every waiting component, so each component retains
// its part, and the parts form one trace.
func TestEveryComponentRetainsASlowTrace(t *testing.T) {
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
	w.Agent().Get(t, "/conversations") // now the edge has the website in its cache
	_, trace := asked(t, w.Visit(t, nil).Client, 201, "POST", "/visitor/conversations",
		harness.Map{"content": "Where is my parcel?"})
	wantTree(t, trace, opened)
}
