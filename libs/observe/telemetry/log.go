package telemetry

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net/netip"
	"regexp"

	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/identity"
)

// newLog returns a component's log: JSON lines with the ids of trace, span, request and website.
func newLog(to io.Writer, level slog.Leveler, component string) *slog.Logger {
	return slog.New(related{slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level})}).With("component", component)
}

// related adds to each line the ids of its context: trace, span, request and website. No other code adds them.
type related struct{ slog.Handler }

// Handle implements slog.Handler.
func (h related) Handle(ctx context.Context, r slog.Record) error {
	var attrs [4]slog.Attr
	n := 0
	add := func(a slog.Attr) { attrs[n] = a; n++ }
	if s := trace.SpanContextFromContext(ctx); s.IsValid() {
		add(slog.String("trace_id", s.TraceID().String()))
		add(slog.String("span_id", s.SpanID().String()))
	}
	if id := RequestID(ctx); id != "" {
		add(slog.String("request_id", id))
	}
	if t := identity.From(ctx).Website; !t.IsZero() {
		add(slog.Int64("website", t.Int64()))
	}
	if n > 0 {
		r = r.Clone()
		r.AddAttrs(attrs[:n]...)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h related) WithAttrs(attrs []slog.Attr) slog.Handler {
	return related{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h related) WithGroup(name string) slog.Handler { return related{h.Handler.WithGroup(name)} }

type requestIDKey struct{}

// RequestID returns the id of the request that the context belongs to, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// WithRequestID returns a context that holds a request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// ServerLog is the log of net/http, which reports connection errors at level debug. It contains client addresses,
// which are shortened here.
func (t *Telemetry) ServerLog() *log.Logger {
	l := slog.NewLogLogger(t.Log.Handler(), slog.LevelDebug)
	l.SetOutput(shortening{l.Writer()})
	return l
}

// shortening shortens the IP addresses in lines.
type shortening struct{ io.Writer }

// addressed matches text that may be an IP address, with or without a port.
var addressed = regexp.MustCompile(
	`\[?([0-9A-Fa-f]*:[0-9A-Fa-f:.]+|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)(%\w+)?\]?(:[0-9]+)?`,
)

// Write implements io.Writer.
func (s shortening) Write(p []byte) (int, error) {
	_, err := s.Writer.Write(addressed.ReplaceAllFunc(p, func(found []byte) []byte {
		if a := addressed.FindSubmatch(found)[1]; a != nil {
			if short := ShortAddress(string(a)); short != "" {
				return []byte(short)
			}
		}
		return found
	}))
	return len(p), err
}

// The parts of an address that a log may hold: the first three bytes of IPv4, and the site prefix of IPv6, which
// providers assign to a customer.
const (
	keptOfV4 = 24
	keptOfV6 = 48
)

// ShortAddress removes from an IP address the part that identifies one client, for logs: addresses are personal data.
// It returns "" for other text.
func ShortAddress(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	kept := keptOfV6
	if a.Is4() {
		kept = keptOfV4
	}
	p, err := a.Prefix(kept)
	if err != nil {
		return ""
	}
	return p.Addr().String()
}
