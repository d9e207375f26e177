package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
)

func logging(t *testing.T, level slog.Level) (*telemetry.Telemetry, *bytes.Buffer) {
	t.Helper()
	out := new(bytes.Buffer)
	tele, err := telemetry.New(t.Context(), "test", telemetry.Config{LogTo: out, LogLevel: level})
	if err != nil {
		t.Fatal(err)
	}
	return tele, out
}

func TestLinesHaveTheIDsOfTheirContext(t *testing.T) {
	t.Parallel()
	tele, out := logging(t, slog.LevelInfo)
	website, err := tenant.New(7)
	if err != nil {
		t.Fatal(err)
	}
	ctx := trace.ContextWithSpanContext(
		t.Context(),
		trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}),
	)
	ctx = telemetry.WithRequestID(
		identity.With(ctx, identity.Principal{Kind: identity.Visitor, Website: website}),
		"r1",
	)
	tele.Log.With("more", 1).InfoContext(ctx, "inside", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5, "f", 6)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"trace_id": "01000000000000000000000000000000", "span_id": "0200000000000000", "request_id": "r1",
		"website": 7.0, "component": "test", "more": 1.0, "f": 6.0,
	} {
		if line[key] != want {
			t.Errorf("%s is %v", key, line[key])
		}
	}
	out.Reset()
	tele.Log.InfoContext(t.Context(), "outside")
	for _, key := range []string{"trace_id", "span_id", "request_id", "website"} {
		if strings.Contains(out.String(), key) {
			t.Errorf("a line without a context has %s: %s", key, out)
		}
	}
}

func TestShortAddressKeepsTheNetworkOnly(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"203.0.113.77": "203.0.113.0", "::ffff:203.0.113.77": "203.0.113.0", "2001:db8:1:2:3:4:5:6": "2001:db8:1::",
		"fe80::1%eth0": "fe80::", "": "", "host": "",
	} {
		if got := telemetry.ShortAddress(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func TestServerLogShortensAddresses(t *testing.T) {
	t.Parallel()
	tele, out := logging(t, slog.LevelDebug)
	server := tele.ServerLog()
	server.Print("http: TLS handshake error from 203.0.113.77:4711: EOF")
	server.Print("http: panic serving [2001:db8:1:2::7]:4711: at 12:30:45 in a.go:12")
	for _, gone := range []string{".77", "4711", "::7"} {
		if strings.Contains(out.String(), gone) {
			t.Errorf("%q is in %s", gone, out)
		}
	}
	for _, kept := range []string{"error from 203.0.113.0: EOF", "serving 2001:db8:1::: at 12:30:45 in a.go:12"} {
		if !strings.Contains(out.String(), kept) {
			t.Errorf("%q isn't in %s", kept, out)
		}
	}
	out.Reset()
	tele.Level.Set(slog.LevelInfo)
	server.Print("http: something")
	if out.Len() > 0 {
		t.Errorf("at info: %s", out)
	}
}

func TestValidateRefusesInvalidSettings(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*telemetry.Config){
		"TRACE_SAMPLE_RATIO": func(c *telemetry.Config) { c.SampleRatio = 1.1 },
		"TRACE_SLOW":         func(c *telemetry.Config) { c.SlowTrace = 0 },
	} {
		c := telemetry.Default()
		if err := c.Validate(); err != nil {
			t.Errorf("the defaults: %v", err)
		}
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
