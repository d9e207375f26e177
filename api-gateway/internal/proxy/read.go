package proxy

import (
	"context"
	"errors"
	"fmt"

	"github.com/valyala/fasthttp"

	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/libs/transport/httpkit"
)

// The bounds of a service's response. A response is read completely; a larger one is refused.
const (
	maxHead   = 16 << 10 // the longest head of a service has a Link of 4 KiB
	maxAnswer = 16 << 20 // twice the longest response: services end pages at 4 to 8 MiB
	kept      = 64 << 10 // a larger buffer isn't reused; a larger response takes room of a share.Budget
)

// errAnswer is the cause of errors about one response that say nothing about the service. Their texts don't quote the
// response, which may contain data that must not be logged.
var errAnswer = errors.New("proxy: unusable response")

var (
	errHead    = fmt.Errorf("%w: its head is malformed or longer than %d bytes", errAnswer, maxHead)
	errTooLong = fmt.Errorf("%w: it is longer than %d bytes", errAnswer, maxAnswer)
	errBody    = fmt.Errorf("%w: its body is malformed", errAnswer)
)

// room is what the response to one request has taken from a Budget. The zero room takes nothing, as tests need it.
type room struct {
	budget  *share.Budget
	holders share.Holders
	held    int64
}

func (r *room) acquire(ctx context.Context, n int64) error {
	if r.budget == nil || n <= kept {
		return nil
	}
	r.release()
	if err := r.budget.Acquire(ctx, n, r.holders); err != nil {
		return err
	}
	r.held = n
	return nil
}

// release returns the bytes to the Budget. It may be called more than once.
func (r *room) release() {
	if r.held > 0 {
		r.budget.Release(r.held, r.holders)
		r.held = 0
	}
}

// read reads a response: first the head, then, if there is room for it, the body.
func (c *conn) read(ctx context.Context, to *call) error {
	resp, skip := to.resp, to.resp.SkipBody
	resp.SkipBody = true
	err := resp.ReadLimitBody(c.r, maxAnswer)
	resp.SkipBody = skip
	if err != nil {
		return broken(err, errHead)
	}
	if skip || !httpkit.HasBody(resp.StatusCode()) {
		return nil
	}
	length := int64(resp.Header.ContentLength())
	switch {
	case length > maxAnswer:
		return errTooLong
	case length < 0: // no length is stated
		length = maxAnswer
	}
	if err := to.room.acquire(ctx, length); err != nil {
		return err
	}
	err = resp.ReadBody(c.r, maxAnswer)
	if err == nil && resp.Header.ContentLength() == -1 { // chunked
		err = resp.Header.ReadTrailer(c.r)
	}
	if errors.Is(err, fasthttp.ErrBodyTooLarge) {
		return errTooLong
	}
	return broken(err, errBody)
}

// broken replaces an error of reading, which may quote the response: by a transport error or a timeout, otherwise by
// shape.
func broken(err, shape error) error {
	if err = httpkit.TransportError(err); errors.Is(err, httpkit.ErrMalformedResponse) {
		return shape
	}
	return err
}
