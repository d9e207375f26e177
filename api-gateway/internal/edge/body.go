package edge

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"fivechat.dev/api-gateway/internal/proxy"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/httpkit"
)

// smallBody is up to which size a body is read before the request goes on: a request whose body is at hand can be
// sent anew where a service has just closed the connection.
const smallBody = 64 << 10

// admitBody refuses a body over limit before anything else is looked at: by its stated length at once, or, where none is
// stated, by reading up to limit. A larger body of a stated length is left to stream.
func admitBody(w http.ResponseWriter, r *http.Request, limit int64) error {
	switch {
	case r.ContentLength > limit:
		return httpkit.TooLarge(limit)
	case r.ContentLength == 0:
		return nil
	}
	body := r.Body
	if deadline, ok := r.Context().Deadline(); ok {
		body = &punctual{ReadCloser: body, control: http.NewResponseController(w), by: deadline}
	}
	if r.ContentLength > smallBody {
		r.Body = body
		return nil
	}
	var content bytes.Buffer
	content.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead)
	_, err := content.ReadFrom(http.MaxBytesReader(w, body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return httpkit.TooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Wrap(fault.Invalid, "the body did not arrive in time", err)
	case err != nil:
		return fault.Wrap(fault.Invalid, "the body could not be read", err)
	}
	r.TransferEncoding, r.ContentLength, r.Trailer = nil, int64(content.Len()), nil
	r.Body = proxy.NewKnown(content.Bytes())
	return nil
}

// punctual is a body that must have arrived by the request's deadline. Once it has, the deadline is lifted: left in
// place, it would look like a client that went away. One that has not stays cut off: nobody waits for the rest.
type punctual struct {
	io.ReadCloser
	control *http.ResponseController
	by      time.Time
	begun   bool
}

// Read implements io.Reader.
func (p *punctual) Read(b []byte) (int, error) {
	if !p.begun {
		p.begun = true
		_ = p.control.SetReadDeadline(p.by) // a writer that cannot has no deadline
	}
	n, err := p.ReadCloser.Read(b)
	if err == io.EOF {
		_ = p.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
