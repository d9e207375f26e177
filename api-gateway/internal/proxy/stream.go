package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/telemetry"
)

const (
	streamBuffer   = 2 << 10          // through how many bytes a stream is copied
	streamPatience = 15 * time.Second // how long a stream's client may take to accept what it is sent
)

// newStreams makes what passes streams of a service through. A stream keeps what carries it for as long as it lasts:
// many of them share a connection, and each has a small buffer.
func newStreams(to *url.URL, m upstreamMetrics, t *telemetry.Telemetry) *httputil.ReverseProxy {
	shared := &http.Transport{
		DialContext:     (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		IdleConnTimeout: restFor, DisableCompression: true, // the client's own Accept-Encoding decides
		Protocols: new(http.Protocols),
		HTTP2:     &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second}, // a line may break without a word
	}
	shared.Protocols.SetUnencryptedHTTP2(true)
	return &httputil.ReverseProxy{
		Transport:      measured{shared, m},
		Rewrite:        func(pr *httputil.ProxyRequest) { rewrite(pr, to) },
		ModifyResponse: answered,
		ErrorHandler:   func(_ http.ResponseWriter, r *http.Request, err error) { errandOf(r).err = err },
		BufferPool:     &buffers{},
		ErrorLog:       slog.NewLogLogger(t.Log.Handler(), slog.LevelDebug),
	}
}

// errand is one stream, carried in its request's context to the hooks of the ReverseProxy.
type errand struct {
	says   http.Header // what the edge tells the service
	answer http.Header // what the edge has already put on the answer
	err    error
}

type errandKey struct{}

func errandOf(r *http.Request) *errand { return r.Context().Value(errandKey{}).(*errand) }

// Stream is Forward for an answer that goes on until somebody ends it. What comes is passed on at once, and a client
// that takes nothing of it for streamPatience is cut off.
func (p *Proxy) Stream(w http.ResponseWriter, r *http.Request, to route.Upstream, c Caller) error {
	e := &errand{says: http.Header{}, answer: w.Header()}
	if err := p.vouch(r.Context(), c, e.says.Set); err != nil {
		return err
	}
	ctx := context.WithValue(r.Context(), errandKey{}, e)
	r = r.WithContext(ctx)
	r.Header.Del("Upgrade") // no operation switches protocols
	p.streams[to].ServeHTTP(&impatient{w, http.NewResponseController(w)}, r)
	switch {
	case e.err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return fault.Away("the service behind this operation", fmt.Errorf("%s: %w", to, e.err))
	}
}

// rewrite makes the request that the service gets.
func rewrite(pr *httputil.ProxyRequest, to *url.URL) {
	out := pr.Out
	out.URL.Scheme, out.URL.Host, out.Host = to.Scheme, to.Host, ""
	out.Trailer = nil
	for name := range out.Header {
		if dropped[name] || strings.HasPrefix(name, internalPrefix) {
			delete(out.Header, name)
		}
	}
	maps.Copy(out.Header, errandOf(pr.In).says)
}

// answered cleans a service's answer, as give does.
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

// measured takes the time until a service's answer begins.
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

// buffers lends the pieces of memory through which streams are copied.
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
