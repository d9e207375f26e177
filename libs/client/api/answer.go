// Package api has the operations and types of the API, which oapi-codegen generates from the API's document. Package
// client calls them.
package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Answer is the response of an operation.
type Answer[T any] struct {
	Body   T
	Status int         // 200 if a creating operation found the object, instead of 201
	Header http.Header // ETag, Link and others
}

// NewOperations returns the operations of the installation at an address. The doer sends the requests; it must return
// an error for every status that isn't a success. NewOperations fails if the address is malformed.
func NewOperations(address string, doer HttpRequestDoer) (*Operations, error) {
	c, err := NewClient(address, WithHTTPClient(doer))
	return &Operations{c}, err
}

// keyed adds an idempotency key to a request that accepts one, unless the caller has set it, so that the request can
// be retried.
func keyed(_ context.Context, req *http.Request) error {
	if req.Header.Get("Idempotency-Key") == "" {
		req.Header.Set("Idempotency-Key", rand.Text())
	}
	return nil
}

// read returns the response of an operation that has a body. 304 has none; only callers that send If-None-Match get
// it.
func read[T any](resp *http.Response, err error) (Answer[T], error) {
	if err != nil {
		return Answer[T]{}, err
	}
	defer resp.Body.Close()
	a := Answer[T]{Status: resp.StatusCode, Header: resp.Header}
	if a.Status == http.StatusNotModified {
		return a, nil
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(b, &a.Body); err != nil {
		return a, fmt.Errorf("the response is not as documented: %w", err)
	}
	return a, nil
}

// done ends an operation whose response has no body.
func done(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
