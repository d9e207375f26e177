package proxy

import (
	"context"
	"errors"
	"fmt"

	"github.com/valyala/fasthttp"

	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/libs/transport/httpkit"
)

// The bounds of an answer of a service. It is taken whole, and a larger one is refused.
const (
	maxHead   = 16 << 10 // a service's longest head has a Link of 4 KiB
	maxAnswer = 16 << 20 // twice of what services answer at most: 4 to 8 MiB, in pages that end by bytes
	kept      = 64 << 10 // a buffer of more is not used again; an answer of more takes room of a share.Budget
)

// errAnswer is the cause of errors that are about one answer, and say nothing about its service. Their texts don't quote
// the answer, which may hold what nobody should read in a log.
var errAnswer = errors.New("proxy: the answer cannot be taken")

var (
	errHead    = fmt.Errorf("%w: its head is malformed or longer than %d bytes", errAnswer, maxHead)
	errTooLong = fmt.Errorf("%w: it is longer than %d bytes", errAnswer, maxAnswer)
	errBody    = fmt.Errorf("%w: its body is malformed", errAnswer)
)

// room is what the answer of one request holds of a Budget. The zero room has none to take from, as tests need it.
type room struct {
	budget  *share.Budget
	holders share.Holders
	held    int64
}

func (r *room) take(ctx context.Context, n int64) error {
	if r.budget == nil || n <= kept {
		return nil
	}
	r.give()
	if err := r.budget.Take(ctx, n, r.holders); err != nil {
		return err
	}
	r.held = n
	return nil
}

// give returns what is held. It may be called again.
func (r *room) give() {
	if r.held > 0 {
		r.budget.Give(r.held, r.holders)
		r.held = 0
	}
}

// read takes an answer: first its head, then, if there is room for it, its body.
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
	case length < 0: // none is stated
		length = maxAnswer
	}
	if err := to.room.take(ctx, length); err != nil {
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

// broken returns an error of reading without what it quotes: why the connection broke or that it took too long, else shape.
func broken(err, shape error) error {
	if err = httpkit.TransportError(err); errors.Is(err, httpkit.ErrAnswer) {
		return shape
	}
	return err
}
