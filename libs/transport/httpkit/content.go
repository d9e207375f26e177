package httpkit

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"time"

	kithttp "github.com/go-kit/kit/transport/http"
)

// Content is the field of a request struct that is the request's body as it arrives, of any media type. The body isn't
// held in memory, and it may take ContentTimeout to arrive.
//
// Such an operation ignores Idempotency-Key, which would need the whole body before the operation: it must recognise a
// repeated request itself.
type Content struct{ io.Reader }

// ContentTimeout bounds a request with a Content.
const ContentTimeout = 10 * time.Minute

// contentOf returns the index of the Content of a request struct, or nil.
func contentOf(typ reflect.Type) []int {
	for _, f := range reflect.VisibleFields(typ) {
		if f.Type == reflect.TypeFor[Content]() {
			return f.Index
		}
	}
	return nil
}

// receive serves a route whose request has a Content.
func (rt route) receive(server *kithttp.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), ContentTimeout)
		defer cancel()
		// The server's read deadline is that of requests; a writer without deadlines returns an error, which is harmless.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(ContentTimeout))
		req.Body = http.MaxBytesReader(w, req.Body, rt.body)
		server.ServeHTTP(w, req.WithContext(ctx))
	})
}
