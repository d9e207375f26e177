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

// The pauses between attempts. They double from the first to the longest. The server may ask for a longer pause, up to
// five minutes.
const (
	firstPause    = 200 * time.Millisecond
	maxPause      = 30 * time.Second
	maxRetryAfter = 5 * time.Minute
)

// maxResponse bounds a response, in bytes. The largest responses of the server are smaller.
const maxResponse = 256 << 20

// sender sends every call, with its credential, and retries it.
type sender struct {
	credential Credential
	transport  http.RoundTripper
	attempts   int
	timeout    time.Duration
}

// Do sends a request. It retries if a retry can help and can't execute the request twice. A status of 400 or more is
// returned as a *Refusal.
func (s *sender) Do(req *http.Request) (*http.Response, error) {
	web := &http.Client{Transport: s.transport, Timeout: s.timeout}
	for attempt := 1; ; attempt++ {
		resp, err := s.sendOnce(web, req)
		switch {
		case err == nil || !retryable(req, err):
			return resp, err
		case attempt == s.attempts:
			return nil, fmt.Errorf("gave up after %d attempts: %w", attempt, err)
		}
		if err := sleep(req.Context(), backOff(attempt, err)); err != nil {
			return nil, err
		}
		if req.GetBody != nil { // set for bodies in memory, as all bodies here are
			if req.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func (s *sender) sendOnce(web *http.Client, req *http.Request) (*http.Response, error) {
	s.credential(req.Header)
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
	}{io.LimitReader(resp.Body, maxResponse), resp.Body}
	return resp, nil
}

// retryable reports whether a failed request may be sent again. If its outcome is unknown, it must be repeatable: GET
// and PUT are, and so are POST and PATCH with an idempotency key. A second DELETE would get 404.
func retryable(req *http.Request, err error) bool {
	var refusal *Refusal
	same := req.Method == http.MethodGet || req.Method == http.MethodPut
	repeatable := same || req.Header.Get("Idempotency-Key") != ""
	switch {
	case req.Context().Err() != nil:
		return false
	case !errors.As(err, &refusal):
		return repeatable
	case refusal.Status == http.StatusTooManyRequests || refusal.Status == http.StatusServiceUnavailable:
		return true // the server didn't execute the request
	case refusal.Code == "idempotency_in_progress": // an earlier attempt of this call
		return repeatable
	default:
		return repeatable && (refusal.Status == http.StatusBadGateway || refusal.Status == http.StatusGatewayTimeout)
	}
}

// backOff returns the pause after a number of failures. It grows with each failure, and is at least as long as the
// server asks. It is random, so that clients don't retry at the same time.
func backOff(failures int, err error) time.Duration {
	p := min(firstPause<<min(failures-1, 16), maxPause)
	p = p/2 + rand.N(p/2)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		p = max(p, min(refusal.RetryAfter, maxRetryAfter))
	}
	return p
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
