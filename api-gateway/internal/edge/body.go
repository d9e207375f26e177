package edge

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

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
	case r.ContentLength == 0 || r.ContentLength > smallBody:
		return nil
	}
	control := http.NewResponseController(w)
	if deadline, ok := r.Context().Deadline(); ok && control.SetReadDeadline(deadline) == nil {
		// The body is all that is read. Left in place, the deadline would look like a client that went away.
		defer func() { _ = control.SetReadDeadline(time.Time{}) }() // it could be set, so it can be lifted
	}
	var content bytes.Buffer
	content.Grow(int(max(r.ContentLength, 0)) + bytes.MinRead)
	_, err := content.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return httpkit.TooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Wrap(fault.Invalid, "the body did not arrive in time", err)
	case err != nil:
		return fault.Wrap(fault.Invalid, "the body could not be read", err)
	}
	restoreBody(r, content.Bytes())
	return nil
}

// restoreBody puts a body that was read back in its place, now of a known length.
func restoreBody(r *http.Request, content []byte) {
	r.TransferEncoding, r.ContentLength, r.Trailer = nil, int64(len(content)), nil
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	r.Body, _ = r.GetBody()
}
