package telemetry

import (
	"context"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/trace"
)

// runtimeMetrics are what the Go runtime says of waiting for a processor and for the garbage collector, beside what
// client_golang's collector tells by itself. All of the runtime's would be three hundred series more.
var runtimeMetrics = regexp.MustCompile(`^/(sched/latencies:seconds|sched/pauses/total/gc:seconds|gc/heap/live:bytes|cpu/classes/gc/total:cpu-seconds|cpu/classes/total:cpu-seconds|sync/mutex/wait/total:seconds)$`)

// newRegistry makes the registry of a component, of what every process says of itself.
func newRegistry(component string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: runtimeMetrics})),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(component),
	)
	return r
}

func newPanics(r prometheus.Registerer) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "fivechat_panics_total", Help: "Panics in requests and operations, each of which was answered or cut off, and logged.",
	})
	r.MustRegister(c)
	return c
}

// NewActive makes the gauge of requests that are being answered, by class.
func NewActive(r prometheus.Registerer) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "http_server_active_requests", Help: "Requests that are being answered, by class.",
	}, []string{"class"})
	r.MustRegister(g)
	return g
}

// Observe notes a time in seconds. Where the trace of ctx is sampled it goes along as an exemplar, which leads from a
// bucket to a trace; elsewhere nothing is allocated.
func Observe(ctx context.Context, o prometheus.Observer, seconds float64) {
	if at := trace.SpanContextFromContext(ctx); at.IsSampled() {
		if e, ok := o.(prometheus.ExemplarObserver); ok {
			e.ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": at.TraceID().String()})
			return
		}
	}
	o.Observe(seconds)
}
