// Package httpkit serves operations over HTTP. Begin with Router and Handle. It binds requests, writes responses and
// problems, checks preconditions and idempotency keys, and sets ETag and Link. It passes identity, trace and deadline
// on to other services, which Call calls. Every operation uses these features only; anything else is a plain
// http.Handler, added with Mount or Stream.
package httpkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	kithttp "github.com/go-kit/kit/transport/http"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/largeread"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/operation"
)

// The headers that services pass on, besides identity.Header and traceparent.
const (
	RequestIDHeader = "X-Request-Id"
	TimeoutHeader   = "X-Fivechat-Timeout-Ms" // the time until the caller's deadline, in milliseconds
)

// DefaultTimeout bounds a request whose caller set no deadline.
const DefaultTimeout = 15 * time.Second

// DefaultBody bounds a request's body in bytes, unless the route sets another bound.
const DefaultBody = 1 << 20

// Router is a service's route table. It verifies the caller's assertion. A request that came neither from the edge nor
// from another service has the zero Principal in every operation.
type Router struct {
	mux         *http.ServeMux
	tele        *telemetry.Telemetry
	keys        *identity.Keyring
	streams     map[string]bool  // the patterns of streams, which have no deadline
	idempotency IdempotencyStore // nil: the router ignores Idempotency-Key
	active      active
	reads       *largeread.Limiter
}

// NewRouter returns a Router without routes.
func NewRouter(t *telemetry.Telemetry, keys *identity.Keyring) *Router {
	return &Router{
		mux: http.NewServeMux(), tele: t, keys: keys, streams: map[string]bool{}, active: newActive(t.Registry),
		reads: largeread.New(),
	}
}

// Option adjusts one route.
type Option func(*route)

type route struct {
	lenient bool
	form    bool
	body    int64
	caching string
	query   []string // the names of the parameters that the operation reads
	content []int    // the index of the request's Content; nil: the body is JSON
	ignores bool     // other parameters are ignored: by lenient routes, and among services of several versions
	public  bool     // anyone may read the response
	secret  bool     // the response has a secret that must not be stored
	// It isn't done in a website, whose requests are stored with their responses.
	personal bool
}

// Lenient makes a route ignore unknown body members and query parameters, as documented operations must for clients of
// the hosted API. Other routes refuse them.
func Lenient(r *route) { r.lenient = true }

// Secret marks a route whose response has a secret that is shown once. It refuses Idempotency-Key, because the response
// would be stored.
func Secret(r *route) { r.secret = true }

// Body sets the route's body limit in bytes.
func Body(n int64) Option { return func(r *route) { r.body = n } }

// Caching sets the Cache-Control of the route's successful responses.
func Caching(directives string) Option { return func(r *route) { r.caching = directives } }

// Handle adds an operation to the table. The pattern is a ServeMux pattern with a method. The status is that of a
// successful response; a response can override it by a method HTTPStatus() int. Handle panics if the request's tags
// don't fit the pattern, so that a service with a wrong table never starts.
func Handle[Req, Resp any](r *Router, pattern string, status int, e operation.Endpoint[Req, Resp], options ...Option) {
	rt := route{body: DefaultBody, personal: e.Rule.IsPersonal()}
	for _, o := range options {
		o(&rt)
	}
	rt.ignores = rt.lenient || strings.Contains(pattern, " /internal/")
	bind := planBinding[Req](pattern, &rt)
	server := kithttp.NewServer(e.Kit,
		func(_ context.Context, req *http.Request) (any, error) { return bind(req) },
		func(ctx context.Context, w http.ResponseWriter, response any) error {
			return rt.respond(ctx, w, status, forWriter(ctx, response))
		},
		kithttp.ServerErrorEncoder(func(ctx context.Context, err error, w http.ResponseWriter) { refuse(ctx, w, err) }),
	)
	if rt.content != nil {
		r.Stream(pattern, rt.receive(server))
		return
	}
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		req.Body = http.MaxBytesReader(w, req.Body, rt.body)
		ctx, err := requiring(rt.noting(req.Context()), req)
		if err != nil {
			refuse(ctx, w, err)
			return
		}
		if rt.secret && len(req.Header.Values(IdempotencyKeyHeader)) > 0 {
			refuse(ctx, w, fault.Bad(IdempotencyKeyHeader, "isn't accepted here: the response has a secret, and isn't stored"))
			return
		}
		r.serveIdempotent(w, req.WithContext(ctx), rt, server)
	})
}

// refuse responds to the request of ctx with a problem.
func refuse(ctx context.Context, w http.ResponseWriter, err error) {
	WriteProblem(w, requestOf(ctx).URL.Path, RequestID(ctx), err)
}

// Mount adds a plain handler for anything that isn't a request/response operation.
func (r *Router) Mount(pattern string, h http.Handler) { r.mux.Handle(pattern, h) }

// Stream adds a plain handler whose response ends only when either side ends it. It has no deadline.
func (r *Router) Stream(pattern string, h http.Handler) {
	r.streams[pattern] = true
	r.Mount(pattern, h)
}

type requestKey struct{}

func requestOf(ctx context.Context) *http.Request { return ctx.Value(requestKey{}).(*http.Request) }

// RequestID returns the id of the request that the context belongs to, or "".
func RequestID(ctx context.Context) string { return telemetry.RequestID(ctx) }

// ServeHTTP puts identity, trace, request id and deadline into the context, then serves the route in its own span. A
// path or method without a route gets a problem, like every other error.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ctx := r.tele.Propagate.Extract(req.Context(), propagation.HeaderCarrier(req.Header))
	ctx = telemetry.WithRequestID(ctx, req.Header.Get(RequestIDHeader))
	ctx = context.WithValue(ctx, requestKey{}, req)
	if a := req.Header.Get(identity.Header); a != "" {
		if p, err := r.keys.Verify(a); err == nil {
			ctx = withClientAddress(identity.With(ctx, p), req.Header)
		} else {
			r.tele.Log.WarnContext(ctx, "assertion refused", "error", err)
		}
	}
	req = req.WithContext(ctx)
	handler, pattern := r.mux.Handler(req)
	ctx, x := r.begin(ctx, w, pattern)
	defer x.end(ctx)
	if pattern == "" {
		WriteUnrouted(x, req, handler)
		x.whole = true
		return
	}
	gauge := r.active.streams
	if !r.streams[pattern] {
		gauge = r.active.requests
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeoutOf(req))
		defer cancel()
		var done func()
		ctx, done = r.reads.Begin(ctx, identity.From(ctx).Website)
		defer done()
	}
	gauge.Inc()
	defer gauge.Dec()
	defer r.countPanic(ctx, pattern)
	r.mux.ServeHTTP(x, req.WithContext(ctx))
	x.whole = true
}

// active counts the requests and streams in progress.
type active struct{ requests, streams prometheus.Gauge }

func newActive(r prometheus.Registerer) active {
	g := telemetry.NewActive(r)
	return active{g.WithLabelValues("request"), g.WithLabelValues("stream")}
}

// countPanic counts a panic that no operation's chain recovered from. It panics again, so that net/http ends the
// connection. It must be deferred directly, because it calls recover.
func (r *Router) countPanic(ctx context.Context, pattern string) {
	reason := recover()
	if reason == nil {
		return
	}
	if err, _ := reason.(error); !errors.Is(err, http.ErrAbortHandler) {
		r.tele.Panics.Inc()
		r.tele.Log.ErrorContext(
			ctx,
			"handler panicked",
			"route",
			pattern,
			"panic",
			fmt.Sprint(reason),
			"stack",
			string(debug.Stack()),
		)
	}
	panic(http.ErrAbortHandler)
}

func timeoutOf(req *http.Request) time.Duration {
	if ms, err := strconv.Atoi(req.Header.Get(TimeoutHeader)); err == nil && ms > 0 &&
		ms < int(DefaultTimeout/time.Millisecond) {
		return time.Duration(ms) * time.Millisecond
	}
	return DefaultTimeout
}

// WriteUnrouted turns the plain 404 or 405 of a ServeMux into a problem, and keeps the Allow header.
func WriteUnrouted(w http.ResponseWriter, req *http.Request, muxed http.Handler) {
	muxResponse := unrouted{header: http.Header{}}
	muxed.ServeHTTP(&muxResponse, req)
	err := fault.Missing("path")
	if muxResponse.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", muxResponse.header.Get("Allow"))
		err = fault.New(fault.MethodNotAllowed, "the path has no method "+req.Method)
	}
	WriteProblem(w, req.URL.Path, RequestID(req.Context()), err)
}

// unrouted records the response of a ServeMux to a request without a route.
type unrouted struct {
	header http.Header
	status int
}

func (u *unrouted) Header() http.Header         { return u.header }
func (u *unrouted) Write(b []byte) (int, error) { return len(b), nil }
func (u *unrouted) WriteHeader(status int)      { u.status = status }
