// Package traces_test collects the telemetry of the system while it is used: its spans over OTLP, its log and its
// metrics. It checks complete traces, and that the telemetry contains nothing secret or personal.
package traces_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// span is a received span.
type span struct {
	*tracepb.Span
	component string
}

func (s span) trace() string  { return hex.EncodeToString(s.TraceId) }
func (s span) id() string     { return hex.EncodeToString(s.SpanId) }
func (s span) parent() string { return hex.EncodeToString(s.ParentSpanId) }

// title identifies a span in the tests.
func (s span) title() string {
	title := s.component + ": " + s.Name
	if operation := s.attribute("fivechat.operation"); operation != "" {
		title += " (" + operation + ")"
	}
	return title
}

func (s span) failed() bool { return s.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR }

// attribute returns the value of an attribute as text, or "".
func (s span) attribute(key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return text(a.Value)
		}
	}
	return ""
}

func text(v *commonpb.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_IntValue:
		return fmt.Sprint(v.IntValue)
	default:
		return ""
	}
}

// collector receives spans over OTLP.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []span
	bad   []string // requests that could not be parsed
}

func newCollector() *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(c.receive))
	return c
}

func (c *collector) receive(_ http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	var req coltrace.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(b, &req)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || r.URL.Path != "/v1/traces" {
		c.bad = append(c.bad, fmt.Sprint(r.URL.Path, " ", err))
	}
	for _, of := range req.GetResourceSpans() {
		component := ""
		for _, a := range of.GetResource().GetAttributes() {
			if a.Key == "service.name" {
				component = strings.TrimPrefix(text(a.Value), "fivechat-")
			}
		}
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, span{s, component})
			}
		}
	}
}

// all returns the spans received so far.
func (c *collector) all() []span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// of returns the spans of a trace.
func (c *collector) of(trace string) (found []span) {
	for _, s := range c.all() {
		if s.trace() == trace {
			found = append(found, s)
		}
	}
	return found
}

// linkedTo returns the titles of the spans with a link to one of a trace, each with the tree below it.
func (c *collector) linkedTo(trace string) map[string]string {
	found, all := map[string]string{}, c.all()
	for _, s := range all {
		if s.links(trace) {
			found[s.title()] = tree(all, s.id(), "")
		}
	}
	return found
}

// titled returns a span with a title and a link to one of a trace.
func (c *collector) titled(title, trace string) span {
	for _, s := range c.all() {
		if s.title() == title && s.links(trace) {
			return s
		}
	}
	return span{}
}

// links reports whether the span has a link to one of a trace.
func (s span) links(trace string) bool {
	return slices.ContainsFunc(s.Links, func(l *tracepb.Span_Link) bool { return hex.EncodeToString(l.TraceId) == trace })
}

// tree renders the spans below a span (the whole trace for "") as titles, indented by two spaces per level. Siblings
// are sorted by title; equal ones appear once.
func tree(spans []span, below, indent string) string {
	var parts []string
	for _, s := range spans {
		if s.parent() == below {
			parts = append(parts, indent+s.title()+"\n"+tree(spans, s.id(), indent+"  "))
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "")
}
