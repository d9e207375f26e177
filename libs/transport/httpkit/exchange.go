package httpkit

import (
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/tenant"
)

// Unmatched is the route label of a request that matches no route.
const Unmatched = "unmatched"

// Exchange is one request with its response, at the gateway or at a service. It replaces the ResponseWriter to observe
// the response. It isn't safe for concurrent use.
type Exchange struct {
	http.ResponseWriter
	Span   trace.Span
	Method string // a bounded number of values, because it is a label
	Route  string // the pattern, or Unmatched
	Start  time.Time
	Began  time.Time // when the response began; zero before
	Status int       // of the response; 0 before it begins
	Bytes  int64     // of the response's body
}

// WriteHeader implements http.ResponseWriter.
func (x *Exchange) WriteHeader(status int) {
	if x.Status == 0 && status >= http.StatusOK {
		x.Status, x.Began = status, time.Now()
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (x *Exchange) Write(b []byte) (int, error) {
	if x.Status == 0 {
		x.Status, x.Began = http.StatusOK, time.Now()
	}
	n, err := x.ResponseWriter.Write(b)
	x.Bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find the wrapped writer.
func (x *Exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// HasFailed reports whether the response is a server error.
func (x *Exchange) HasFailed() bool { return x.Status >= http.StatusInternalServerError }

// DescribeSpan sets the attributes of the span. t is the caller's website, or zero. Attributes cost time, so call it
// only if telemetry.WillRetain reports that the span is kept.
func (x *Exchange) DescribeSpan(t tenant.ID) {
	x.Span.SetAttributes(attribute.String("http.request.method", x.Method), attribute.String("http.route", x.Route),
		attribute.Int("http.response.status_code", x.Status))
	if !t.IsZero() {
		x.Span.SetAttributes(attribute.Int64("fivechat.website.id", t.Int64()))
	}
	if x.HasFailed() {
		x.Span.SetStatus(codes.Error, http.StatusText(x.Status))
	}
}
