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

// client is the kind of a command's span.
var client = trace.WithSpanKind(trace.SpanKindClient)

// commandMonitor gives each command a client span and a duration, named after OpenTelemetry's conventions for
// databases. It is ours because no instrumentation library for the driver's second major version can be had. Filters
// and documents are never recorded. What is done outside of any trace, as looking whether there is something to do, has no
// span.
func commandMonitor(t *telemetry.Telemetry, d *telemetry.Database) *event.CommandMonitor {
	var spans sync.Map // request id to trace.Span, of commands within a trace only
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
			name, attributes := e.CommandName, []attribute.KeyValue{
				attribute.String("db.system.name", "mongodb"), attribute.String("db.operation.name", e.CommandName),
				attribute.String("db.namespace", e.DatabaseName)}
			if c := collectionOf(e); c != "" {
				name, attributes = name+" "+c, append(attributes, attribute.String("db.collection.name", c))
			}
			_, span := t.Tracer.Start(ctx, name, client)
			span.SetAttributes(attributes...)
			spans.Store(e.RequestID, span)
		},
		Succeeded: func(ctx context.Context, e *event.CommandSucceededEvent) { finish(ctx, e.CommandFinishedEvent, "ok") },
		Failed:    func(ctx context.Context, e *event.CommandFailedEvent) { finish(ctx, e.CommandFinishedEvent, "failed") },
	}
}

// collectionOf is the collection that a command is about, or "": the value of its first element, but for getMore, which
// has a cursor there.
func collectionOf(e *event.CommandStartedEvent) string {
	if e.CommandName == "getMore" {
		c, _ := e.Command.Lookup("collection").StringValueOK()
		return c
	}
	first, err := e.Command.IndexErr(0)
	if err != nil {
		return ""
	}
	c, _ := first.Value().StringValueOK()
	return c
}

// inTransaction gives the commands of a transaction, with those of its attempts that met another writer, a span of their
// own. What it gives ends it.
func (db *DB) inTransaction(ctx context.Context) (context.Context, func(error)) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func(error) {}
	}
	ctx, span := db.tracer.Start(ctx, "transaction", trace.WithAttributes(attribute.String("db.system.name", "mongodb")))
	return ctx, func(err error) {
		if unreachable(err) {
			span.SetStatus(codes.Error, "unreachable")
		}
		span.End()
	}
}
