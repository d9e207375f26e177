package telemetry

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"
)

// discard is a span processor that does nothing.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

// recordOnly makes the SDK record spans that aren't exported.
type recordOnly struct{ sdktrace.Sampler }

func (recordOnly) ShouldSample(sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return sdktrace.SamplingResult{Decision: sdktrace.RecordOnly}
}

// BenchmarkSpan compares the cost of a span that the edge makes for each request: by the SDK with and without
// recording, and buffered.
func BenchmarkSpan(b *testing.B) {
	sdk := func(s sdktrace.Sampler) trace.Tracer {
		return sdktrace.NewTracerProvider(sdktrace.WithSampler(s), sdktrace.WithSpanProcessor(discard{})).Tracer("b")
	}
	for name, t := range map[string]trace.Tracer{
		"sdk not recorded": sdk(sdktrace.NeverSample()),
		"sdk recorded":     sdk(recordOnly{}),
		"buffered":         &tracer{sdk: sdk(sdktrace.AlwaysSample()), slow: time.Hour, allowed: rate.NewLimiter(1, 1)},
	} {
		begins := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer)}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, span := t.Start(context.Background(), "GET", begins...)
				if span.IsRecording() {
					span.SetName("GET /x")
					span.SetAttributes(
						attribute.String("http.request.method", "GET"),
						attribute.String("http.route", "/x"),
						attribute.Int("http.response.status_code", 200),
					)
				}
				span.End()
			}
		})
	}
}
