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

// did notes a command that has been answered or given up: how long it took, and a client span where it belongs to a trace,
// both named after OpenTelemetry's conventions for databases. Filters and documents are never recorded. The driver's own
// monitor is not used, as it copies every command and every answer: it took 3 % of the processor time of reading a
// conversation. So a command that the driver sends twice is one here, and the commands that end a transaction which is
// given up are not told. What found no server was not sent.
func (db *DB) did(ctx context.Context, command, collection string, start time.Time, err error) {
	if db.database == nil || unreachable(err) {
		return
	}
	took, why := time.Since(start), ""
	if failed(err) {
		why = "failed"
	}
	db.database.Observe(ctx, command, why != "", took)
	telemetry.Command{
		System: system, Name: command, Namespace: db.db.Name(), Collection: collection, Start: start, Took: took, Failed: why,
	}.Record(ctx)
}

func (g *Global[T]) did(ctx context.Context, command string, start time.Time, err error) {
	g.db.did(ctx, command, g.c.Name(), start, err)
}

// failed says whether a command had no answer: that there is no such row is one, and so is that an index refuses a write.
func failed(err error) bool {
	return err != nil && !errors.Is(err, mongo.ErrNoDocuments) && !mongo.IsDuplicateKeyError(err)
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
