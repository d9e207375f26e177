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

// The headers of a request that can be sent again, and of the answer it got the first time.
const (
	IdempotencyKeyHeader = "Idempotency-Key"
	ReplayedHeader       = "Idempotency-Replayed"
)

// maxIdempotencyKey is the longest key in bytes.
const maxIdempotencyKey = 255

// Attempt is one sending of a request. Those of the same caller, method, path and key are the same request, and then
// they have the same content.
type Attempt struct {
	Caller            identity.Principal // a token or a visitor
	Method, Path, Key string
	Content           [sha256.Size]byte // of query and body
}

// Answer is what a request was answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// IdempotencyStore executes requests at most once, however often they are sent.
type IdempotencyStore interface {
	// Execute returns what work answers or, where the request was carried out before, what it answered then, and true. Errors
	// are faults: Unprocessable where the key belongs to another content, Conflict where the request is under way or its
	// answer is lost, Unavailable.
	Execute(ctx context.Context, a Attempt, work func(context.Context) Answer) (answer Answer, replayed bool, err error)
}

// UseIdempotency has the router answer repeated requests with an Idempotency-Key from by. Without it the router ignores the
// header.
func (r *Router) UseIdempotency(by IdempotencyStore) { r.idempotency = by }

// serveIdempotent serves a request that carries a key through the IdempotencyStore, and any other at once.
func (r *Router) serveIdempotent(w http.ResponseWriter, req *http.Request, next http.Handler) {
	keys := req.Header.Values(IdempotencyKeyHeader)
	if r.idempotency == nil || len(keys) == 0 || req.Method != http.MethodPost && req.Method != http.MethodPatch {
		next.ServeHTTP(w, req)
		return
	}
	switch caller := identity.From(req.Context()); caller.Kind {
	case identity.Token, identity.Visitor:
		if err := r.serveWithKey(w, req, next, caller, keys); err != nil {
			refuse(req.Context(), w, err)
		}
	case identity.Public:
		// Nobody vouches for who asks again, and the answer may be a credential: it is not shown to who knows the key.
		refuse(req.Context(), w, fault.Bad(IdempotencyKeyHeader, "is not taken where no token says who asks"))
	default: // siblings and operators
		next.ServeHTTP(w, req)
	}
}

func (r *Router) serveWithKey(w http.ResponseWriter, req *http.Request, next http.Handler, caller identity.Principal, keys []string) error {
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
	answer, replayed, err := r.idempotency.Execute(req.Context(), a, func(ctx context.Context) Answer {
		rec := recorder{Answer{Header: http.Header{}}}
		again := req.WithContext(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(&rec, again)
		return rec.Answer
	})
	if err != nil {
		return err
	}
	maps.Copy(w.Header(), answer.Header)
	if replayed {
		w.Header().Set(ReplayedHeader, "true")
	}
	w.WriteHeader(answer.Status)
	w.Write(answer.Body)
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

// recorder keeps an answer in place of sending it.
type recorder struct{ Answer }

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.Answer.Header }

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
