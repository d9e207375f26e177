package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// The pauses between tries: they double from the first, and the server may ask for more, but not for ever.
const (
	firstPause = 200 * time.Millisecond
	mostPause  = 30 * time.Second
	mostAsked  = 5 * time.Minute
)

// maxAnswer bounds an answer, in bytes; the largest that the server gives is smaller.
const maxAnswer = 256 << 20

// door is the way out of every call.
type door struct {
	who       Credential
	transport http.RoundTripper
	attempts  int
	timeout   time.Duration
}

// Do sends a request, and again where trying again makes sense and does nothing twice. An answer over 399 is a Refusal.
func (d *door) Do(req *http.Request) (*http.Response, error) {
	web := &http.Client{Transport: d.transport, Timeout: d.timeout}
	for attempt := 1; ; attempt++ {
		resp, err := d.once(web, req)
		switch {
		case err == nil || !again(req, err):
			return resp, err
		case attempt == d.attempts:
			return nil, fmt.Errorf("gave up after %d attempts: %w", attempt, err)
		}
		if err := rest(req.Context(), pause(attempt, err)); err != nil {
			return nil, err
		}
		if req.GetBody != nil { // of what is sent from memory, as all bodies here are
			if req.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func (d *door) once(web *http.Client, req *http.Request) (*http.Response, error) {
	d.who(req.Header)
	resp, err := web.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, refused(resp)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// again says whether a request that failed may be sent again. Where it is not known what became of it, only one that can
// be repeated may: a key makes a POST or PATCH so, and a second DELETE would find nothing.
func again(req *http.Request, err error) bool {
	var no *Refusal
	same := req.Method == http.MethodGet || req.Method == http.MethodPut
	repeatable := same || req.Header.Get("Idempotency-Key") != ""
	switch {
	case req.Context().Err() != nil:
		return false
	case !errors.As(err, &no):
		return repeatable
	case no.Status == http.StatusTooManyRequests || no.Status == http.StatusServiceUnavailable:
		return true // nothing was done
	case no.Code == "idempotency_in_progress": // an earlier try of our own
		return repeatable
	default:
		return repeatable && (no.Status == http.StatusBadGateway || no.Status == http.StatusGatewayTimeout)
	}
}

// pause is how long to wait after so many failures: as long as the server asks, and otherwise longer each time. It
// differs between callers, so that they do not all come back at once.
func pause(failures int, err error) time.Duration {
	p := min(firstPause<<min(failures-1, 16), mostPause)
	p = p/2 + rand.N(p/2)
	var no *Refusal
	if errors.As(err, &no) {
		p = max(p, min(no.RetryAfter, mostAsked))
	}
	return p
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
