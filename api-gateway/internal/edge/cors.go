package edge

import (
	"net/http"
	"slices"
	"strings"

	"fivechat.dev/api-gateway/internal/route"
)

// The headers that pages may send and read in addition to those that CORS always allows.
const (
	openHeaders = "content-type, x-visitor-id, x-visitor-secret, last-event-id, idempotency-key, if-match, " +
		"if-none-match, x-request-id"
	// Pages may add headers to every request, such as those of a tracing library. The gateway ignores those it doesn't
	// know, and no cookie is sent.
	anyHeader     = ", *"
	bearerHeaders = "authorization, content-type, last-event-id, idempotency-key, if-match, if-none-match, " +
		"x-request-id"
	exposedHeaders = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, ETag, Link, Idempotency-Replayed"
	preflightAge   = "600"
)

// options responds to OPTIONS on a path. For a browser's preflight it applies the policy of the row that the preflight
// names. All other OPTIONS requests, and preflights that aren't allowed, get only Allow.
func (e *Edge) options(x *exchange, path *route.Path, r *http.Request) {
	h := x.Header()
	h.Set("Allow", path.Allow())
	row := path.Route(r.Header.Get("Access-Control-Request-Method"))
	if row != nil && r.Header.Get("Origin") != "" && e.setCORS(h, row, r) {
		headers := bearerHeaders
		if row.CORS == route.Open {
			headers = openHeaders + anyHeader
		}
		h.Set("Access-Control-Allow-Methods", strings.Join(path.Methods(func(other *route.Route) bool {
			return other.CORS == row.CORS
		}), ", "))
		h.Set("Access-Control-Allow-Headers", headers)
		h.Set("Access-Control-Max-Age", preflightAge)
		h.Del("Access-Control-Expose-Headers")
	}
	x.WriteHeader(http.StatusNoContent)
}

// setCORS allows a page of the request's origin to read the response if the row's policy does, and reports whether it
// does.
func (e *Edge) setCORS(h http.Header, row *route.Route, r *http.Request) bool {
	origin := "*"
	if row.CORS == route.Configured {
		if len(e.Origins) == 0 {
			return false
		}
		h.Add("Vary", "Origin")
		if origin = r.Header.Get("Origin"); !slices.Contains(e.Origins, origin) {
			return false
		}
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
	return true
}
