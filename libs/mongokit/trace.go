package mongokit

import (
	"context"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/telemetry"
)

// commandMonitor gives each command a client span and a duration, named after OpenTelemetry's conventions for
// databases. It is ours because no instrumentation library for the driver's second major version can be had. Filters
// and documents are never recorded.
func commandMonitor(d *telemetry.Database) *event.CommandMonitor {
	var mu sync.Mutex
	collections := map[int64]string{} // by request id, of commands within a trace that have not been answered
	finish := func(ctx context.Context, e event.CommandFinishedEvent, failed string) {
		d.Observe(ctx, e.CommandName, failed != "", e.Duration)
		mu.Lock()
		collection, traced := collections[e.RequestID]
		delete(collections, e.RequestID)
		mu.Unlock()
		if traced {
			telemetry.Command{
				System: system, Name: e.CommandName, Namespace: e.DatabaseName, Collection: collection,
				Start: time.Now().Add(-e.Duration), Took: e.Duration, Failed: failed,
			}.Record(ctx)
		}
	}
	return &event.CommandMonitor{
		Started: func(ctx context.Context, e *event.CommandStartedEvent) {
			if !trace.SpanFromContext(ctx).IsRecording() {
				return
			}
			collection := collectionOf(e)
			mu.Lock()
			defer mu.Unlock()
			collections[e.RequestID] = collection
		},
		Succeeded: func(ctx context.Context, e *event.CommandSucceededEvent) { finish(ctx, e.CommandFinishedEvent, "") },
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
