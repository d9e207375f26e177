package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Traceparent is the context's span in the form of the W3C's header, to be kept beside what the span has written, or ""
// where there is none.
func Traceparent(ctx context.Context) string {
	var said parent
	propagation.TraceContext{}.Inject(ctx, &said)
	return string(said)
}

// maxLinks bounds the links of one span.
const maxLinks = 32

// LinksTo gives links to the spans that were kept as Traceparent gave them, each once: to those of sampled traces first,
// and not to more than 32.
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
			said := parent(p)
			if c := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), &said)); c.IsValid() {
				links = append(links, trace.Link{SpanContext: c})
			}
		}
	}
	return links
}

// parent is the one header that is told and heard.
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
