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

// The circuit: it opens where at least tripShare of at least tripCalls calls within tripWindow got no answer, refuses for
// openFor, and then closes again once probes calls were answered.
const (
	tripWindow = 10 * time.Second
	tripCalls  = 20
	tripShare  = 0.5
	openFor    = time.Second
	probes     = 3
)

// bulkShare is the share of the requests under way with a service whose bodies are long (longBody): those are imports,
// which take seconds, and a handful of them must not keep everybody else waiting. Long bodies of visitors have as many
// places of their own.
const (
	bulkShare = 8
	longBody  = 64 << 10
)

var errOpen = errors.New("proxy: the circuit is open")

// upstream is one service: how many requests may be under way with it, and how many of those whose bodies are long,
// the connections to it, the circuit before it, and how many requests may be sent again.
type upstream struct {
	limit   *lanes
	bulk    *lanes // programs' long bodies
	uploads *lanes // visitors' long bodies
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

// call is a request to a service, and what is made of its answer.
type call struct {
	req       *fasthttp.Request
	resp      *fasthttp.Response
	deadline  time.Time
	twice     bool // sending it twice is like sending it once
	principal identity.Principal
	holders   share.Holders
	room      room
}

// lanesOf returns the places that a call needs one of.
func (u *upstream) lanesOf(c *call) *lanes {
	switch {
	case len(c.req.Body()) <= longBody:
		return u.limit
	case c.principal.Kind == identity.Token:
		return u.bulk
	default:
		return u.uploads
	}
}

// do sends a call's request and takes the answer by the deadline, or until ctx ends. A request that cannot have been acted
// upon, or does no harm twice, is sent once more.
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
		done(nil) // it is us who are busy, or the client who gave up
		return err
	}
	defer places.release(c.holders)
	u.again.earn()
	err = u.try(ctx, c)
	if retriable(err, c.twice) && ctx.Err() == nil && u.again.spend() {
		u.metrics.retries.Inc()
		err = u.try(ctx, c)
	}
	if errors.Is(ctx.Err(), context.Canceled) || !ofService(err) {
		done(nil) // the client gave up, or it is about this one answer
	} else {
		done(err)
	}
	return err
}

// ofService reports whether an error says something about the service, and counts for its circuit: it could not be
// reached, broke off or took too long. What one request provokes (an answer that is too large, malformed, or finds no room
// here) doesn't count, and neither does a status: or one caller could open the circuit for all.
func ofService(err error) bool {
	return !errors.Is(err, errAnswer) && !errors.Is(err, share.ErrHolder) && !errors.Is(err, share.ErrProcess)
}

func (u *upstream) try(ctx context.Context, c *call) error {
	line, err := u.pool.take(ctx)
	start, status, again := time.Now(), 0, false
	if err == nil {
		if again, err = line.carry(ctx, c); again {
			u.pool.give(line)
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
		return r.Header.Get(httpkit.IdempotencyKeyHeader) != "" && (p.Kind == identity.Token ||
			p.Kind == identity.Visitor)
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
