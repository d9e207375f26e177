package rediskit_test

import (
	"io"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/store/rediskit"
)

// TestMeasureTimesCommands: commands are measured by name and outcome, except those that wait on request.
func TestMeasureTimesCommands(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	tele, err := telemetry.New(t.Context(), "test", telemetry.Config{LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	c, err := rediskit.Connect(rediskit.Config{URL: "redis://" + m.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	c.Measure(tele)
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if entries, err := c.Read(t.Context(), "stream", 0, 1, 10*time.Millisecond); err != nil || entries != nil {
		t.Error(entries, err)
	}
	if _, err := c.Spend(t.Context(), "key", 10, time.Second, 1); err != nil { // Redis doesn't know its script yet
		t.Error(err)
	}
	if err := c.Append(t.Context(), "stream", []rediskit.Entry{{Pos: 1, Data: "one"}}, 0); err != nil {
		t.Error(err)
	}
	m.SetError("LOADING")
	if err := c.Drop(t.Context(), "stream"); err == nil {
		t.Error("a broken Redis returned no error")
	}
	families, err := tele.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got, open := map[string]uint64{}, 0.0
	for _, f := range families {
		for _, s := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range s.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			switch f.GetName() {
			case "db_client_operation_duration_seconds":
				got[labels["db_system_name"]+" "+labels["db_operation_name"]+" "+labels["outcome"]] = s.GetHistogram().
					GetSampleCount()
			case "db_client_connection_count":
				open += s.GetGauge().GetValue()
			}
		}
	}
	for name, want := range map[string]uint64{
		"redis ping ok": 1, "redis evalsha ok": 1, "redis eval ok": 1, "redis del failed": 1, "redis pipeline ok": 1,
		"redis xrevrange ok": 1,
	} {
		if got[name] != want {
			t.Errorf("%s: %d times, want %d; all: %v", name, got[name], want, got)
		}
	}
	if len(got) != 6 {
		t.Errorf("the measured commands are %v, want only those of callers", got)
	}
	if open < 1 {
		t.Errorf("%v open connections", open)
	}
}
