package mongokit

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/observe/telemetry"
)

// observe records a command that has ended: its duration, and a client span if it belongs to a trace. Both are named
// by OpenTelemetry's conventions for databases. Filters and documents are never recorded. The driver's own monitor
// isn't used, because it copies every command and response: it took 3 % of the processor time of reading a
// conversation. So a command that the driver retries counts once, and commands that end an aborted transaction aren't
// recorded. Neither are commands that found no server.
func (db *DB) observe(ctx context.Context, command, collection string, start time.Time, err error) {
	if failed(err) {
		db.responded.Store(0)
	} else {
		db.responded.Store(int64(time.Since(db.start)))
	}
	if db.database == nil || unreachable(err) {
		return
	}
	took, failure := time.Since(start), ""
	if failed(err) {
		failure = "failed"
	}
	db.database.Observe(ctx, command, failure != "", took)
	telemetry.Command{
		System: system, Name: command, Namespace: db.db.Name(), Collection: collection, Start: start, Took: took,
		Failed: failure,
	}.Record(ctx)
}

func (g *Global[T]) observe(ctx context.Context, command string, start time.Time, err error) {
	g.db.observe(ctx, command, g.c.Name(), start, err)
}

// failed reports whether a command had no response. "No such row" and a refused duplicate are responses.
func failed(err error) bool {
	return err != nil && !errors.Is(err, mongo.ErrNoDocuments) && !mongo.IsDuplicateKeyError(err)
}

// inTransaction starts a span for the commands of a transaction, with those of its conflicting attempts. Call the
// returned function at the end.
func (db *DB) inTransaction(ctx context.Context) (context.Context, func(error)) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func(error) {}
	}
	ctx, span := db.tracer.Start(
		ctx,
		"transaction",
		trace.WithAttributes(attribute.String("db.system.name", "mongodb")),
	)
	return ctx, func(err error) {
		if unreachable(err) {
			span.SetStatus(codes.Error, "unreachable")
		}
		span.End()
	}
}
