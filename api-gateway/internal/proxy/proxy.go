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
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
	"go.opentelemetry.io/otel/propagation"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/telemetry"
)

// internalPrefix begins the names of the headers that only our components write and read.
const internalPrefix = "X-Fivechat-"

// Proxy forwards to the services.
type Proxy struct {
	services   map[route.Upstream]*upstream
	streams    map[route.Upstream]*httputil.ReverseProxy
	streamEnds *prometheus.CounterVec // by reason
	keys       *identity.Keyring
	tele       *telemetry.Telemetry
}

// New makes a Proxy to the services at their addresses; at most concurrency requests are under way with each, and a
// burst of more waits for its turn.
func New(addresses map[route.Upstream]*url.URL, concurrency int, keys *identity.Keyring, t *telemetry.Telemetry) (*Proxy, error) {
	m := newMetrics(t)
	p := &Proxy{
		services:   map[route.Upstream]*upstream{},
		streams:    map[route.Upstream]*httputil.ReverseProxy{},
		streamEnds: m.streamEnds,
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
// client went away, Timeout where the deadline passed, Invalid where the body broke off, else Unavailable.
func (p *Proxy) Forward(w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	resp := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(resp)
	if err := p.Ask(r, to, c, resp); err != nil {
		return err
	}
	give(w, r, resp)
	return nil
}

// Ask is Forward without giving the answer, which is taken into resp.
func (p *Proxy) Ask(r *http.Request, to route.Upstream, c Caller, resp *fasthttp.Response) error {
	ctx := r.Context()
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	body := &watched{ReadCloser: r.Body}
	u := p.services[to]
	fill(req, r, u.pool.addr, body)
	if err := p.vouch(ctx, c, req.Header.Set); err != nil {
		return err
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(httpkit.DefaultTimeout)
	}
	resp.Header.SetNoDefaultContentType(true)
	resp.SkipBody = r.Method == http.MethodHead
	err := u.do(ctx, req, resp, deadline, twice(r, c.Principal))
	switch {
	case body.failed.Load():
		return fault.Wrap(fault.Invalid, "the body could not be read", cmp.Or(err, ctx.Err()))
	case ctx.Err() != nil: // also where an answer came: nobody is there to take it, and nobody should take it for given
		return ctx.Err()
	case err == nil:
		return nil
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
	if !u.gate.full() {
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
var dropped = setOf("Authorization", "X-Visitor-Id", "Expect", "X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
	"Forwarded", "Traceparent", "Tracestate", "Baggage", httpkit.RequestIDHeader, "Host", "Content-Length",
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade")

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

// fill makes req what r is, without what is dropped.
func fill(req *fasthttp.Request, r *http.Request, host string, body *watched) {
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
	switch known, small := body.ReadCloser.(*Known); {
	case small:
		req.SetBodyRaw(known.content)
	case r.ContentLength > 0:
		req.SetBodyStream(body, int(r.ContentLength))
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

// Known is a request body that has been read, so that it can be sent again.
type Known struct {
	bytes.Reader
	content []byte
}

// NewKnown makes a body of content.
func NewKnown(content []byte) *Known {
	k := &Known{content: content}
	k.Reset(content)
	return k
}

// Close implements io.Closer.
func (*Known) Close() error { return nil }

// watched notes that a request's body broke off, which is the client's doing and not the service's.
type watched struct {
	io.ReadCloser
	failed atomic.Bool
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		w.failed.Store(true)
	}
	return n, err
}
