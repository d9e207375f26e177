package edge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/transport/httpkit"
)

// uploadPatience is how long an upload may send nothing.
const uploadPatience = 20 * time.Second

// upload forwards a request whose body is passed on as it arrives, so that the gateway holds little of it. A client
// that sends nothing for uploadPatience is refused, and so is an upload that takes longer than httpkit.ContentTimeout.
func (e *Edge) upload(x *exchange, r *http.Request, row *route.Route, c proxy.Caller) error {
	ctx, cancel := context.WithTimeout(r.Context(), httpkit.ContentTimeout)
	defer cancel()
	body := &uploadBody{
		from:    http.MaxBytesReader(x.ResponseWriter, r.Body, row.Body),
		control: http.NewResponseController(x.ResponseWriter),
	}
	r = r.WithContext(ctx)
	r.Body, r.Trailer = body, nil
	err := e.Proxy.Transfer(x, r, row.Upstream, c)
	failed := body.failed.Load()
	if err == nil || failed == nil {
		return err
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(*failed, &tooLarge):
		return httpkit.TooLarge(tooLarge.Limit)
	case errors.Is(*failed, os.ErrDeadlineExceeded):
		return fault.Wrap(fault.Invalid, "the body did not arrive in time", *failed)
	default: // the client closed the connection
		return context.Canceled
	}
}

// uploadBody is the body of an upload. It remembers the error with which reading it ended.
type uploadBody struct {
	from    io.ReadCloser
	control *http.ResponseController
	failed  atomic.Pointer[error] // is set by the goroutine that sends the body
}

// Read implements io.Reader.
func (b *uploadBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(uploadPatience)) // HTTP/2 and HTTP/1.1 have deadlines
	n, err := b.from.Read(p)
	switch {
	case err == io.EOF:
		_ = b.control.SetReadDeadline(time.Time{}) // left in place, it would look like a client that disconnected
	case err != nil:
		b.failed.Store(&err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *uploadBody) Close() error { return b.from.Close() }
