package httpkit

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
)

// serverSpan is the span kind of requests.
var serverSpan = trace.WithSpanKind(trace.SpanKindServer)

// served is the Exchange of a service. At its end it closes the request's span and logs one line at level debug. The
// edge logs client requests at info; a service's line shows what happened in the service, and is only needed while
// debugging.
type served struct {
	Exchange
	tele    *telemetry.Telemetry
	streams bool
	whole   bool // the handler returned without a panic
}

// begin starts an exchange. It starts no span for a request that another service sent outside of any trace.
func (r *Router) begin(ctx context.Context, w http.ResponseWriter, pattern string) (context.Context, *served) {
	x := &served{
		Exchange: Exchange{ResponseWriter: w, Start: time.Now(), Route: Unmatched},
		tele:     r.tele,
		streams:  r.streams[pattern],
	}
	name := Unmatched
	if pattern != "" {
		name = pattern
		x.Method, x.Route, _ = strings.Cut(pattern, " ")
	}
	if x.Span = trace.SpanFromContext(ctx); x.Span.SpanContext().IsValid() ||
		identity.From(ctx).Kind != identity.Service {
		ctx, x.Span = r.tele.Tracer.Start(ctx, name, serverSpan)
	}
	return ctx, x
}

func (x *served) end(ctx context.Context) {
	end := time.Now()
	switch {
	case x.streams && x.Status != 0:
		end = x.Began // a stream's duration depends on the client, so the span ends when the response begins
	case x.Status == 0 && x.whole:
		x.Status = http.StatusOK
	case x.Status == 0:
		x.Status = http.StatusInternalServerError
	}
	if telemetry.WillRetain(x.Span, x.HasFailed(), end.Sub(x.Start)) {
		x.DescribeSpan(identity.From(ctx).Website)
	}
	if x.tele.Log.Enabled(ctx, slog.LevelDebug) {
		x.tele.Log.LogAttrs(ctx, slog.LevelDebug, "request",
			slog.String("method", x.Method),
			slog.String("route", x.Route),
			slog.Int("status", x.Status),
			slog.Float64("ms", float64(end.Sub(x.Start).Microseconds())/1000),
			slog.String("caller", string(identity.From(ctx).Kind)),
		)
	}
	x.Span.End(trace.WithTimestamp(end))
}
