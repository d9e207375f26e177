// Package httpkit carries operations over HTTP: it binds requests, writes responses and problems with their tags and
// links, heeds preconditions and idempotency keys, passes identity, trace and deadline from hop to hop, and calls other
// services the same way. Its list of features is closed; anything odd is a plain http.Handler beside the table.
package httpkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
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

// The headers that pass from hop to hop beside identity.Header and traceparent.
const (
	RequestIDHeader = "X-Request-Id"
	TimeoutHeader   = "X-Fivechat-Timeout-Ms" // what is left of the caller's deadline, in milliseconds
)

// DefaultTimeout bounds a request whose caller stated no deadline.
const DefaultTimeout = 15 * time.Second

// DefaultBody is the cap of a request body in bytes, for routes that state none.
const DefaultBody = 1 << 20

// Router is a service's route table. It verifies the assertion of who is asking, so a request that did not come from
// the edge or a sibling reaches every operation as nobody.
type Router struct {
	mux         *http.ServeMux
	tele        *telemetry.Telemetry
	keys        *identity.Keyring
	streams     map[string]bool  // the patterns without a deadline
	idempotency IdempotencyStore // nil: an Idempotency-Key is not looked at
	active      active
	reads       *largeread.Limiter
}

// NewRouter makes an empty table.
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
	body    int64
	caching string
	query   []string // the names of the parameters that the operation reads
	public  bool     // what it answers anybody may read
}

// Lenient ignores unknown body members, as documented operations must for clients of the hosted API. Without it they
// are refused.
func Lenient(r *route) { r.lenient = true }

// Body sets the route's body cap in bytes.
func Body(n int64) Option { return func(r *route) { r.body = n } }

// Caching says with what Cache-Control the route answers.
func Caching(how string) Option { return func(r *route) { r.caching = how } }

// Handle mounts an operation: pattern is a ServeMux pattern with a method, status the answer's on success (a response
// with a method HTTPStatus() int may say otherwise). It panics where the request's tags do not fit the pattern, so that
// a wrong table never starts.
func Handle[Req, Resp any](r *Router, pattern string, status int, e operation.Endpoint[Req, Resp], options ...Option) {
	rt := route{body: DefaultBody}
	for _, o := range options {
		o(&rt)
	}
	bind := planBinding[Req](pattern, &rt)
	server := kithttp.NewServer(e.Kit,
		func(_ context.Context, req *http.Request) (any, error) { return bind(req) },
		func(ctx context.Context, w http.ResponseWriter, response any) error {
			return rt.answer(ctx, w, status, forWriter(ctx, response))
		},
		kithttp.ServerErrorEncoder(func(ctx context.Context, err error, w http.ResponseWriter) { refuse(ctx, w, err) }),
	)
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		req.Body = http.MaxBytesReader(w, req.Body, rt.body)
		ctx, err := requiring(rt.noting(req.Context()), req)
		if err != nil {
			refuse(ctx, w, err)
			return
		}
		r.serveIdempotent(w, req.WithContext(ctx), server)
	})
}

// refuse answers the request of ctx with a problem.
func refuse(ctx context.Context, w http.ResponseWriter, err error) {
	WriteProblem(w, requestOf(ctx).URL.Path, RequestID(ctx), err)
}

// Mount adds a plain handler for what is no request/response operation.
func (r *Router) Mount(pattern string, h http.Handler) { r.mux.Handle(pattern, h) }

// Stream adds a plain handler whose answer goes on until somebody ends it: it has no deadline.
func (r *Router) Stream(pattern string, h http.Handler) {
	r.streams[pattern] = true
	r.Mount(pattern, h)
}

type requestKey struct{}

func requestOf(ctx context.Context) *http.Request { return ctx.Value(requestKey{}).(*http.Request) }

// RequestID gives the id of the request that the context belongs to, or "".
func RequestID(ctx context.Context) string { return telemetry.RequestID(ctx) }

// ServeHTTP puts identity, trace, request id and deadline into the context, then serves the route in a span of its own; a
// path or method that no route has is answered with a problem like everything else.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ctx := r.tele.Propagate.Extract(req.Context(), propagation.HeaderCarrier(req.Header))
	ctx = telemetry.WithRequestID(ctx, req.Header.Get(RequestIDHeader))
	ctx = context.WithValue(ctx, requestKey{}, req)
	if a := req.Header.Get(identity.Header); a != "" {
		if p, err := r.keys.Verify(a); err == nil {
			ctx = withClientAddress(identity.With(ctx, p), req.Header)
		} else {
			r.tele.Log.WarnContext(ctx, "refused an assertion", "error", err)
		}
	}
	req = req.WithContext(ctx)
	handler, pattern := r.mux.Handler(req)
	ctx, x := r.begin(ctx, w, req, pattern)
	defer x.end(ctx)
	if pattern == "" {
		WriteUnrouted(x, req, handler)
		x.whole = true
		return
	}
	under := r.active.streams
	if !r.streams[pattern] {
		under = r.active.requests
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeoutOf(req))
		defer cancel()
		var answered func()
		ctx, answered = r.reads.Begin(ctx, identity.From(ctx).Website)
		defer answered()
	}
	under.Inc()
	defer under.Dec()
	defer r.noted(ctx, pattern)
	r.mux.ServeHTTP(x, req.WithContext(ctx))
	x.whole = true
}

// active counts what is being answered.
type active struct{ requests, streams prometheus.Gauge }

func newActive(r prometheus.Registerer) active {
	g := telemetry.NewActive(r)
	return active{g.WithLabelValues("request"), g.WithLabelValues("stream")}
}

// noted counts a panic that no operation's chain caught, and leaves it to net/http, which ends the connection. It must be
// deferred itself, to recover.
func (r *Router) noted(ctx context.Context, pattern string) {
	reason := recover()
	if reason == nil {
		return
	}
	if err, _ := reason.(error); !errors.Is(err, http.ErrAbortHandler) {
		r.tele.Panics.Inc()
		r.tele.Log.ErrorContext(ctx, "handler panicked", "route", pattern, "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
	}
	panic(http.ErrAbortHandler)
}

func timeoutOf(req *http.Request) time.Duration {
	if ms, err := strconv.Atoi(req.Header.Get(TimeoutHeader)); err == nil && ms > 0 && ms < int(DefaultTimeout/time.Millisecond) {
		return time.Duration(ms) * time.Millisecond
	}
	return DefaultTimeout
}

// WriteUnrouted turns the plain 404 or 405 of a ServeMux into a problem, keeping the Allow header.
func WriteUnrouted(w http.ResponseWriter, req *http.Request, muxed http.Handler) {
	answer := unrouted{header: http.Header{}}
	muxed.ServeHTTP(&answer, req)
	err := fault.Missing("path")
	if answer.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", answer.header.Get("Allow"))
		err = fault.New(fault.MethodNotAllowed, "the path has no method "+req.Method)
	}
	WriteProblem(w, req.URL.Path, RequestID(req.Context()), err)
}

// unrouted notes what a ServeMux says of a request that no route has.
type unrouted struct {
	header http.Header
	status int
}

func (u *unrouted) Header() http.Header         { return u.header }
func (u *unrouted) Write(b []byte) (int, error) { return len(b), nil }
func (u *unrouted) WriteHeader(status int)      { u.status = status }
