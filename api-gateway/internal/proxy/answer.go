package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"fivechat.dev/libs/transport/httpkit"
)

// private are the headers of a service's response that belong to the connection to it.
var private = setOf(
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding",
	"Upgrade", "Date", "Server",
)

// usual are the names of headers that responses often have, so that no string is allocated for them.
var usual = func() map[string]string {
	m := map[string]string{}
	for _, n := range []string{
		"Content-Type", "Content-Length", "Content-Encoding", "Cache-Control", "Etag", "Vary", "Link", "Location",
		"Retry-After", "Allow",
		"Last-Modified", "Idempotency-Replayed", "Date", "Server", "Connection", "Content-Security-Policy",
		"X-Content-Type-Options",
	} {
		m[n] = n
	}
	return m
}()

// writeResponse writes a service's response to w. It leaves out internal headers, and headers that the gateway sets
// itself. Only Cache-Control of the service replaces the gateway's, and both may add to Vary.
func writeResponse(w http.ResponseWriter, r *http.Request, resp *fasthttp.Response) {
	h := w.Header()
	var own [8]string // names of the headers that the gateway has set
	ours := own[:0]
	for name := range h {
		ours = append(ours, name)
	}
	values := make([]string, 0, 8)
	for k, v := range resp.Header.All() {
		name, known := usual[string(k)]
		if !known {
			name = http.CanonicalHeaderKey(string(k))
		}
		switch {
		case private[name], strings.HasPrefix(name, internalPrefix):
		case name == "Cache-Control":
			values = append(values, string(v))
			h[name] = values[len(values)-1 : len(values) : len(values)]
		case name != "Vary" && slices.Contains(ours, name):
		default:
			values = append(values, string(v))
			if h[name] == nil {
				h[name] = values[len(values)-1 : len(values) : len(values)]
			} else {
				h[name] = append(h[name], string(v))
			}
		}
	}
	body := resp.Body()
	if n := resp.Header.ContentLength(); r.Method == http.MethodHead && n >= 0 {
		h["Content-Length"] = []string{strconv.Itoa(n)}
	} else if r.Method != http.MethodHead && httpkit.HasBody(resp.StatusCode()) {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(resp.StatusCode())
	if len(body) > 0 {
		_, _ = w.Write(body) // the client may have disconnected
	}
}
