package telemetry

import (
	"context"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/trace"
)

// runtimeMetrics selects the Go runtime's metrics of waiting for a processor and of the garbage collector, besides
// client_golang's defaults. All of the runtime's metrics would be 300 more series.
var runtimeMetrics = regexp.MustCompile(
	`^/(sched/latencies:seconds|sched/pauses/total/gc:seconds|gc/heap/live:bytes|` +
		`cpu/classes/gc/total:cpu-seconds|cpu/classes/total:cpu-seconds|sync/mutex/wait/total:seconds)$`,
)

// newRegistry returns a component's registry with the metrics that every process has.
func newRegistry(component string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(
			collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: runtimeMetrics}),
		),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(component),
	)
	return r
}

func newPanics(r prometheus.Registerer) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fivechat_panics_total",
		Help: "Panics in requests and operations. Each was logged, and its request got 500 or lost its connection.",
	})
	r.MustRegister(c)
	return c
}

// NewActive returns the gauge of requests in progress, by class.
func NewActive(r prometheus.Registerer) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "http_server_active_requests", Help: "Requests in progress, by class.",
	}, []string{"class"})
	r.MustRegister(g)
	return g
}

// Observe records a time in seconds. If the trace of ctx is sampled, it becomes an exemplar, which leads from a bucket
// to a trace. Otherwise Observe allocates nothing.
func Observe(ctx context.Context, o prometheus.Observer, seconds float64) {
	if at := trace.SpanContextFromContext(ctx); at.IsSampled() {
		if e, ok := o.(prometheus.ExemplarObserver); ok {
			e.ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": at.TraceID().String()})
			return
		}
	}
	o.Observe(seconds)
}
