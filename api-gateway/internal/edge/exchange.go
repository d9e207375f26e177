package edge

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
)

// unmatched is the route label of a request that no row has.
const unmatched = "unmatched"

// exchange is one request and its answer: it stands in for the ResponseWriter, and when it ends it is logged, measured
// and traced once.
type exchange struct {
	http.ResponseWriter
	edge      *Edge
	method    string // as a label: one of the known ones
	path      string
	start     time.Time
	span      trace.Span
	client    string // the client's address
	pattern   string
	row       *route.Route // nil as long as none is found
	series    *series
	principal identity.Principal
	token     string        // the beginning of the API token that was sent
	status    int           // 0 until the answer has begun
	began     time.Duration // of a stream: when the answer began
	bytes     int64
	aborted   bool // the answer broke off
	unread    bool // the request has a long body that is not read
	quiet     bool // it is counted, and neither logged nor kept as a trace
}

// begins are the options of an exchange's span.
var begins = []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer)}

// begin opens the exchange. The trace begins here: what a client says about traces of its own does not count.
func (e *Edge) begin(
	ctx context.Context, w http.ResponseWriter, r *http.Request, row *route.Route,
) (*exchange, context.Context) {
	id, method := requestID(r.Header), methodLabel(r.Method)
	ctx, span := e.Telemetry.Tracer.Start(telemetry.WithRequestID(ctx, id), method, begins...)
	h := w.Header()
	h[httpkit.RequestIDHeader] = []string{id}
	h["X-Content-Type-Options"], h["Referrer-Policy"], h["Content-Security-Policy"] = noSniff, noReferrer, noContent
	if r.TLS != nil { // else who ends TLS before the edge says so, and over plain HTTP nobody may
		h["Strict-Transport-Security"] = transport
	}
	measured := e.series[row]
	if row == nil {
		measured = &e.metrics.odd
	}
	measured.active.Inc()
	return &exchange{
		ResponseWriter: w, edge: e, series: measured, method: method, path: r.URL.Path, start: time.Now(), span: span,
		client: clientAddress(r, e.Trusted), pattern: unmatched,
	}, ctx
}

// Headers that answers have in common; nobody changes what they hold.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"} // a page states its own policy instead
	noStore    = []string{"no-store"}
	transport  = []string{"max-age=31536000"} // a year; other names below the host's are not the edge's to speak for
)

var sane = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// requestID takes over the client's id for the request where it is a sane one, else makes one.
func requestID(h http.Header) string {
	if v := h.Values(httpkit.RequestIDHeader); len(v) == 1 && sane.MatchString(v[0]) {
		return v[0]
	}
	return rand.Text()
}

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status, x.began = status, time.Since(x.start)
		if x.unread { // else net/http would wait for the body before it answers
			x.Header().Set("Connection", "close")
		}
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	n, err := x.ResponseWriter.Write(b)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what is inside, to flush.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// refuse answers with a problem. A client that went away is told nothing: its connection is cut, so that one that only
// stopped sending cannot take an empty answer for a success.
func (x *exchange) refuse(ctx context.Context, err error) {
	f := fault.From(err)
	if f.Kind == fault.Canceled {
		x.status = httpkit.Status(fault.Canceled)
		panic(http.ErrAbortHandler)
	}
	if errors.Is(err, proxy.ErrFull) || errors.Is(err, share.ErrHolder) || errors.Is(err, share.ErrProcess) {
		x.quiet = true
		x.edge.crowd.Do(func() { x.quiet = false })
	}
	if !x.quiet && (f.Kind == fault.Internal || f.Kind == fault.Unavailable || f.Kind == fault.Timeout) {
		x.edge.Telemetry.Log.ErrorContext(ctx, "request failed", "error", err, "route", x.pattern)
	}
	httpkit.WriteProblem(x, x.path, httpkit.RequestID(ctx), f)
}

// end closes the exchange, also where it ends in a panic. It must be deferred itself, to recover.
func (x *exchange) end(ctx context.Context) {
	reason := recover()
	if err, _ := reason.(error); reason != nil && !errors.Is(err, http.ErrAbortHandler) {
		x.edge.Telemetry.Panics.Inc()
		x.edge.Telemetry.Log.ErrorContext(
			ctx, "request panicked", "panic", fmt.Sprint(reason), "stack", string(debug.Stack()),
		)
		if x.status == 0 {
			x.refuse(ctx, fmt.Errorf("panic: %v", reason))
			reason = nil
		}
	}
	if x.status == 0 { // nothing was answered, which only an aborted exchange can end with
		x.status = httpkit.Status(fault.Canceled)
	}
	x.aborted = reason != nil
	if x.row != nil && x.row.Method == http.MethodGet &&
		x.principal.Kind != identity.Public { // writes repeat what they were sent
		x.edge.Limits.Charge(ctx, x.row.Class, x.principal, x.client, x.bytes)
	}
	x.record(ctx)
	if reason != nil {
		panic(http.ErrAbortHandler)
	}
}

func (x *exchange) record(ctx context.Context) {
	took := time.Since(x.start)
	if x.row != nil && x.row.Class.Streams() && x.began > 0 {
		took = x.began // how long somebody stayed says nothing about us
	}
	x.series.active.Dec()
	x.answered(ctx, took.Seconds())
	x.log(ctx, took)
	x.trace(took)
}

// log writes the request's line. Of what is personal or secret it has the number of the website and of the token, the token's
// beginning, which also those have that are refused, and about where the client is.
func (x *exchange) log(ctx context.Context, took time.Duration) {
	log := x.edge.Telemetry.Log
	if x.quiet || !log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", x.method), slog.String("route", x.pattern), slog.Int("status", x.status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int64("bytes", x.bytes),
		slog.String("client", telemetry.ShortAddress(x.client)),
	}
	if x.aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	if x.row != nil {
		attrs = append(attrs, slog.String("class", string(x.row.Class)))
	}
	if !x.principal.Website.IsZero() {
		attrs = append(attrs, slog.Int64("website", x.principal.Website.Int64()))
	}
	if x.principal.TokenID != 0 {
		attrs = append(attrs, slog.Int64("token", x.principal.TokenID))
	}
	if x.token != "" {
		attrs = append(attrs, slog.String("token_prefix", x.token))
	}
	log.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
}

func (x *exchange) trace(took time.Duration) {
	defer x.span.End(trace.WithTimestamp(x.start.Add(took)))
	if x.quiet || !telemetry.WillRetain(x.span, x.status >= http.StatusInternalServerError, took) {
		return
	}
	x.span.SetName(x.method + " " + x.pattern)
	x.span.SetAttributes(attribute.String("http.request.method", x.method), attribute.String("http.route", x.pattern),
		attribute.Int("http.response.status_code", x.status))
	if !x.principal.Website.IsZero() {
		x.span.SetAttributes(attribute.Int64("fivechat.website.id", x.principal.Website.Int64()))
	}
	if x.status >= http.StatusInternalServerError {
		x.span.SetStatus(codes.Error, http.StatusText(x.status))
	}
}

// methodLabel bounds what a client can make a label of.
func methodLabel(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT":
		return method
	}
	return "_OTHER"
}
