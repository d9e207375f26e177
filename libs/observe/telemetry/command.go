package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Command is a command to a database that has been answered or given up, as OpenTelemetry's conventions for clients of
// databases describe it. What it said and what came back is not part of it.
type Command struct {
	System     string // "mongodb" or "redis"
	Name       string
	Namespace  string // the database, where there are several
	Collection string // the one it was about, or ""
	Batch      int    // how many commands were sent together; 0 and 1: one
	Start      time.Time
	Took       time.Duration
	Failed     string // how it failed; "": it did not
}

// Record gives the command a client span below that of ctx; what is done outside of any trace has none. Nothing stands
// below a command, so it is told of when it is over, which is all that most of them cost: most requests send several.
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
	attributes = append(attributes, attribute.String("db.system.name", c.System), attribute.String("db.operation.name", c.Name))
	if c.Namespace != "" {
		attributes = append(attributes, attribute.String("db.namespace", c.Namespace))
	}
	if c.Collection != "" {
		name, attributes = name+" "+c.Collection, append(attributes, attribute.String("db.collection.name", c.Collection))
	}
	if c.Batch > 1 {
		attributes = append(attributes, attribute.Int("db.operation.batch.size", c.Batch))
	}
	_, span := t.Start(ctx, name, trace.WithTimestamp(c.Start), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	if c.Failed != "" {
		span.SetStatus(codes.Error, c.Failed)
	}
	span.End(trace.WithTimestamp(c.Start.Add(c.Took)))
}
