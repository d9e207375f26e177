package mongokit

import (
	"context"
	"sync"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/telemetry"
)

// commandMonitor gives each command a client span and a duration, named after OpenTelemetry's conventions for
// databases. It is ours because no instrumentation library for the driver's second major version can be had. Filters
// and documents are never recorded.
func commandMonitor(t *telemetry.Telemetry, d *telemetry.Database) *event.CommandMonitor {
	var spans sync.Map // request id to trace.Span, for sampled requests only
	finish := func(ctx context.Context, e event.CommandFinishedEvent, outcome string) {
		d.Observe(ctx, e.CommandName, outcome != "ok", e.Duration)
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
		Succeeded: func(ctx context.Context, e *event.CommandSucceededEvent) { finish(ctx, e.CommandFinishedEvent, "ok") },
		Failed:    func(ctx context.Context, e *event.CommandFailedEvent) { finish(ctx, e.CommandFinishedEvent, "failed") },
	}
}
