package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sony/gobreaker/v2"
	"github.com/valyala/fasthttp"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
)

// The circuit: it opens where at least tripShare of at least tripCalls calls within tripWindow got no answer, refuses for
// openFor, and then closes again once probes calls were answered.
const (
	tripWindow = 10 * time.Second
	tripCalls  = 20
	tripShare  = 0.5
	openFor    = time.Second
	probes     = 3
)

// bulkShare is the share of the requests under way with a service whose bodies may be too long to be kept: those are
// imports, which take seconds, and a handful of them must not keep everybody else waiting.
const bulkShare = 8

var errOpen = errors.New("proxy: the circuit is open")

// upstream is one service: how many requests may be under way with it, and how many of those whose bodies pass through,
// the connections to it, the circuit before it, and how many requests may be sent again.
type upstream struct {
	gate    *gate
	bulk    *gate
	pool    *pool
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	again   budget
	metrics upstreamMetrics
}

func newUpstream(name route.Upstream, address *url.URL, concurrency int, m *metrics) *upstream {
	u := &upstream{gate: newGate(concurrency), bulk: newGate(max(concurrency/bulkShare, 1)), pool: newPool(address), metrics: m.of(name), again: newBudget()}
	u.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: string(name), MaxRequests: probes, Interval: tripWindow, BucketPeriod: tripWindow / 10, Timeout: openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.Requests >= tripCalls && float64(c.TotalFailures) >= tripShare*float64(c.Requests)
		},
		OnStateChange: func(_ string, _, to gobreaker.State) { u.metrics.circuit.Set(float64(to)) },
	})
	return u
}

// do sends req and takes the answer into resp by the deadline, or until ctx ends. A request that cannot have been acted
// upon, or does no harm twice, is sent once more.
func (u *upstream) do(ctx context.Context, req *fasthttp.Request, resp *fasthttp.Response, deadline time.Time, twice bool) error {
	done, err := u.circuit.Allow()
	if err != nil {
		u.metrics.refused.Inc()
		return errOpen
	}
	gate, stream := u.gate, req.IsBodyStream()
	if stream {
		gate = u.bulk
	}
	if err := gate.enter(ctx); err != nil {
		if errors.Is(err, ErrFull) {
			u.metrics.refused.Inc()
		}
		done(nil) // it is us who are busy, or the client who gave up
		return err
	}
	defer gate.leave()
	u.again.earn()
	err = u.try(ctx, req, resp, deadline)
	if retriable(err, twice && !stream) && ctx.Err() == nil && u.again.spend() { // of a stream, some may be gone
		u.metrics.retries.Inc()
		err = u.try(ctx, req, resp, deadline)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		done(nil) // it is the client who gave up
	} else {
		done(err)
	}
	return err
}

func (u *upstream) try(ctx context.Context, req *fasthttp.Request, resp *fasthttp.Response, deadline time.Time) error {
	c, err := u.pool.take(ctx)
	start, status, again := time.Now(), 0, false
	if err == nil {
		if again, err = c.carry(ctx, req, resp, deadline); again {
			u.pool.give(c)
		} else {
			u.pool.drop(c)
		}
	}
	if err == nil {
		status = resp.StatusCode()
	}
	u.metrics.observe(ctx, status, start)
	return err
}

// retriable says whether a request that ended in err may be sent again: where nothing was sent, or where the connection
// broke and doing it twice is like doing it once. What took too long is not tried again.
func retriable(err error, twice bool) bool {
	if err == nil {
		return false
	}
	var notSent *unsent
	switch {
	case errors.As(err, &notSent):
		return true
	default:
		return twice && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE))
	}
}

// twice says whether a request may be sent twice: by its method, or because the service knows it by its key, as it does
// those of tokens and visitors.
func twice(r *http.Request, p identity.Principal) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut:
		return true
	case http.MethodPost, http.MethodPatch:
		return r.Header.Get(httpkit.IdempotencyKeyHeader) != "" && (p.Kind == identity.Token || p.Kind == identity.Visitor)
	default:
		return false
	}
}

// budget bounds what sending again adds to the load of a service in trouble: ten requests earn one more, and there are
// never more than a few saved up. It is the retry throttling of gRPC (proposal A6), without its threshold.
type budget struct{ tenths *atomic.Int64 }

const (
	maxSaved  = 100 // tenths
	retryCost = 10
)

func newBudget() budget {
	b := budget{new(atomic.Int64)}
	b.tenths.Store(maxSaved)
	return b
}

func (b budget) earn() {
	if b.tenths.Load() < maxSaved {
		b.tenths.Add(1)
	}
}

func (b budget) spend() bool {
	if b.tenths.Add(-retryCost) >= 0 {
		return true
	}
	b.tenths.Add(retryCost)
	return false
}
