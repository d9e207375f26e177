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

	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
)

// exchange is the Exchange of the gateway. At its end the request is logged, measured and traced, once.
type exchange struct {
	httpkit.Exchange
	edge      *Edge
	path      string
	client    string       // the client's address
	row       *route.Route // nil until it is found
	series    *series
	principal identity.Principal
	token     string // prefix of the API token that was sent
	aborted   bool   // the response was cut off
	unread    bool   // the request has a long body that wasn't read
	quiet     bool   // count only: no log line and no retained trace
}

// spanOptions are the options of an exchange's span.
var spanOptions = []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer)}

// begin opens the exchange and starts its trace. Trace headers of the client are ignored.
func (e *Edge) begin(
	ctx context.Context, w http.ResponseWriter, r *http.Request, row *route.Route,
) (*exchange, context.Context) {
	id, method := requestID(r.Header), methodLabel(r.Method)
	ctx, span := e.Telemetry.Tracer.Start(telemetry.WithRequestID(ctx, id), method, spanOptions...)
	h := w.Header()
	h[httpkit.RequestIDHeader] = []string{id}
	h["X-Content-Type-Options"], h["Referrer-Policy"], h["Content-Security-Policy"] = noSniff, noReferrer, noContent
	if r.TLS != nil { // otherwise the TLS terminator in front sets it; over plain HTTP it must not be sent
		h["Strict-Transport-Security"] = transport
	}
	measured := e.series[row]
	if row == nil {
		measured = &e.metrics.unmatched
	}
	measured.active.Inc()
	return &exchange{
		Exchange: httpkit.Exchange{
			ResponseWriter: w,
			Span:           span,
			Method:         method,
			Route:          httpkit.Unmatched,
			Start:          time.Now(),
		},
		edge:   e,
		series: measured,
		path:   r.URL.Path,
		client: clientAddress(r, e.Trusted),
	}, ctx
}

// Header values that all responses share. They are never modified.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noContent  = []string{"default-src 'none'; frame-ancestors 'none'"} // pages set their own policy
	// a file of a visitor or an agent, opened as a page, is in an origin of its own and runs nothing
	fileContent = []string{"sandbox; default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'"}
	noStore     = []string{"no-store"}
	// one year; without includeSubDomains, since other names of the domain aren't the gateway's
	transport = []string{"max-age=31536000"}
)

var validRequestID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// requestID returns the client's request id if it is well-formed, or a new one.
func requestID(h http.Header) string {
	if v := h.Values(httpkit.RequestIDHeader); len(v) == 1 && validRequestID.MatchString(v[0]) {
		return v[0]
	}
	return rand.Text()
}

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.unread && x.Status == 0 && status >= http.StatusOK { // otherwise net/http reads the body before it responds
		x.Header().Set("Connection", "close")
	}
	x.Exchange.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(b []byte) (int, error) {
	if x.Status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	return x.Exchange.Write(b)
}

// refuse writes a problem response. For a client that disconnected it aborts the connection instead. A client that only
// stopped sending then can't take an empty response for a success.
func (x *exchange) refuse(ctx context.Context, err error) {
	f := fault.From(err)
	if f.Kind == fault.Canceled {
		x.Status = httpkit.Status(fault.Canceled)
		panic(http.ErrAbortHandler)
	}
	if errors.Is(err, proxy.ErrFull) || errors.Is(err, share.ErrHolder) || errors.Is(err, share.ErrProcess) {
		x.quiet = true
		x.edge.overload.Do(func() { x.quiet = false })
	}
	if !x.quiet && (f.Kind == fault.Internal || f.Kind == fault.Unavailable || f.Kind == fault.Timeout) {
		x.edge.Telemetry.Log.ErrorContext(ctx, "request failed", "error", err, "route", x.Route)
	}
	httpkit.WriteProblem(x, x.path, httpkit.RequestID(ctx), f)
}

// end closes the exchange, also after a panic. It must be deferred directly, because it calls recover.
func (x *exchange) end(ctx context.Context) {
	reason := recover()
	if err, _ := reason.(error); reason != nil && !errors.Is(err, http.ErrAbortHandler) {
		x.edge.Telemetry.Panics.Inc()
		x.edge.Telemetry.Log.ErrorContext(
			ctx, "request panicked", "panic", fmt.Sprint(reason), "stack", string(debug.Stack()),
		)
		if x.Status == 0 {
			x.refuse(ctx, fmt.Errorf("panic: %v", reason))
			reason = nil
		}
	}
	if x.Status == 0 { // no response was started, which only happens if the exchange was aborted
		x.Status = httpkit.Status(fault.Canceled)
	}
	x.aborted = reason != nil
	if x.row != nil && x.row.Method == http.MethodGet &&
		x.principal.Kind != identity.Public { // responses to writes only repeat the client's input
		x.edge.Limits.Charge(ctx, x.row.Class, x.principal, x.client, x.Bytes)
	}
	x.record(ctx)
	if reason != nil {
		panic(http.ErrAbortHandler)
	}
}

func (x *exchange) record(ctx context.Context) {
	took := time.Since(x.Start)
	if x.row != nil && x.row.Class.Streams() && !x.Began.IsZero() {
		took = x.Began.Sub(x.Start) // the duration of a stream isn't a latency
	}
	x.series.active.Dec()
	x.answered(ctx, took.Seconds())
	x.log(ctx, took)
	x.trace(took)
}

// log writes the access log line. Of personal or secret data it contains only the ids of the website and the token, the
// token's prefix (also of refused tokens), and a shortened client address.
func (x *exchange) log(ctx context.Context, took time.Duration) {
	log := x.edge.Telemetry.Log
	if x.quiet || !log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", x.Method), slog.String("route", x.Route), slog.Int("status", x.Status),
		slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int64("bytes", x.Bytes),
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
		attrs = append(attrs, slog.Int64("token", int64(x.principal.TokenID)))
	}
	if x.principal.PersonID != 0 {
		attrs = append(attrs, slog.Int64("person", int64(x.principal.PersonID)))
	}
	if x.token != "" {
		attrs = append(attrs, slog.String("token_prefix", x.token))
	}
	log.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
}

func (x *exchange) trace(took time.Duration) {
	defer x.Span.End(trace.WithTimestamp(x.Start.Add(took)))
	if x.quiet || !telemetry.WillRetain(x.Span, x.HasFailed(), took) {
		return
	}
	x.Span.SetName(x.Method + " " + x.Route)
	x.DescribeSpan(x.principal.Website)
}

// methodLabel bounds the values of the method label, which clients could choose freely.
func methodLabel(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT":
		return method
	}
	return "_OTHER"
}
