package httpkit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"maps"
	"net/http"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
)

// The header of a request that clients may repeat, and the header that marks a replayed response.
const (
	IdempotencyKeyHeader = "Idempotency-Key"
	ReplayedHeader       = "Idempotency-Replayed"
)

// maxIdempotencyKey is the longest key, in bytes.
const maxIdempotencyKey = 255

// Attempt is one execution of a request that may be repeated. Attempts with the same caller, method, path and key are
// the same request, and must have the same content.
type Attempt struct {
	Caller            identity.Principal // a token, a person or a visitor, in a website
	Method, Path, Key string
	Content           [sha256.Size]byte // hash of query and body
}

// Response is the recorded response to a request.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// IdempotencyStore executes each request at most once, however often clients send it.
type IdempotencyStore interface {
	// Execute calls work and returns its response. If the request was executed before, it returns the recorded
	// response and true. Its errors are faults: Unprocessable if the key was used for another content, Conflict if the
	// request is in progress or its response was lost, and Unavailable.
	Execute(
		ctx context.Context,
		a Attempt,
		work func(context.Context) Response,
	) (response Response, replayed bool, err error)
}

// UseIdempotency makes the router replay the responses of repeated requests with an Idempotency-Key, using store.
// Without it the router ignores the header.
func (r *Router) UseIdempotency(store IdempotencyStore) { r.idempotency = store }

// serveIdempotent serves a request that has a key through the IdempotencyStore, and any other request directly.
// Requests are stored by website, so a request that is made in none is refused: about a person themselves, and without
// a credential. For the latter we can't know whether the same caller repeats it, and its response, which may have a
// credential, must not be shown to everyone who knows the key.
func (r *Router) serveIdempotent(w http.ResponseWriter, req *http.Request, rt route, next http.Handler) {
	keys := req.Header.Values(IdempotencyKeyHeader)
	if r.idempotency == nil || len(keys) == 0 || req.Method != http.MethodPost && req.Method != http.MethodPatch {
		next.ServeHTTP(w, req)
		return
	}
	switch caller := identity.From(req.Context()); caller.Kind {
	case identity.Token, identity.Person, identity.Visitor:
		if rt.personal || caller.Website.IsZero() {
			refuse(req.Context(), w, errNoWebsite())
			return
		}
		if err := r.serveWithKey(w, req, next, caller, keys); err != nil {
			refuse(req.Context(), w, err)
		}
	case identity.Public:
		refuse(req.Context(), w, errNoWebsite())
	default: // other services and operators
		next.ServeHTTP(w, req)
	}
}

func errNoWebsite() error {
	return fault.Bad(IdempotencyKeyHeader,
		"is accepted only for operations in a website, with an API token, a session or a visitor token")
}

func (r *Router) serveWithKey(
	w http.ResponseWriter,
	req *http.Request,
	next http.Handler,
	caller identity.Principal,
	keys []string,
) error {
	if len(keys) != 1 || !validIdempotencyKey(keys[0]) {
		return fault.Bad(IdempotencyKeyHeader, "must be 1 to 255 printable ASCII characters")
	}
	body, err := readAll(req.Body)
	if err != nil {
		return err
	}
	a := Attempt{
		Caller: caller, Method: req.Method, Path: req.URL.EscapedPath(), Key: keys[0],
		Content: sha256.Sum256(append([]byte(req.URL.RawQuery+"\n"), body...)),
	}
	response, replayed, err := r.idempotency.Execute(req.Context(), a, func(ctx context.Context) Response {
		rec := recorder{Response{Header: http.Header{}}}
		again := req.WithContext(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(&rec, again)
		return rec.Response
	})
	if err != nil {
		return err
	}
	maps.Copy(w.Header(), response.Header)
	if replayed {
		w.Header().Set(ReplayedHeader, "true")
	}
	w.WriteHeader(response.Status)
	w.Write(response.Body)
	return nil
}

func validIdempotencyKey(key string) bool {
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return false
		}
	}
	return key != "" && len(key) <= maxIdempotencyKey
}

// recorder records a response instead of sending it.
type recorder struct{ Response }

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.Response.Header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.Status == 0 {
		r.Status = status
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.Body = append(r.Body, b...)
	return len(b), nil
}
