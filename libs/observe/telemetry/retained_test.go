package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"fivechat.dev/libs/observe/telemetry"
)

// exported runs work with a telemetry that samples the given ratio, and returns the spans that it exported.
func exported(t *testing.T, ratio float64, slow time.Duration, work func(trace.Tracer)) []*tracepb.Span {
	t.Helper()
	var mu sync.Mutex
	var spans []*tracepb.Span
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var req coltrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(b, &req); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, of := range req.GetResourceSpans() {
			for _, scope := range of.GetScopeSpans() {
				spans = append(spans, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(collector.Close)
	tele, err := telemetry.New(
		t.Context(),
		"test",
		telemetry.Config{OTLPEndpoint: collector.URL, SampleRatio: ratio, SlowTrace: slow, LogTo: io.Discard},
	)
	if err != nil {
		t.Fatal(err)
	}
	work(tele.Tracer)
	if err := tele.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return spans
}

func names(spans []*tracepb.Span) []string {
	all := []string{}
	for _, s := range spans {
		all = append(all, s.Name)
	}
	slices.Sort(all)
	return all
}

func TestUnsampledTracesAreRetainedIfFailedOrSlow(t *testing.T) {
	t.Parallel()
	remote := trace.NewSpanContext(
		trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Remote: true},
	)
	for name, c := range map[string]struct {
		slow time.Duration
		work func(trace.Tracer)
		want []string
	}{
		"nothing of a quick success": {time.Hour, func(t trace.Tracer) {
			ctx, first := t.Start(context.Background(), "first")
			_, below := t.Start(ctx, "below")
			below.SetStatus(codes.Error, "retried")
			below.End()
			first.End()
		}, []string{}},
		"everything below a failed span": {time.Hour, func(t trace.Tracer) {
			ctx, first := t.Start(context.Background(), "first")
			ctx, below := t.Start(ctx, "below")
			_, deep := t.Start(ctx, "deep")
			deep.End()
			below.End()
			first.SetStatus(codes.Error, "unavailable")
			first.End()
			first.End()
		}, []string{"below", "deep", "first"}},
		"everything below a span that is slow by its timestamps": {time.Minute, func(t trace.Tracer) {
			now := time.Now()
			ctx, first := t.Start(context.Background(), "first", trace.WithTimestamp(now))
			_, below := t.Start(ctx, "below")
			below.End()
			first.End(trace.WithTimestamp(now.Add(time.Minute)))
		}, []string{"below", "first"}},
		"this process's part of a remote trace": {time.Hour, func(t trace.Tracer) {
			ctx, first := t.Start(trace.ContextWithRemoteSpanContext(context.Background(), remote), "first")
			_, below := t.Start(ctx, "below")
			below.End()
			first.SetStatus(codes.Error, "unavailable")
			first.End()
		}, []string{"below", "first"}},
		"a failed span that ends after the first span": {time.Hour, func(t trace.Tracer) {
			ctx, first := t.Start(context.Background(), "first")
			_, well := t.Start(ctx, "well")
			_, failed := t.Start(ctx, "failed")
			first.End()
			well.End()
			failed.SetStatus(codes.Error, "unavailable")
			failed.End()
		}, []string{"failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := names(exported(t, 0, c.slow, c.work)); !slices.Equal(got, c.want) {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestRetainedSpansKeepTheirData: ids that other processes have, parents, times, and attributes.
func TestRetainedSpansKeepTheirData(t *testing.T) {
	t.Parallel()
	remote := trace.NewSpanContext(
		trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Remote: true},
	)
	linked := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{3}, SpanID: trace.SpanID{4}})
	began := time.Now().Add(-time.Hour)
	var first, below trace.Span
	spans := exported(t, 0, time.Hour, func(tracer trace.Tracer) {
		var ctx context.Context
		ctx, first = tracer.Start(
			trace.ContextWithRemoteSpanContext(context.Background(), remote),
			"first",
			trace.WithTimestamp(began),
			trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.Int("a", 1)),
		)
		if !first.IsRecording() || first.SpanContext().IsSampled() ||
			first.SpanContext().TraceID() != remote.TraceID() {
			t.Errorf("the span context is %+v", first.SpanContext())
		}
		_, below = first.TracerProvider().
			Tracer("x").
			Start(ctx, "below", trace.WithLinks(trace.Link{SpanContext: linked}))
		below.End()
		first.SetName("renamed")
		first.SetAttributes(attribute.Int("b", 2))
		first.SetStatus(codes.Error, "unavailable")
		first.End()
		if first.IsRecording() {
			t.Error("the span still records")
		}
	})
	at := map[string]*tracepb.Span{}
	for _, s := range spans {
		at[s.Name] = s
	}
	one, two := at["renamed"], at["below"]
	if len(spans) != 2 || one == nil || two == nil {
		t.Fatal(spans)
	}
	is := func(id []byte, want trace.SpanID) bool { return trace.SpanID(id) == want }
	if trace.TraceID(one.TraceId) != remote.TraceID() || !is(one.SpanId, first.SpanContext().SpanID()) ||
		!is(one.ParentSpanId, remote.SpanID()) {
		t.Errorf("the first span's ids are %v", one)
	}
	if !is(two.SpanId, below.SpanContext().SpanID()) || !is(two.ParentSpanId, first.SpanContext().SpanID()) {
		t.Errorf("the second span's ids are %v", two)
	}
	if one.StartTimeUnixNano != uint64(began.UnixNano()) || one.Kind != tracepb.Span_SPAN_KIND_SERVER ||
		one.Status.GetMessage() != "unavailable" ||
		len(one.Attributes) != 3 {
		t.Errorf("the span is %v", one)
	}
	if len(two.Links) != 1 || trace.TraceID(two.Links[0].TraceId) != linked.TraceID() {
		t.Errorf("the links are %v", two.Links)
	}
}

func TestSampledParentsAndLinksAreSampled(t *testing.T) {
	t.Parallel()
	sampled := trace.NewSpanContext(
		trace.SpanContextConfig{
			TraceID:    trace.TraceID{1},
			SpanID:     trace.SpanID{2},
			TraceFlags: trace.FlagsSampled,
			Remote:     true,
		},
	)
	spans := exported(t, 0, time.Hour, func(tracer trace.Tracer) {
		ctx, below := tracer.Start(
			trace.ContextWithRemoteSpanContext(context.Background(), sampled),
			"below a sampled span",
		)
		_, root := tracer.Start(ctx, "a new root", trace.WithNewRoot())
		_, linked := tracer.Start(
			context.Background(),
			"linked to a sampled span",
			trace.WithLinks(trace.Link{SpanContext: sampled}),
		)
		for _, s := range []trace.Span{linked, root, below} {
			s.End()
		}
	})
	if got := names(spans); !slices.Equal(got, []string{"below a sampled span", "linked to a sampled span"}) {
		t.Errorf("ratio 0: %v", got)
	}
	const n = 2000
	spans = exported(t, 0.5, time.Hour, func(tracer trace.Tracer) {
		for range n {
			_, s := tracer.Start(context.Background(), "span")
			s.End()
		}
	})
	if len(spans) < n/3 || len(spans) > 2*n/3 {
		t.Errorf("ratio 0.5: %d of %d", len(spans), n)
	}
}

// TestRetentionIsBounded: of many failures, and of many spans below one, only a part is retained.
func TestRetentionIsBounded(t *testing.T) {
	t.Parallel()
	fail := func(tracer trace.Tracer, below int) {
		ctx, first := tracer.Start(context.Background(), "first")
		for range below {
			_, s := tracer.Start(ctx, "below")
			s.End()
		}
		first.SetStatus(codes.Error, "unavailable")
		first.End()
	}
	if n := len(exported(t, 0, time.Hour, func(tracer trace.Tracer) { fail(tracer, 1000) })); n != 129 {
		t.Errorf("%d spans of a large trace are retained", n)
	}
	many := len(exported(t, 0, time.Hour, func(tracer trace.Tracer) {
		for range 1000 {
			fail(tracer, 0)
		}
	}))
	if many < 100 || many > 300 {
		t.Errorf("%d of 1000 failed traces are retained", many)
	}
}

func TestLinksPreferSampledTraces(t *testing.T) {
	t.Parallel()
	const sampled = "00-0102030405060708090a0b0c0d0e0f10-0102030405060708-01"
	const other = "00-0102030405060708090a0b0c0d0e0f11-0102030405060708-00"
	links := telemetry.LinksTo("", other, sampled, "no traceparent", sampled)
	if len(links) != 2 || !links[0].SpanContext.IsSampled() || links[1].SpanContext.TraceID().String() != other[3:35] {
		t.Errorf("%v", links)
	}
	ctx := trace.ContextWithSpanContext(t.Context(), links[0].SpanContext)
	if got := telemetry.Traceparent(ctx); got != sampled {
		t.Errorf("%q", got)
	}
	if got := telemetry.Traceparent(t.Context()); got != "" {
		t.Errorf("outside of a trace: %q", got)
	}
	var many []string
	for i := range 100 {
		many = append(many, other[:50]+string("0123456789abcdef"[i%16])+string("0123456789abcdef"[i/16])+"-00")
	}
	if n := len(telemetry.LinksTo(many...)); n != 32 {
		t.Errorf("%d links of 100", n)
	}
}
