package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Command is a completed or failed command to a database, with the attributes of OpenTelemetry's conventions for
// database clients. It holds neither the command's content nor the response's.
type Command struct {
	System     string // "mongodb" or "redis"
	Name       string
	Namespace  string // the database, if there are several
	Collection string // the collection that it reads or writes, or ""
	Batch      int    // the number of commands sent together; 0 and 1 mean one
	Start      time.Time
	Took       time.Duration
	Failed     string // the kind of failure, or "" on success
}

// Record adds the command as a client span below the span of ctx. Outside of a trace it does nothing. A command has no
// child spans, so it is recorded at its end only. That keeps it cheap, and most requests send several.
func (c Command) Record(ctx context.Context) {
	above := trace.SpanFromContext(ctx)
	switch s := above.(type) {
	case *bufferedSpan:
		s.bufferCommand(c)
	default:
		if above.IsRecording() {
			c.make(ctx, above.TracerProvider().Tracer("fivechat.dev/libs/observe/telemetry"))
		}
	}
}

func (c Command) make(ctx context.Context, t trace.Tracer) {
	name, attributes := c.Name, make([]attribute.KeyValue, 0, 5)
	attributes = append(
		attributes,
		attribute.String("db.system.name", c.System),
		attribute.String("db.operation.name", c.Name),
	)
	if c.Namespace != "" {
		attributes = append(attributes, attribute.String("db.namespace", c.Namespace))
	}
	if c.Collection != "" {
		name, attributes = name+" "+c.Collection, append(
			attributes,
			attribute.String("db.collection.name", c.Collection),
		)
	}
	if c.Batch > 1 {
		attributes = append(attributes, attribute.Int("db.operation.batch.size", c.Batch))
	}
	_, span := t.Start(
		ctx,
		name,
		trace.WithTimestamp(c.Start),
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attributes...),
	)
	if c.Failed != "" {
		span.SetStatus(codes.Error, c.Failed)
	}
	span.End(trace.WithTimestamp(c.Start.Add(c.Took)))
}
