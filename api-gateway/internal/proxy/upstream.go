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
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
)

// The circuit breaker opens if at least tripShare of at least tripCalls calls within tripWindow got no response. It
// refuses for openFor, and closes again after probes calls got a response.
const (
	tripWindow = 10 * time.Second
	tripCalls  = 20
	tripShare  = 0.5
	openFor    = time.Second
	probes     = 3
)

// One in bulkShare of the places of a service is for requests with long bodies (longBody, in bytes). Those are imports,
// which take seconds, and must not make all other requests wait. Visitors' long bodies have as many places of their
// own.
const (
	bulkShare = 8
	longBody  = 64 << 10
)

var errOpen = errors.New("proxy: the circuit breaker is open")

// upstream is one service: its concurrency limits, its connections, its circuit breaker and its retry budget.
type upstream struct {
	limit   *lanes
	bulk    *lanes // long bodies of API tokens
	uploads *lanes // long bodies of visitors
	moving  *lanes // files in transfer, in both directions
	pool    *pool
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	again   budget
	metrics upstreamMetrics
}

func newUpstream(name route.Upstream, address *url.URL, concurrency int, m *metrics) *upstream {
	few := max(concurrency/bulkShare, 1)
	u := &upstream{
		limit:   newLanes(concurrency),
		bulk:    newLanes(few),
		uploads: newLanes(few),
		moving:  newLanes(concurrency),
		pool:    newPool(address),
		metrics: m.of(name),
		again:   newBudget(),
	}
	u.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         string(name),
		MaxRequests:  probes,
		Interval:     tripWindow,
		BucketPeriod: tripWindow / 10,
		Timeout:      openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.Requests >= tripCalls && float64(c.TotalFailures) >= tripShare*float64(c.Requests)
		},
		OnStateChange: func(_ string, _, to gobreaker.State) { u.metrics.circuit.Set(float64(to)) },
	})
	return u
}

// call is a request to a service, with its response.
type call struct {
	req        *fasthttp.Request
	resp       *fasthttp.Response
	deadline   time.Time
	idempotent bool // may be sent twice
	principal  identity.Principal
	holders    share.Holders
	room       room
}

// lanesOf returns the concurrency limits that apply to a call.
func (u *upstream) lanesOf(c *call) *lanes {
	switch {
	case len(c.req.Body()) <= longBody:
		return u.limit
	case c.principal.OfTeam():
		return u.bulk
	default:
		return u.uploads
	}
}

// do sends a call's request and reads the response by the deadline or until ctx ends. It retries once if the service
// can't have acted on the request or if the request is idempotent, within the retry budget.
func (u *upstream) do(ctx context.Context, c *call) error {
	done, err := u.circuit.Allow()
	if err != nil {
		u.metrics.refused.Inc()
		return errOpen
	}
	places := u.lanesOf(c)
	if err := places.acquire(ctx, c.holders); err != nil {
		if errors.Is(err, ErrFull) || errors.Is(err, share.ErrHolder) {
			u.metrics.refused.Inc()
		}
		done(nil) // caused by our own limits, or by the client
		return err
	}
	defer places.release(c.holders)
	u.again.earn()
	err = u.try(ctx, c)
	if retriable(err, c.idempotent) && ctx.Err() == nil && u.again.spend() {
		u.metrics.retries.Inc()
		err = u.try(ctx, c)
	}
	if errors.Is(ctx.Err(), context.Canceled) || !ofService(err) {
		done(nil) // caused by the client, or by this one response
	} else {
		done(err)
	}
	return err
}

// ofService reports whether an error counts for the circuit breaker: the service couldn't be reached, broke off or took
// too long. Errors that one request can provoke don't count (a response that is too large or malformed, or finds no
// room here), and neither do statuses. Otherwise one caller could open the circuit breaker for all.
func ofService(err error) bool {
	return !errors.Is(err, errAnswer) && !errors.Is(err, share.ErrHolder) && !errors.Is(err, share.ErrProcess)
}

func (u *upstream) try(ctx context.Context, c *call) error {
	line, err := u.pool.get(ctx)
	start, status, again := time.Now(), 0, false
	if err == nil {
		if again, err = line.carry(ctx, c); again {
			u.pool.put(line)
		} else {
			u.pool.drop(line)
		}
	}
	if err == nil {
		status = c.resp.StatusCode()
	}
	u.metrics.observe(ctx, status, start)
	return err
}

// retriable reports whether a request that failed with err may be sent again: nothing was sent, or the connection broke
// and the request is idempotent. Timeouts aren't retried.
func retriable(err error, idempotent bool) bool {
	if err == nil {
		return false
	}
	var notSent *unsent
	switch {
	case errors.As(err, &notSent):
		return true
	default:
		return idempotent && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE))
	}
}

// isIdempotent reports whether a request may be sent twice: because of its method, or because the service recognises
// its idempotency key, as it does for tokens, persons and visitors.
func isIdempotent(r *http.Request, p identity.Principal) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut:
		return true
	case http.MethodPost, http.MethodPatch:
		return r.Header.Get(httpkit.IdempotencyKeyHeader) != "" &&
			(p.Kind == identity.Token || p.Kind == identity.Person || p.Kind == identity.Visitor)
	default:
		return false
	}
}

// budget is the retry budget. It limits the load that retries add to a service in trouble: ten requests earn one retry,
// and up to ten are saved. It is the retry throttling of gRPC (proposal A6), without its threshold.
type budget struct{ tenths *atomic.Int64 }

const (
	maxSaved  = 100 // in tenths of a retry
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
