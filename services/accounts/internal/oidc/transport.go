package oidc

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// Bounds of a response in bytes.
const (
	maxResponse = 1 << 20
	maxHeader   = 64 << 10
)

// newHTTPClient returns the client of one provider. It follows no redirects: no endpoint of OpenID Connect that a
// server calls needs any.
func newHTTPClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes, t.MaxConnsPerHost = maxHeader, 2*inFlight
	return &http.Client{
		Transport:     &bounded{next: t, kept: map[string]kept{}},
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// repeatAfter is the interval after which the same public document is asked for again. Tokens with unknown keys, which
// anyone can send, would otherwise each cause a request for the keys.
const repeatAfter = 5 * time.Second

// bounded reads responses completely, and refuses long ones. It keeps successful responses to requests without
// credentials, which are metadata and keys, for repeatAfter.
type bounded struct {
	next http.RoundTripper

	mu   sync.Mutex
	kept map[string]kept // by address; a provider has two
}

type kept struct {
	response http.Response
	body     []byte
	at       time.Time
}

// RoundTrip implements http.RoundTripper.
func (b *bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	address := req.URL.String()
	isPublic := req.Method == http.MethodGet && req.Header.Get("Authorization") == ""
	if isPublic {
		b.mu.Lock()
		k, there := b.kept[address]
		b.mu.Unlock()
		if there && time.Since(k.at) < repeatAfter {
			return k.again(req), nil
		}
	}
	resp, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxResponse {
		return nil, errors.New("the response has more than 1 MiB")
	}
	k := kept{*resp, body, time.Now()}
	if isPublic && resp.StatusCode == http.StatusOK {
		b.mu.Lock()
		if len(b.kept) > 1 && b.kept[address].at.IsZero() {
			clear(b.kept)
		}
		b.kept[address] = k
		b.mu.Unlock()
	}
	return k.again(req), nil
}

func (k kept) again(req *http.Request) *http.Response {
	resp := k.response
	resp.Header, resp.Request = k.response.Header.Clone(), req
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(k.body)), int64(len(k.body))
	return &resp
}
