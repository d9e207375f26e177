package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
)

const (
	streamBuffer   = 2 << 10          // size of the copy buffer in bytes
	streamPatience = 10 * time.Second // how long a client may take to accept a write
	// streamWindow is the HTTP/2 flow-control window of a stream in bytes. The gateway buffers that much for a client
	// that doesn't read; then the service has to wait. The transport's default is 4 MiB.
	streamWindow = 32 << 10
)

// The causes with which the gateway cancels the context of a stream.
var (
	ErrDraining          = errors.New("proxy: the gateway is draining")
	ErrCredentialChanged = errors.New("proxy: the stream's credential is refused or has changed")
)

// newStreams makes the reverse proxy for a service's streams. Streams hold their resources as long as they last: many
// share a connection, and each has a small buffer.
func newStreams(to *url.URL, m upstreamMetrics, t *telemetry.Telemetry) *httputil.ReverseProxy {
	shared := &http.Transport{
		DialContext:        (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		IdleConnTimeout:    idleTimeout,
		DisableCompression: true, // the client's own Accept-Encoding decides
		Protocols:          new(http.Protocols),
		// Pings detect connections that broke without notice.
		HTTP2: &http.HTTP2Config{
			SendPingTimeout:           15 * time.Second,
			PingTimeout:               5 * time.Second,
			MaxReceiveBufferPerStream: streamWindow,
		},
	}
	shared.Protocols.SetUnencryptedHTTP2(true)
	return &httputil.ReverseProxy{
		Transport:      measured{shared, m},
		Rewrite:        func(pr *httputil.ProxyRequest) { rewrite(pr, to) },
		ModifyResponse: answered,
		ErrorHandler:   func(_ http.ResponseWriter, r *http.Request, err error) { streamCallOf(r).err = err },
		BufferPool:     &buffers{},
		ErrorLog:       t.ServerLog(),
	}
}

// streamCall is the state of one stream. The hooks of the ReverseProxy find it in the request's context.
type streamCall struct {
	sent   http.Header  // headers that the gateway sends to the service
	answer http.Header  // headers that the gateway has set on the response
	err    error        // the error if the service didn't respond
	body   *watchedBody // body of an event stream that has started, else nil
}

type streamCallKey struct{}

func streamCallOf(r *http.Request) *streamCall {
	return r.Context().Value(streamCallKey{}).(*streamCall)
}

// Stream is like Forward, for a response that continues until one side ends it. Data is passed on at once. A client
// that doesn't accept data within streamPatience is disconnected. The end of an event stream that had started is
// counted by reason.
func (p *Proxy) Stream(w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	e := &streamCall{sent: http.Header{}, answer: w.Header()}
	if err := p.setIdentity(r.Context(), c, e.sent.Set); err != nil {
		return err
	}
	ctx := context.WithValue(r.Context(), streamCallKey{}, e)
	r = r.WithContext(ctx)
	r.Header.Del("Upgrade") // no operation switches protocols
	out := &boundedWriter{ResponseWriter: w, control: http.NewResponseController(w)}
	defer func() { // also after a broken response, which panics
		if e.body != nil {
			p.streamEnds.WithLabelValues(streamEnd(ctx, e.body, out)).Inc()
		}
	}()
	p.streams[to].ServeHTTP(out, r)
	switch {
	case e.err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return fault.Away("the service behind this operation", fmt.Errorf("%s: %w", to, httpkit.TransportError(e.err)))
	}
}

// Transfer is Stream for a request or a response that is a file. As many as Forward's requests are in progress at a
// time, and a website or an address may have half of them. The error is Limited or Unavailable if there is no place.
func (p *Proxy) Transfer(w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	places, holders := p.services[to].moving, share.HoldersOf(c.Principal, c.Address)
	if err := places.acquire(r.Context(), holders); err != nil {
		return p.refusal(r.Context(), to, err, time.Now().Add(httpkit.DefaultTimeout))
	}
	defer places.release(holders)
	return p.Stream(w, r, to, c)
}

// The reasons for which event streams end.
const (
	endCompleted     = "completed"      // the service ended it: its lifetime, a slow reader, or the service drains
	endClientLeft    = "client_left"    // the client closed it or went away
	endWriteTimeout  = "write_timeout"  // the client did not accept data within streamPatience
	endServiceFailed = "service_failed" // the service broke it off
	endDraining      = "draining"       // the gateway is stopping
	endCredential    = "credential"     // the token was revoked, or its level or plan changed
)

// streamEnds are all reasons, so that each series exists from the start.
var streamEnds = []string{endCompleted, endClientLeft, endWriteTimeout, endServiceFailed, endDraining, endCredential}

// streamEnd returns the reason why a stream has ended.
func streamEnd(ctx context.Context, body *watchedBody, out *boundedWriter) string {
	switch cause := context.Cause(ctx); {
	case out.timedOut:
		return endWriteTimeout
	case errors.Is(cause, ErrDraining):
		return endDraining
	case errors.Is(cause, ErrCredentialChanged):
		return endCredential
	case cause != nil || out.failed:
		return endClientLeft
	case body.failed:
		return endServiceFailed
	default:
		return endCompleted
	}
}

// rewrite makes the request to the service.
func rewrite(pr *httputil.ProxyRequest, to *url.URL) {
	out := pr.Out
	out.URL.Scheme, out.URL.Host, out.Host = to.Scheme, to.Host, ""
	out.Trailer = nil
	for name := range out.Header {
		if dropped[name] || strings.HasPrefix(name, internalPrefix) {
			delete(out.Header, name)
		}
	}
	maps.Copy(out.Header, streamCallOf(pr.In).sent)
}

// answered removes headers from a service's response, as writeResponse does.
func answered(resp *http.Response) error {
	e := streamCallOf(resp.Request)
	for name := range resp.Header {
		_, ours := e.answer[name]
		if strings.HasPrefix(name, internalPrefix) || ours && name != "Cache-Control" && name != "Vary" {
			delete(resp.Header, name)
		}
	}
	if resp.Header.Get("Cache-Control") != "" {
		e.answer.Del("Cache-Control")
	}
	if resp.Request.Method != http.MethodHead &&
		strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		e.body = &watchedBody{ReadCloser: resp.Body}
		resp.Body = e.body
	}
	return nil
}

// watchedBody records whether reading a response failed.
type watchedBody struct {
	io.ReadCloser
	failed bool
}

// Read implements io.Reader.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.failed = true
	}
	return n, err
}

// measured measures the time until a service's response starts.
type measured struct {
	next http.RoundTripper
	m    upstreamMetrics
}

// RoundTrip implements http.RoundTripper.
func (m measured) RoundTrip(r *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := m.next.RoundTrip(r)
	status := 0
	if err == nil {
		status = resp.StatusCode
	}
	m.m.observe(r.Context(), status, start)
	return resp, err
}

// boundedWriter sets a time limit for each write and flush to a stream's client, and records how one failed.
type boundedWriter struct {
	http.ResponseWriter
	control          *http.ResponseController
	failed, timedOut bool
}

// Write implements http.ResponseWriter.
func (w *boundedWriter) Write(b []byte) (n int, err error) {
	err = w.within(func() error {
		n, err = w.ResponseWriter.Write(b)
		return err
	})
	return n, err
}

// FlushError lets http.ResponseController flush.
func (w *boundedWriter) FlushError() error { return w.within(w.control.Flush) }

func (w *boundedWriter) within(write func() error) error {
	start := time.Now()
	err := httpkit.WriteWithin(w.control, streamPatience, write)
	if err != nil {
		w.failed = true
		// HTTP/2 doesn't distinguish an expired deadline from another end of the stream, so the elapsed time is used.
		w.timedOut = w.timedOut || time.Since(start) >= streamPatience
	}
	return err
}

// Unwrap lets http.ResponseController reach the wrapped writer.
func (w *boundedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// buffers is a pool of the buffers that streams are copied through.
type buffers struct{ pool sync.Pool }

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, streamBuffer)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
