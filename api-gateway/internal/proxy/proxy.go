// Package proxy forwards a request to the service of its row, in the name of the caller whom the edge resolved, and
// streams the answer back. It parses no body.
package proxy

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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
	services map[route.Upstream]*httputil.ReverseProxy
	streams  map[route.Upstream]*httputil.ReverseProxy
	signer   *signer
	tele     *telemetry.Telemetry
}

// New makes a Proxy to the services at their addresses.
func New(addresses map[route.Upstream]*url.URL, keys *identity.Keyring, t *telemetry.Telemetry) (*Proxy, error) {
	s, err := newSigner(keys)
	if err != nil {
		return nil, err
	}
	p := &Proxy{services: map[route.Upstream]*httputil.ReverseProxy{}, streams: map[route.Upstream]*httputil.ReverseProxy{}, signer: s, tele: t}
	durations := newDurations(t.Registry)
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second,
		DisableCompression: true, // the client's own Accept-Encoding decides
	}
	// A stream keeps what carries it for as long as it lasts. Many of them share a connection, and each has a small buffer.
	lean := transport.Clone()
	lean.Protocols = new(http.Protocols)
	lean.Protocols.SetUnencryptedHTTP2(true)
	lean.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second} // a line may break without a word
	whole, parts := &buffers{size: 32 << 10}, &buffers{size: streamBuffer}
	for name, address := range addresses {
		forward := func(transport http.RoundTripper, pool httputil.BufferPool) *httputil.ReverseProxy {
			return &httputil.ReverseProxy{
				Transport:      measured{transport, name, durations},
				Rewrite:        func(pr *httputil.ProxyRequest) { rewrite(pr, address) },
				ModifyResponse: answered,
				ErrorHandler:   func(_ http.ResponseWriter, r *http.Request, err error) { errandOf(r).err = err },
				BufferPool:     pool,
				ErrorLog:       slog.NewLogLogger(t.Log.Handler(), slog.LevelDebug),
			}
		}
		p.services[name], p.streams[name] = forward(transport, whole), forward(lean, parts)
	}
	return p, nil
}

// streamBuffer is through how many bytes a stream is copied.
const streamBuffer = 2 << 10

// Caller is whom a request is forwarded for.
type Caller struct {
	Principal identity.Principal
	Address   string
}

// errand is one forwarded request, carried in its context to the hooks of the ReverseProxy.
type errand struct {
	says   http.Header // what the edge tells the service
	answer http.Header // what the edge has already put on the answer
	err    error
}

type errandKey struct{}

func errandOf(r *http.Request) *errand { return r.Context().Value(errandKey{}).(*errand) }

// Forward sends r to a service and streams its answer to w. An error says that nothing was answered: Canceled where
// the client went away, Timeout where the deadline passed, Invalid where the body broke off, else Unavailable.
func (p *Proxy) Forward(w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	return p.forward(p.services[to], w, r, to, c)
}

// Stream is Forward for an answer that goes on until somebody ends it. What comes is passed on at once, and a client
// that takes nothing of it for streamPatience is cut off.
func (p *Proxy) Stream(w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	return p.forward(p.streams[to], &impatient{w, http.NewResponseController(w)}, r, to, c)
}

func (p *Proxy) forward(service *httputil.ReverseProxy, w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	says, err := p.says(r.Context(), c)
	if err != nil {
		return err
	}
	e := &errand{says: says, answer: w.Header()}
	ctx := context.WithValue(r.Context(), errandKey{}, e)
	r = r.WithContext(ctx)
	r.Header.Del("Upgrade") // no operation switches protocols
	body := &watched{ReadCloser: r.Body}
	r.Body = body
	service.ServeHTTP(w, r)
	switch {
	case e.err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case body.failed.Load():
		return fault.Wrap(fault.Invalid, "the body could not be read", e.err)
	default:
		return fault.Away("the service behind this operation", fmt.Errorf("%s: %w", to, e.err))
	}
}

// says gives the headers with which the edge vouches for the caller and passes on id, deadline and trace.
func (p *Proxy) says(ctx context.Context, c Caller) (http.Header, error) {
	assertion, err := p.signer.sign(c.Principal)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	h.Set(identity.Header, assertion)
	h.Set(httpkit.RequestIDHeader, httpkit.RequestID(ctx))
	// The one address that we vouch for. What else the client or a proxy wrote into the chain says nothing.
	h.Set("X-Forwarded-For", c.Address)
	if deadline, ok := ctx.Deadline(); ok {
		h.Set(httpkit.TimeoutHeader, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10))
	}
	p.tele.Propagate.Inject(ctx, propagation.HeaderCarrier(h))
	return h, nil
}

// rewrite makes the request that the service gets. What a client says about who it is, or could say to a service in our
// name, goes; so do the credentials, which no service behind the edge needs.
func rewrite(pr *httputil.ProxyRequest, to *url.URL) {
	out := pr.Out
	out.URL.Scheme, out.URL.Host, out.Host = to.Scheme, to.Host, ""
	out.Trailer = nil
	for name := range out.Header {
		if strings.HasPrefix(name, internalPrefix) {
			delete(out.Header, name)
		}
	}
	for _, name := range []string{"Authorization", "X-Visitor-Id", "Expect", "Te", "X-Real-Ip", "Traceparent", "Tracestate", "Baggage"} {
		out.Header.Del(name)
	}
	maps.Copy(out.Header, errandOf(pr.In).says)
}

// answered cleans a service's answer: no internal header leaves, and what the edge itself says is not said twice. Only
// how long an answer keeps is for the service to say, and both may add to Vary.
func answered(resp *http.Response) error {
	e := errandOf(resp.Request)
	for name := range resp.Header {
		_, ours := e.answer[name]
		if strings.HasPrefix(name, internalPrefix) || ours && name != "Cache-Control" && name != "Vary" {
			delete(resp.Header, name)
		}
	}
	if resp.Header.Get("Cache-Control") != "" {
		e.answer.Del("Cache-Control")
	}
	return nil
}

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

// streamPatience is how long a stream's client may take to accept what it is sent.
const streamPatience = 15 * time.Second

// impatient bounds each write.
type impatient struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements http.ResponseWriter.
func (i *impatient) Write(b []byte) (int, error) {
	_ = i.control.SetWriteDeadline(time.Now().Add(streamPatience)) // a writer that cannot has no deadline
	return i.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is inside, to flush.
func (i *impatient) Unwrap() http.ResponseWriter { return i.ResponseWriter }

// buffers lends the pieces of memory through which answers are copied.
type buffers struct {
	pool sync.Pool
	size int
}

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, b.size)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
