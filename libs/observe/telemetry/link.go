package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Traceparent returns the context's span as a W3C traceparent header, or "" outside of a trace. Store it beside an
// event, so that the event's consumers can link to the span that wrote it.
func Traceparent(ctx context.Context) string {
	var carrier parent
	propagation.TraceContext{}.Inject(ctx, &carrier)
	return string(carrier)
}

// maxLinks bounds the links of one span.
const maxLinks = 32

// LinksTo returns links to the spans of stored traceparents, without duplicates. It returns at most 32, those of
// sampled traces first.
func LinksTo(traceparents ...string) []trace.Link {
	var links []trace.Link
	seen := map[string]bool{"": true}
	for _, sampled := range []bool{true, false} {
		for _, p := range traceparents {
			if len(links) == maxLinks {
				return links
			}
			if seen[p] || strings.HasSuffix(p, "-01") != sampled {
				continue
			}
			seen[p] = true
			carrier := parent(p)
			extracted := propagation.TraceContext{}.Extract(context.Background(), &carrier)
			if c := trace.SpanContextFromContext(extracted); c.IsValid() {
				links = append(links, trace.Link{SpanContext: c})
			}
		}
	}
	return links
}

// parent is a carrier of the one header.
type parent string

var _ propagation.TextMapCarrier = (*parent)(nil)

const parentHeader = "traceparent"

// Get implements propagation.TextMapCarrier.
func (p *parent) Get(key string) string {
	if key == parentHeader {
		return string(*p)
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (p *parent) Set(key, value string) {
	if key == parentHeader {
		*p = parent(value)
	}
}

// Keys implements propagation.TextMapCarrier.
func (p *parent) Keys() []string { return []string{parentHeader} }
