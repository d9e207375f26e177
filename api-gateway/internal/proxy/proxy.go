// Package proxy forwards requests to services, with a signed assertion of the caller that the gateway resolved. It
// parses no body.
//
// Begin with Proxy.Forward, and upstream (upstream.go), which has the concurrency limits, the retry budget and the
// circuit breaker of a service. Streams are in stream.go.
//
// A response is read completely before it is written to the client. If a service breaks off in the middle, the client
// gets a refusal or the response of a retry, and never half a response. Only streams pass through as they arrive.
//
// Messages to and from services are fasthttp's, on connections of our own (conn.go). The transport of net/http, with
// two goroutines for each connection and copies of every header, costs more processor time than the rest of the gateway
// (make bench-edge measures a bare ReverseProxy beside it). fasthttp's own client lacks two things: it doesn't check
// whether an idle connection is still open before it writes, and it can't stop when the caller is gone. Package front
// serves the clients' side.
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

// internalPrefix is the prefix of headers that only our components write and read.
const internalPrefix = "X-Fivechat-"

// Proxy forwards to the services.
type Proxy struct {
	services   map[route.Upstream]*upstream
	streams    map[route.Upstream]*httputil.ReverseProxy
	streamEnds *prometheus.CounterVec // by reason
	answers    *share.Budget          // limits the bytes of responses
	keys       *identity.Keyring
	tele       *telemetry.Telemetry
}

// New makes a Proxy to the services at their addresses. concurrency limits the requests in progress with each; some
// more queue for a short time. The bodies of responses take room of the answers Budget; nil is unlimited.
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

// Caller is the client that a request is forwarded for.
type Caller struct {
	Principal identity.Principal
	Address   string
	SignIn    string // the value of the cookie httpkit.SignInCookie, if the service gets it
	Device    string // the value of the cookie httpkit.DeviceCookie, if the service gets it
}

// Forward sends r to a service and writes its response to w. On an error nothing was written. The error is Canceled if
// the client disconnected, Timeout if the deadline passed, Limited if the caller has its share of a shared resource,
// Internal if the response can't be passed on, otherwise Unavailable.
func (p *Proxy) Forward(w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	resp := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(resp)
	return p.Ask(r, to, c, resp, func() error {
		writeResponse(w, r, resp)
		return nil
	})
}

// Ask is like Forward, but reads the response into resp and calls use. The response takes up its share of bytes until
// use returns. Ask returns the error of use. The body of r is closed as soon as there is a response.
func (p *Proxy) Ask(r *http.Request, to route.Upstream, c Caller, resp *fasthttp.Response, use func() error) error {
	ctx := r.Context()
	holders := share.HoldersOf(c.Principal, c.Address)
	u := p.services[to]
	asked := call{
		resp:       resp,
		idempotent: isIdempotent(r, c.Principal),
		principal:  c.Principal,
		holders:    holders,
		room:       room{budget: p.answers, holders: holders},
	}
	defer asked.room.release()
	if err := p.ask(ctx, u, r, c, &asked); err != nil {
		return p.refusal(ctx, to, err, asked.deadline)
	}
	if ctx.Err() != nil { // the client is gone: an incomplete response must not look complete
		return ctx.Err()
	}
	return use()
}

// ask sends r and reads the response.
func (p *Proxy) ask(ctx context.Context, u *upstream, r *http.Request, c Caller, asked *call) error {
	defer r.Body.Close()
	asked.req = fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(asked.req)
	fill(asked.req, r, u.pool.addr)
	if err := p.setIdentity(ctx, c, asked.req.Header.Set); err != nil {
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

// Full returns the error, an ErrFull, if a request to a service would be refused at once. So no work is spent on such
// requests.
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

// dropped are the headers that services don't get: what clients state about their identity or could state in our name,
// credentials, which services don't need, and headers about the client's own connection.
var dropped = setOf(
	"Authorization", "Cookie", "X-Website-Id", "X-Visitor-Id", "X-Visitor-Secret", "Expect",
	"X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Host",
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

// fill copies r to req, without the dropped headers.
func fill(req *fasthttp.Request, r *http.Request, host string) {
	h := &req.Header
	h.SetNoDefaultContentType(true)
	h.DisableNormalizing() // http.Header has them in canonical form
	h.SetMethod(r.Method)
	h.SetRequestURI(target(r.URL))
	h.SetHost(host)
	named := r.Header["Connection"] // the headers that it names belong to the client's connection too
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

// target is the path and query of a URL, as they were sent.
func target(u *url.URL) string {
	if u.RawQuery == "" && !u.ForceQuery {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + u.RawQuery
}

// names reports whether the values of a Connection header name a header.
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

// setIdentity sets the caller's signed assertion, and passes on request id, deadline and trace.
func (p *Proxy) setIdentity(ctx context.Context, c Caller, set func(name, value string)) error {
	assertion, err := p.keys.Sign(c.Principal)
	if err != nil {
		return err
	}
	set(identity.Header, assertion)
	set(httpkit.RequestIDHeader, httpkit.RequestID(ctx))
	// Only this address is verified. The rest of the client's X-Forwarded-For isn't.
	set("X-Forwarded-For", c.Address)
	if c.SignIn != "" {
		set(httpkit.SignInHeader, c.SignIn)
	}
	if c.Device != "" {
		set(httpkit.DeviceHeader, c.Device)
	}
	if deadline, ok := ctx.Deadline(); ok {
		set(httpkit.TimeoutHeader, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10))
	}
	p.tele.Propagate.Inject(ctx, carrier(set))
	return nil
}

// carrier sets headers for trace propagation.
type carrier func(name, value string)

var _ propagation.TextMapCarrier = carrier(nil)

// Get implements propagation.TextMapCarrier. Injecting reads nothing.
func (carrier) Get(string) string { return "" }

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(name, value string) { c(name, value) }

// Keys implements propagation.TextMapCarrier.
func (carrier) Keys() []string { return nil }

// Known is a request body that has been read completely, so that it can be sent again. Bodies that aren't Known are not
// forwarded.
type Known struct {
	bytes.Reader
	content []byte
	release func()
}

// NewKnown makes a body of content. release may be nil. It is called once, when the body is closed.
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
