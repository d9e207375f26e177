package mongokit

import (
	"context"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/telemetry"
)

// commandMonitor gives each command a client span and a duration, named after OpenTelemetry's conventions for
// databases. It is ours because no instrumentation library for the driver's second major version can be had. Filters
// and documents are never recorded.
func commandMonitor(t *telemetry.Telemetry) *event.CommandMonitor {
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "db_client_operation_duration_seconds", Help: "Time a store command took, by command and outcome.",
		Buckets: telemetry.Durations(),
	}, []string{"db_operation_name", "outcome"})
	t.Registry.MustRegister(durations)
	var spans sync.Map // request id to trace.Span, for sampled requests only
	finish := func(e event.CommandFinishedEvent, outcome string) {
		durations.WithLabelValues(e.CommandName, outcome).Observe(e.Duration.Seconds())
		if s, ok := spans.LoadAndDelete(e.RequestID); ok {
			if outcome != "ok" {
				s.(trace.Span).SetStatus(codes.Error, outcome)
			}
			s.(trace.Span).End()
		}
	}
	return &event.CommandMonitor{
		Started: func(ctx context.Context, e *event.CommandStartedEvent) {
			if !trace.SpanFromContext(ctx).IsRecording() {
				return
			}
			_, span := t.Tracer.Start(ctx, "mongodb "+e.CommandName, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
				attribute.String("db.system.name", "mongodb"), attribute.String("db.operation.name", e.CommandName)))
			spans.Store(e.RequestID, span)
		},
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) { finish(e.CommandFinishedEvent, "ok") },
		Failed:    func(_ context.Context, e *event.CommandFailedEvent) { finish(e.CommandFinishedEvent, "failed") },
	}
}
