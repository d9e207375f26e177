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

// Whether a trace is sampled is decided where it begins, before anybody knows how it ends. Those that are not are noted
// all the same, in this process alone, until the first span of the trace in this process ends: where it failed or was
// slow, what was noted is made into spans late, with the ids that were told to others meanwhile. Each process decides so
// about its own part. A failure comes back through all that asked, and so does slowness, so the parts on its way are
// there; a sibling that was asked beside it, and answered quickly, is missing.
//
// Noting is done by hand because it happens for every request: a span that the SDK records, and then does not export,
// costs three to four times what one costs that it does not record, a late one a quarter to a third more (BenchmarkSpan).

// The bounds of what is kept late.
const (
	maxSpans          = 128 // spans below one first span, and as many commands
	usualCommands     = 16  // commands below one first span, for which there is room from the start
	retainedPerSecond = 20  // a second, of one component: when everything fails, a few tell the story
	retainedBurst     = 100
)

// RetainedReason is the attribute that says why a trace that was not sampled is there: "failed" or "slow".
const RetainedReason = "fivechat.kept"

// tracer begins spans: the SDK's where the trace is sampled, else late ones.
type tracer struct {
	noop.Tracer
	sdk     trace.Tracer
	ratio   float64
	slow    time.Duration // from when on a first span is slow
	allowed *rate.Limiter
}

// provider gives the same tracer to everybody.
type provider struct {
	noop.TracerProvider
	tracer *tracer
}

// Tracer implements trace.TracerProvider.
func (p provider) Tracer(string, ...trace.TracerOption) trace.Tracer { return p.tracer }

// Start implements trace.Tracer. A trace that begins here is sampled by chance, and where it goes on from one that is.
func (t *tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	config := trace.NewSpanStartConfig(options...)
	var parent trace.SpanContext
	var above *bufferedSpan
	if !config.NewRoot() {
		span := trace.SpanFromContext(ctx)
		parent = span.SpanContext()
		above, _ = span.(*bufferedSpan)
	}
	sampled := parent.IsSampled()
	if !parent.IsValid() {
		sampled = rand.Float64() < t.ratio || anySampled(config.Links())
	}
	if sampled {
		return t.sdk.Start(ctx, name, options...)
	}
	s := &bufferedSpan{
		tracer: t, name: name, kind: config.SpanKind(), attributes: config.Attributes(), links: config.Links(), start: config.Timestamp(),
		trace: parent.TraceID(), id: newSpanID(), parent: parent.SpanID(), remote: parent.IsRemote(),
	}
	if s.start.IsZero() {
		s.start = time.Now()
	}
	if !s.trace.IsValid() {
		s.trace = newTraceID()
	}
	if above != nil {
		s.first = above
		if above.first != nil {
			s.first = above.first
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

// late is a span of a trace that is not sampled.
type bufferedSpan struct {
	noop.Span
	tracer     *tracer
	first      *bufferedSpan // the first span of the trace in this process; nil: this is it
	trace      trace.TraceID
	id, parent trace.SpanID // parent is zero where the trace begins here
	remote     bool         // the parent is another process's
	kind       trace.SpanKind
	start      time.Time

	mu         sync.Mutex
	name       string
	attributes []attribute.KeyValue
	links      []trace.Link
	code       codes.Code
	why        string
	end        time.Time          // zero until it has ended
	below      []*bufferedSpan    // of a first span: the others, as they ended
	commands   *[]bufferedCommand // of a first span: the commands to databases, as they ended; nil: none
}

// lists are those of commands that are not in use: most traces are forgotten as soon as they are over.
var lists = sync.Pool{New: func() any {
	l := make([]bufferedCommand, 0, usualCommands)
	return &l
}}

// noted is a command, and the span that it stands below.
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

// SetAttributes implements trace.Span. What it is given is the span's from then on.
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
func (s *bufferedSpan) SetStatus(code codes.Code, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.code, s.why = code, why
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
	if s.commands != nil { // it has ended: nobody adds any more
		clear(*s.commands)
		*s.commands = (*s.commands)[:0]
		lists.Put(s.commands)
		s.commands = nil
	}
}

// keep makes the span, and all that was noted below it.
func (s *bufferedSpan) retain() {
	s.export()
	for _, b := range s.below {
		b.export()
	}
	if s.commands == nil {
		return
	}
	for _, c := range *s.commands {
		c.make(s.under(c.parent, false), s.tracer.sdk)
	}
}

// WillRetain says whether the first span of a trace in this process, which took so long and failed or not, will be kept, so that
// more is to be said of it before it ends. Most are not, and then saying it is what costs most.
func WillRetain(s trace.Span, failed bool, took time.Duration) bool {
	if l, is := s.(*bufferedSpan); is {
		return failed || took >= l.tracer.slow
	}
	return s.IsRecording()
}

// note takes a span that has ended below this one, and says false where it is too late for that.
func (s *bufferedSpan) bufferSpan(b *bufferedSpan) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.end.IsZero() {
		return false
	}
	if len(s.below) < maxSpans {
		s.below = append(s.below, b)
	}
	return true
}

// noteCommand takes a command that was sent below this span; too late, or one of too many, it is forgotten.
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
		first.commands = lists.Get().(*[]bufferedCommand)
	}
	if len(*first.commands) < maxSpans {
		*first.commands = append(*first.commands, bufferedCommand{c, s.id})
	}
}

// worth says why a span that has ended is to be kept, "" where it is not.
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

// make has the SDK make the span, and export it.
func (s *bufferedSpan) export() {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx := context.Background()
	if s.parent.IsValid() {
		ctx = s.under(s.parent, s.remote)
	}
	ctx = context.WithValue(ctx, idKey{}, s)
	_, span := s.tracer.sdk.Start(ctx, s.name, trace.WithTimestamp(s.start), trace.WithSpanKind(s.kind), trace.WithAttributes(s.attributes...), trace.WithLinks(s.links...))
	span.SetStatus(s.code, s.why)
	span.End(trace.WithTimestamp(s.end))
}

// under is a context in which a span of this trace begins below another.
func (s *bufferedSpan) under(parent trace.SpanID, remote bool) context.Context {
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: s.trace, SpanID: parent, Remote: remote}))
}

type idKey struct{}

// ids gives the SDK's spans their ids: those that a late span has told others already, else new ones.
type ids struct{}

var _ sdktrace.IDGenerator = ids{}

// NewIDs implements sdktrace.IDGenerator.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if s, told := ctx.Value(idKey{}).(*bufferedSpan); told {
		return s.trace, s.id
	}
	return newTraceID(), newSpanID()
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if s, told := ctx.Value(idKey{}).(*bufferedSpan); told {
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
