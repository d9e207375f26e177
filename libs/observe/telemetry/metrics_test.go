package telemetry_test

import (
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/observe/telemetry"
)

// histogram returns the one series of a component's histogram.
func histogram(t *testing.T, r prometheus.Gatherer, name string) *dto.Histogram {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name && len(f.GetMetric()) == 1 {
			return f.GetMetric()[0].GetHistogram()
		}
	}
	t.Fatalf("%s doesn't have exactly one series", name)
	return nil
}

// TestOnlySampledTracesBecomeExemplars: an unsampled trace could not be opened from its exemplar.
func TestOnlySampledTracesBecomeExemplars(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags trace.TraceFlags
		want  string
	}{{trace.FlagsSampled, "0102030405060708090a0b0c0d0e0f10"}, {0, ""}} {
		r := prometheus.NewRegistry()
		vec := prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Name: "took_seconds", Buckets: []float64{1, 2}},
			[]string{"status"},
		)
		r.MustRegister(vec)
		at := trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{
				1,
				2,
				3,
				4,
				5,
				6,
				7,
				8,
				9,
				10,
				11,
				12,
				13,
				14,
				15,
				16,
			}, SpanID: trace.SpanID{1}, TraceFlags: c.flags,
		})
		telemetry.NewByStatus(vec).Observe(trace.ContextWithSpanContext(t.Context(), at), 200, 1.5)
		got := ""
		for _, b := range histogram(t, r, "took_seconds").GetBucket() {
			for _, l := range b.GetExemplar().GetLabel() {
				if l.GetName() == "trace_id" && b.GetUpperBound() == 2 {
					got = l.GetValue()
				}
			}
		}
		if got != c.want {
			t.Errorf("the exemplar of flags %v is %q, want %q", c.flags, got, c.want)
		}
	}
}

// TestObserveAllocatesNothing: if the trace isn't sampled, which is the usual case.
func TestObserveAllocatesNothing(t *testing.T) {
	vec := prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Name: "took_seconds", Buckets: telemetry.Durations()},
		[]string{"status"},
	)
	by, ctx := telemetry.NewByStatus(vec), t.Context()
	if n := testing.AllocsPerRun(100, func() { by.Observe(ctx, 200, 0.02) }); n != 0 {
		t.Errorf("Observe makes %v allocations", n)
	}
	if n := testutil.CollectAndCount(vec); n != 1 {
		t.Errorf("%d series, want 1", n)
	}
}

// TestEveryStatusHasALabel: no response, and numbers that aren't a status, have labels too.
func TestEveryStatusHasALabel(t *testing.T) {
	t.Parallel()
	durations := prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Name: "took_seconds", Buckets: []float64{1}},
		[]string{"status"},
	)
	by := telemetry.NewByStatus(durations)
	for _, status := range []int{0, 200, 200, 999, -1} {
		by.Observe(t.Context(), status, 0.5)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(durations)
	families, err := r.Gather()
	if err != nil || len(families) != 1 {
		t.Fatal(len(families), err)
	}
	got := map[string]uint64{}
	for _, m := range families[0].GetMetric() {
		got[m.GetLabel()[0].GetValue()] = m.GetHistogram().GetSampleCount()
	}
	if want := map[string]uint64{"error": 1, "200": 2, "999": 1, "-1": 1}; !maps.Equal(got, want) {
		t.Errorf("measured %v, want %v", got, want)
	}
}

// TestTwoDatabasesShareMetricNames: both are in one registry, and differ in a label.
func TestTwoDatabasesShareMetricNames(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	telemetry.NewWaits(r, "mongodb").Observe(0.002)
	mongo := telemetry.NewDatabase(
		r,
		"mongodb",
		func() telemetry.Pool { return telemetry.Pool{Idle: 1, Used: 2, Max: 64} },
	)
	redis := telemetry.NewDatabase(r, "redis", func() telemetry.Pool {
		return telemetry.Pool{
			Idle:     3,
			Max:      10,
			Timeouts: 4,
			Waits:    &telemetry.Waits{Count: 5, Total: 500 * time.Millisecond},
		}
	})
	mongo.Observe(t.Context(), "find", false, time.Millisecond)
	redis.Observe(t.Context(), "get", true, time.Second)
	want := `
# HELP db_client_connection_count Open connections to a database, idle or used.
# TYPE db_client_connection_count gauge
db_client_connection_count{db_system_name="mongodb",state="idle"} 1
db_client_connection_count{db_system_name="mongodb",state="used"} 2
db_client_connection_count{db_system_name="redis",state="idle"} 3
db_client_connection_count{db_system_name="redis",state="used"} 0
# HELP db_client_connection_max The limit of connections to one server of a database.
# TYPE db_client_connection_max gauge
db_client_connection_max{db_system_name="mongodb"} 64
db_client_connection_max{db_system_name="redis"} 10
# HELP db_client_connection_timeouts_total How often no connection to a database became free in time.
# TYPE db_client_connection_timeouts_total counter
db_client_connection_timeouts_total{db_system_name="mongodb"} 0
db_client_connection_timeouts_total{db_system_name="redis"} 4
`
	err := testutil.GatherAndCompare(r, strings.NewReader(want),
		"db_client_connection_count", "db_client_connection_max", "db_client_connection_timeouts_total")
	if err != nil {
		t.Error(err)
	}
	n, err := testutil.GatherAndCount(r, "db_client_operation_duration_seconds", "db_client_connection_wait_time_seconds")
	if err != nil || n != 4 {
		t.Errorf("%d series of operations and waits, %v", n, err)
	}
}

// TestRegistryIsBounded: the metrics that every process has include the useful ones, and not all of the runtime's.
func TestRegistryIsBounded(t *testing.T) {
	t.Parallel()
	tele, err := telemetry.New(t.Context(), "test", telemetry.Config{LogTo: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	families, err := tele.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	has, series := map[string]bool{}, 0
	for _, f := range families {
		has[f.GetName()] = true
		for _, m := range f.GetMetric() {
			series += 1 + len(m.GetHistogram().GetBucket())
		}
	}
	for _, want := range []string{
		"go_goroutines", "go_sched_latencies_seconds", "go_sched_pauses_total_gc_seconds", "go_gc_heap_live_bytes",
		"process_cpu_seconds_total", "fivechat_build_info", "fivechat_panics_total",
	} {
		if !has[want] {
			t.Errorf("%s is missing", want)
		}
	}
	if series > 150 {
		t.Errorf("a process has %d series", series)
	}
}
