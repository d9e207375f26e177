package telemetry

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/time/rate"
)

// Tail sampling. Whether a trace is sampled is decided at its start, before its outcome is known. The spans of
// unsampled traces are buffered in this process until the first span of the trace in this process ends. If that span
// failed or was slow, the buffered spans are exported, with the ids that other processes already have. Each process
// decides for its own part. Failures and slowness propagate to the callers, so every part on their path is retained. A
// call to another service that succeeded quickly is missing.
//
// Buffering is done by hand because it happens for every request. A span that the SDK records but doesn't export costs
// three to four times as much as one that it doesn't record; a buffered one costs a quarter to a third more
// (BenchmarkSpan).

// The bounds of buffered and retained spans.
const (
	maxSpans          = 128 // below one first span, and as many commands
	usualCommands     = 16  // commands below one first span for which there is room from the start
	retainedPerSecond = 20  // traces a second and component: during an outage a few are enough
	retainedBurst     = 100
)

// RetainedReason is the attribute that says why an unsampled trace was retained: "failed" or "slow".
const RetainedReason = "fivechat.kept"

// tracer starts spans: the SDK's if the trace is sampled, else buffered ones.
type tracer struct {
	noop.Tracer
	sdk     trace.Tracer
	ratio   float64
	slow    time.Duration // the duration from which a first span is slow
	allowed *rate.Limiter
}

// provider returns the same tracer for every name.
type provider struct {
	noop.TracerProvider
	tracer *tracer
}

// Tracer implements trace.TracerProvider.
func (p provider) Tracer(string, ...trace.TracerOption) trace.Tracer { return p.tracer }

// Start implements trace.Tracer. A trace that starts here is sampled at random, or if it is linked to a sampled one.
func (t *tracer) Start(
	ctx context.Context,
	name string,
	options ...trace.SpanStartOption,
) (context.Context, trace.Span) {
	config := trace.NewSpanStartConfig(options...)
	var parent trace.SpanContext
	var ancestor *bufferedSpan
	if !config.NewRoot() {
		span := trace.SpanFromContext(ctx)
		parent = span.SpanContext()
		ancestor, _ = span.(*bufferedSpan)
	}
	sampled := parent.IsSampled()
	if !parent.IsValid() {
		sampled = rand.Float64() < t.ratio || anySampled(config.Links())
	}
	if sampled {
		return t.sdk.Start(ctx, name, options...)
	}
	s := &bufferedSpan{
		tracer:     t,
		name:       name,
		kind:       config.SpanKind(),
		attributes: config.Attributes(),
		links:      config.Links(),
		start:      config.Timestamp(),
		trace:      parent.TraceID(),
		id:         newSpanID(),
		parent:     parent.SpanID(),
		remote:     parent.IsRemote(),
	}
	if s.start.IsZero() {
		s.start = time.Now()
	}
	if !s.trace.IsValid() {
		s.trace = newTraceID()
	}
	if ancestor != nil {
		s.first = ancestor
		if ancestor.first != nil {
			s.first = ancestor.first
		}
	}
	return trace.ContextWithSpan(ctx, s), s
}

func anySampled(links []trace.Link) bool {
	for _, l := range links {
		if l.SpanContext.IsSampled() {
			return true
		}
	}
	return false
}

// bufferedSpan is a span of an unsampled trace.
type bufferedSpan struct {
	noop.Span
	tracer     *tracer
	first      *bufferedSpan // the first span of the trace in this process; nil in that span
	trace      trace.TraceID
	id, parent trace.SpanID // parent is zero if the trace starts here
	remote     bool         // the parent belongs to another process
	kind       trace.SpanKind
	start      time.Time

	mu         sync.Mutex
	name       string
	attributes []attribute.KeyValue
	links      []trace.Link
	code       codes.Code
	reason     string
	end        time.Time          // zero until the span ends
	ended      []*bufferedSpan    // in a first span: the others, in the order of their ends
	commands   *[]bufferedCommand // in a first span: the commands to databases, in the order of their ends; nil: none
}

// commandLists holds command commandLists for reuse: most traces are dropped as soon as they end.
var commandLists = sync.Pool{New: func() any {
	l := make([]bufferedCommand, 0, usualCommands)
	return &l
}}

// bufferedCommand is a command and the id of its parent span.
type bufferedCommand struct {
	Command
	parent trace.SpanID
}

// SpanContext implements trace.Span.
func (s *bufferedSpan) SpanContext() trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: s.trace, SpanID: s.id})
}

// TracerProvider implements trace.Span.
func (s *bufferedSpan) TracerProvider() trace.TracerProvider { return provider{tracer: s.tracer} }

// IsRecording implements trace.Span.
func (s *bufferedSpan) IsRecording() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end.IsZero()
}

// SetName implements trace.Span.
func (s *bufferedSpan) SetName(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name = name
}

// SetAttributes implements trace.Span. The span owns the slice from then on.
func (s *bufferedSpan) SetAttributes(attributes ...attribute.KeyValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attributes == nil {
		s.attributes = attributes[:len(attributes):len(attributes)]
		return
	}
	s.attributes = append(s.attributes, attributes...)
}

// SetStatus implements trace.Span.
func (s *bufferedSpan) SetStatus(code codes.Code, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.reason = code, reason
}

// AddLink implements trace.Span.
func (s *bufferedSpan) AddLink(l trace.Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links = append(s.links, l)
}

// End implements trace.Span.
func (s *bufferedSpan) End(options ...trace.SpanEndOption) {
	config := trace.NewSpanEndConfig(options...)
	end := config.Timestamp()
	if end.IsZero() {
		end = time.Now()
	}
	s.mu.Lock()
	ended := !s.end.IsZero()
	if !ended {
		s.end = end
	}
	s.mu.Unlock()
	if ended || s.first != nil && s.first.bufferSpan(s) {
		return
	}
	if why := s.retainReason(); why != "" && s.tracer.allowed.Allow() {
		s.SetAttributes(attribute.String(RetainedReason, why))
		s.retain()
	}
	if s.commands != nil { // the span has ended, so no command is added any more
		clear(*s.commands)
		*s.commands = (*s.commands)[:0]
		commandLists.Put(s.commands)
		s.commands = nil
	}
}

// retain exports the span and everything buffered below it.
func (s *bufferedSpan) retain() {
	s.export()
	for _, b := range s.ended {
		b.export()
	}
	if s.commands == nil {
		return
	}
	for _, c := range *s.commands {
		c.make(s.childContext(c.parent, false), s.tracer.sdk)
	}
}

// WillRetain reports whether the first span of a trace in this process will be exported, given its duration and
// whether it failed. Call it before you set further attributes: most spans aren't exported, and attributes are what
// costs most.
func WillRetain(s trace.Span, failed bool, took time.Duration) bool {
	if l, is := s.(*bufferedSpan); is {
		return failed || took >= l.tracer.slow
	}
	return s.IsRecording()
}

// bufferSpan adds a span that has ended below s. It returns false if s has ended already.
func (s *bufferedSpan) bufferSpan(b *bufferedSpan) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.end.IsZero() {
		return false
	}
	if len(s.ended) < maxSpans {
		s.ended = append(s.ended, b)
	}
	return true
}

// bufferCommand adds a command that was sent below this span. It drops the command if the first span has ended or is
// full.
func (s *bufferedSpan) bufferCommand(c Command) {
	first := s
	if s.first != nil {
		first = s.first
	}
	first.mu.Lock()
	defer first.mu.Unlock()
	if !first.end.IsZero() {
		return
	}
	if first.commands == nil {
		first.commands = commandLists.Get().(*[]bufferedCommand)
	}
	if len(*first.commands) < maxSpans {
		*first.commands = append(*first.commands, bufferedCommand{c, s.id})
	}
}

// retainReason returns why a span that has ended must be retained, or "".
func (s *bufferedSpan) retainReason() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.code == codes.Error:
		return "failed"
	case s.end.Sub(s.start) >= s.tracer.slow:
		return "slow"
	default:
		return ""
	}
}

// export lets the SDK make the span, and exports it.
func (s *bufferedSpan) export() {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx := context.Background()
	if s.parent.IsValid() {
		ctx = s.childContext(s.parent, s.remote)
	}
	ctx = context.WithValue(ctx, idKey{}, s)
	_, span := s.tracer.sdk.Start(
		ctx,
		s.name,
		trace.WithTimestamp(s.start),
		trace.WithSpanKind(s.kind),
		trace.WithAttributes(s.attributes...),
		trace.WithLinks(s.links...),
	)
	span.SetStatus(s.code, s.reason)
	span.End(trace.WithTimestamp(s.end))
}

// childContext returns a context in which a span of this trace starts below parent.
func (s *bufferedSpan) childContext(parent trace.SpanID, remote bool) context.Context {
	return trace.ContextWithSpanContext(
		context.Background(),
		trace.NewSpanContext(trace.SpanContextConfig{TraceID: s.trace, SpanID: parent, Remote: remote}),
	)
}

type idKey struct{}

// ids generates the ids of the SDK's spans. A buffered span keeps its ids, which other processes may already have.
type ids struct{}

var _ sdktrace.IDGenerator = ids{}

// NewIDs implements sdktrace.IDGenerator.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if s, buffered := ctx.Value(idKey{}).(*bufferedSpan); buffered {
		return s.trace, s.id
	}
	return newTraceID(), newSpanID()
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if s, buffered := ctx.Value(idKey{}).(*bufferedSpan); buffered {
		return s.id
	}
	return newSpanID()
}

func newTraceID() (id trace.TraceID) {
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64()|1) // never zero
	return id
}

func newSpanID() (id trace.SpanID) {
	binary.NativeEndian.PutUint64(id[:], rand.Uint64()|1)
	return id
}
