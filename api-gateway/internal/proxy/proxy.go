// Package proxy forwards a request to the service of its row, in the name of the caller whom the edge resolved. It
// parses no body.
//
// An answer is taken whole, then given: a service that breaks off in the middle becomes a refusal, or is asked again,
// and is never half an answer. Only streams (stream.go) pass through as they come.
//
// Messages to and from the services are fasthttp's, on connections of our own (conn.go), and not net/http's transport's:
// its two goroutines a connection and its copies of every header cost more CPU than all the rest of the edge (make
// bench-edge has a bare ReverseProxy beside it). fasthttp's own client would do but for two things: it does not look
// whether a connection that rested is still open before it writes to it, and it cannot be told that nobody waits any
// more. The clients' side is package front's.
package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
	"go.opentelemetry.io/otel/propagation"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
)

// internalPrefix begins the names of the headers that only our components write and read.
const internalPrefix = "X-Fivechat-"

// Proxy forwards to the services.
type Proxy struct {
	services   map[route.Upstream]*upstream
	streams    map[route.Upstream]*httputil.ReverseProxy
	streamEnds *prometheus.CounterVec // by reason
	answers    *share.Budget          // the bytes of answers
	keys       *identity.Keyring
	tele       *telemetry.Telemetry
}

// New makes a Proxy to the services at their addresses; at most concurrency requests are under way with each, and a
// burst of more waits for its turn. The bodies of answers take room of a Budget; nil bounds none.
func New(
	addresses map[route.Upstream]*url.URL, concurrency int, answers *share.Budget, keys *identity.Keyring,
	t *telemetry.Telemetry,
) (*Proxy, error) {
	fasthttp.SetBodySizePoolLimit(kept, kept)
	m := newMetrics(t)
	p := &Proxy{
		services:   map[route.Upstream]*upstream{},
		streams:    map[route.Upstream]*httputil.ReverseProxy{},
		streamEnds: m.streamEnds,
		answers:    answers,
		keys:       keys,
		tele:       t,
	}
	for name, address := range addresses {
		p.services[name] = newUpstream(name, address, concurrency, m)
		p.streams[name] = newStreams(address, p.services[name].metrics, t)
	}
	t.Registry.MustRegister(newOpen(p.services))
	return p, nil
}

// Caller is whom a request is forwarded for.
type Caller struct {
	Principal identity.Principal
	Address   string
}

// Forward sends r to a service and gives its answer to w. An error says that nothing was answered: Canceled where the
// client went away, Timeout where the deadline passed, Limited where the caller has its share of what all share, Internal
// where the answer is none that can be passed on, else Unavailable.
func (p *Proxy) Forward(w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	resp := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(resp)
	return p.Ask(r, to, c, resp, func() error {
		give(w, r, resp)
		return nil
	})
}

// Ask is Forward with the answer taken into resp, for use to read: it takes up its share of bytes until use returns, whose
// error Ask gives. The body of r is closed as soon as there is an answer.
func (p *Proxy) Ask(r *http.Request, to route.Upstream, c Caller, resp *fasthttp.Response, use func() error) error {
	ctx := r.Context()
	holders := share.HoldersOf(c.Principal, c.Address)
	u := p.services[to]
	asked := call{
		resp:      resp,
		twice:     twice(r, c.Principal),
		principal: c.Principal,
		holders:   holders,
		room:      room{budget: p.answers, holders: holders},
	}
	defer asked.room.give()
	if err := p.ask(ctx, u, r, c, &asked); err != nil {
		return p.refusal(ctx, to, err, asked.deadline)
	}
	if ctx.Err() != nil { // nobody is there to take the answer, and nobody should take it for given
		return ctx.Err()
	}
	return use()
}

// ask sends r and takes the answer.
func (p *Proxy) ask(ctx context.Context, u *upstream, r *http.Request, c Caller, asked *call) error {
	defer r.Body.Close()
	asked.req = fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(asked.req)
	fill(asked.req, r, u.pool.addr)
	if err := p.vouch(ctx, c, asked.req.Header.Set); err != nil {
		return err
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(httpkit.DefaultTimeout)
	}
	asked.deadline = deadline
	asked.resp.Header.SetNoDefaultContentType(true)
	asked.resp.SkipBody = r.Method == http.MethodHead
	return u.do(ctx, asked)
}

// refusal returns the fault of an error of ask.
func (p *Proxy) refusal(ctx context.Context, to route.Upstream, err error, deadline time.Time) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, share.ErrHolder), errors.Is(err, share.ErrProcess):
		return share.Refusal(fmt.Errorf("%s: %w", to, err), "requests")
	case errors.Is(err, errAnswer):
		return fault.Wrap(fault.Internal, "something went wrong on our side", fmt.Errorf("%s: %w", to, err))
	case !time.Now().Before(deadline):
		return fault.Wrap(fault.Timeout, "the request took too long", fmt.Errorf("%s: %w", to, err))
	default:
		return away(to, err)
	}
}

// Full gives the error, an ErrFull, by which a request to a service would be refused at once: so that nothing is spent on
// what will not be done.
func (p *Proxy) Full(to route.Upstream) error {
	u := p.services[to]
	if !u.limit.all.full() {
		return nil
	}
	u.metrics.refused.Inc()
	return away(to, ErrFull)
}

func away(to route.Upstream, err error) error {
	return fault.Away("the service behind this operation", fmt.Errorf("%s: %w", to, err))
}

// dropped is what a service does not get: what a client says about who it is, or could say to a service in our name, the
// credentials, which no service behind the edge needs, and what is about the client's own connection.
var dropped = setOf(
	"Authorization", "X-Visitor-Id", "X-Visitor-Secret", "Expect", "X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Host",
	"X-Forwarded-Proto",
	"Forwarded", "Traceparent", "Tracestate", "Baggage", httpkit.RequestIDHeader, "Host", "Content-Length",
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade",
)

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

// fill makes req what r is, without what is dropped.
func fill(req *fasthttp.Request, r *http.Request, host string) {
	h := &req.Header
	h.SetNoDefaultContentType(true)
	h.DisableNormalizing() // they are in their normal form
	h.SetMethod(r.Method)
	h.SetRequestURI(target(r.URL))
	h.SetHost(host)
	named := r.Header["Connection"] // what it names is about the client's connection too
	for name, values := range r.Header {
		if dropped[name] || strings.HasPrefix(name, internalPrefix) || len(named) > 0 && names(named, name) {
			continue
		}
		for _, v := range values {
			h.Add(name, v)
		}
	}
	if known, has := r.Body.(*Known); has {
		req.SetBodyRaw(known.content)
	}
}

// target is the path and query of a URL as they were sent.
func target(u *url.URL) string {
	if u.RawQuery == "" && !u.ForceQuery {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + u.RawQuery
}

// names says whether the values of a Connection header name a header.
func names(connection []string, header string) bool {
	for _, v := range connection {
		for token := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(token), header) {
				return true
			}
		}
	}
	return false
}

// vouch says to a service who asks, and passes on id, deadline and trace.
func (p *Proxy) vouch(ctx context.Context, c Caller, set func(name, value string)) error {
	assertion, err := p.keys.Sign(c.Principal)
	if err != nil {
		return err
	}
	set(identity.Header, assertion)
	set(httpkit.RequestIDHeader, httpkit.RequestID(ctx))
	// The one address that we vouch for. What else the client or a proxy wrote into the chain says nothing.
	set("X-Forwarded-For", c.Address)
	if deadline, ok := ctx.Deadline(); ok {
		set(httpkit.TimeoutHeader, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10))
	}
	p.tele.Propagate.Inject(ctx, carrier(set))
	return nil
}

// carrier lets trace propagation say what it has to.
type carrier func(name, value string)

var _ propagation.TextMapCarrier = carrier(nil)

// Get implements propagation.TextMapCarrier; nothing is read from what is being said.
func (carrier) Get(string) string { return "" }

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(name, value string) { c(name, value) }

// Keys implements propagation.TextMapCarrier.
func (carrier) Keys() []string { return nil }

// Known is a request body that has been read, so that it can be sent again. Bodies that aren't Known are not forwarded.
type Known struct {
	bytes.Reader
	content []byte
	release func()
}

// NewKnown makes a body of content. release, which may be nil, is called once, when the body is closed.
func NewKnown(content []byte, release func()) *Known {
	k := &Known{content: content, release: release}
	k.Reset(content)
	return k
}

// Close implements io.Closer.
func (k *Known) Close() error {
	if k.release != nil {
		k.release()
		k.release = nil
	}
	return nil
}
