package outbox

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
)

// StartBatchSpan starts the span for processing a batch of a source's records. It has its own trace, because the
// records belong to many, with links to the spans that wrote them. Call the returned function at the end.
func StartBatchSpan(
	ctx context.Context,
	t *telemetry.Telemetry,
	doing, source string,
	records []Record,
) (context.Context, func(error)) {
	written := make([]string, len(records))
	for i, r := range records {
		written[i] = r.Trace
	}
	ctx, span := t.Tracer.Start(
		ctx,
		doing+" "+source,
		trace.WithNewRoot(),
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(telemetry.LinksTo(written...)...),
		trace.WithAttributes(
			attribute.String("messaging.operation.name", doing),
			attribute.String("messaging.destination.name", source),
			attribute.Int("messaging.batch.message_count", len(records)),
		),
	)
	return ctx, func(err error) {
		if err != nil && !fault.Is(err, fault.Canceled) {
			span.SetStatus(codes.Error, fault.From(err).Code)
		}
		span.End()
	}
}
