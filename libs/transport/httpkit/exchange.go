package httpkit

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
)

// unmatched is the route label of a request that matches no route.
const unmatched = "unmatched"

// server is the span kind of requests.
var server = trace.WithSpanKind(trace.SpanKindServer)

// exchange is one request to a service and its response. It replaces the ResponseWriter to observe the status. At its
// end it closes the request's span and logs one line at level debug. The edge logs client requests at info; a
// service's line shows what happened in the service, and is only needed while debugging.
type exchange struct {
	http.ResponseWriter
	tele    *telemetry.Telemetry
	span    trace.Span
	method  string
	route   string
	streams bool
	start   time.Time
	began   time.Time // when the response began
	status  int       // 0 until the response begins
	whole   bool      // the handler returned without a panic
}

// begin starts an exchange. It starts no span for a request that another service sent outside of any trace.
func (r *Router) begin(
	ctx context.Context,
	w http.ResponseWriter,
	req *http.Request,
	pattern string,
) (context.Context, *exchange) {
	x := &exchange{ResponseWriter: w, tele: r.tele, streams: r.streams[pattern], start: time.Now(), route: unmatched}
	name := unmatched
	if pattern != "" {
		name = pattern
		x.method, x.route, _ = strings.Cut(pattern, " ")
	}
	if x.span = trace.SpanFromContext(ctx); x.span.SpanContext().IsValid() ||
		identity.From(ctx).Kind != identity.Service {
		ctx, x.span = r.tele.Tracer.Start(ctx, name, server)
	}
	return ctx, x
}

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status, x.began = status, time.Now()
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status, x.began = http.StatusOK, time.Now()
	}
	return x.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the wrapped writer.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

func (x *exchange) end(ctx context.Context) {
	end := time.Now()
	switch {
	case x.streams && x.status != 0:
		end = x.began // a stream's duration depends on the client, so the span ends when the response begins
	case x.status == 0 && x.whole:
		x.status = http.StatusOK
	case x.status == 0:
		x.status = http.StatusInternalServerError
	}
	if failed := x.status >= http.StatusInternalServerError; telemetry.WillRetain(x.span, failed, end.Sub(x.start)) {
		x.span.SetAttributes(attribute.String("http.request.method", x.method), attribute.String("http.route", x.route),
			attribute.Int("http.response.status_code", x.status))
		if t := identity.From(ctx).Website; !t.IsZero() {
			x.span.SetAttributes(attribute.Int64("fivechat.website.id", t.Int64()))
		}
		if failed {
			x.span.SetStatus(codes.Error, http.StatusText(x.status))
		}
	}
	if x.tele.Log.Enabled(ctx, slog.LevelDebug) {
		x.tele.Log.LogAttrs(
			ctx,
			slog.LevelDebug,
			"request",
			slog.String("method", x.method),
			slog.String("route", x.route),
			slog.Int(
				"status",
				x.status,
			),
			slog.Float64("ms", float64(end.Sub(x.start).Microseconds())/1000),
			slog.String("caller", string(identity.From(ctx).Kind)),
		)
	}
	x.span.End(trace.WithTimestamp(end))
}
