package edge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/api-gateway/internal/share"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/transport/httpkit"
)

// freeBody is the size in bytes up to which a body takes nothing from the Budget: the size of a connection's own
// buffers.
const freeBody = 8 << 10

// declared refuses a body whose stated length exceeds limit. It runs before every other check.
func declared(r *http.Request, limit int64) error {
	if r.ContentLength > limit {
		return httpkit.TooLarge(limit)
	}
	return nil
}

// unread reports whether the body of a request is too long, or of unknown length, to be read only to keep the
// connection open for another request. HTTP/2 ends the stream alone.
func unread(r *http.Request) bool {
	return r.ProtoMajor == 1 && (r.ContentLength < 0 || r.ContentLength > freeBody)
}

// readBody reads the body of r, of up to limit bytes, before a service is called. The bytes take room of the Budget as
// they arrive, not as they are announced, and release it when the proxy closes the body. On an error nothing stays
// taken.
func (e *Edge) readBody(w http.ResponseWriter, r *http.Request, limit int64, h share.Holders) error {
	if r.ContentLength == 0 {
		return nil
	}
	var from io.Reader = r.Body
	if deadline, ok := r.Context().Deadline(); ok {
		from = &deadlineBody{from: r.Body, control: http.NewResponseController(w), by: deadline}
	}
	body := &arriving{budget: e.Bodies, holders: h}
	limited := http.MaxBytesReader(w, io.NopCloser(from), limit)
	if err := body.readAll(r.Context(), limited, r.ContentLength, limit); err != nil {
		body.release()
		return refusalOf(err)
	}
	r.TransferEncoding, r.ContentLength, r.Trailer = nil, int64(len(body.content)), nil
	r.Body = proxy.NewKnown(body.content, body.release)
	return nil
}

// refusalOf returns the fault of a body that couldn't be read.
func refusalOf(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return httpkit.TooLarge(tooLarge.Limit)
	case errors.Is(err, share.ErrHolder), errors.Is(err, share.ErrProcess):
		return share.Refusal(err, "bytes of request bodies")
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Wrap(fault.Invalid, "the body did not arrive in time", err)
	}
	return fault.Wrap(fault.Invalid, "the body could not be read", err)
}

// arriving is a body that is being read, with the bytes that it has taken from a Budget.
type arriving struct {
	budget  *share.Budget
	holders share.Holders
	content []byte
	taken   int64
}

// readAll reads until EOF. stated is the length that the client states, or -1 for none.
func (a *arriving) readAll(ctx context.Context, from io.Reader, stated, limit int64) error {
	size := int64(freeBody)
	if stated > 0 {
		size = min(size, stated+1) // the extra byte detects the end
	}
	for a.content = make([]byte, 0, size); ; {
		if len(a.content) == cap(a.content) {
			if err := a.grow(ctx, stated, limit); err != nil {
				return err
			}
		}
		n, err := from.Read(a.content[len(a.content):cap(a.content)])
		a.content = a.content[:len(a.content)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// grow doubles the buffer, up to the longest body allowed. While the content is copied, both buffers exist: a body
// takes twice its size for a moment.
func (a *arriving) grow(ctx context.Context, stated, limit int64) error {
	most := limit + 1
	if stated > 0 {
		most = stated + 1
	}
	size := min(2*int64(cap(a.content)), most)
	if err := a.budget.Acquire(ctx, size-int64(cap(a.content)), a.holders); err != nil {
		return err
	}
	a.taken += size - int64(cap(a.content))
	larger := make([]byte, len(a.content), size)
	copy(larger, a.content)
	a.content = larger
	return nil
}

// release returns the taken bytes to the Budget. It may be called more than once.
func (a *arriving) release() {
	if a.taken > 0 {
		a.budget.Release(a.taken, a.holders)
		a.taken = 0
	}
}

// deadlineBody is a body that must have arrived by the request's deadline. At the end of the body the read deadline is
// lifted: left in place, it would look like a client that disconnected. If the deadline passes first, it stays, since
// the rest of the body isn't needed.
type deadlineBody struct {
	from    io.Reader
	control *http.ResponseController
	by      time.Time
	started bool
}

// Read implements io.Reader.
func (p *deadlineBody) Read(b []byte) (int, error) {
	if !p.started {
		p.started = true
		_ = p.control.SetReadDeadline(p.by) // a writer without deadlines returns an error, which is harmless
	}
	n, err := p.from.Read(b)
	if err == io.EOF {
		_ = p.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
