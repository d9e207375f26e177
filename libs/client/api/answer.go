// Package api is the operations and types of the API, which oapi-codegen makes of its document; package client is how to
// call them.
package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Answer is what an operation answers.
type Answer[T any] struct {
	Body   T
	Status int         // 200 where a 201 would say that something is new
	Header http.Header // ETag, Link and the like
}

// NewOperations makes the operations of the installation at an address. doer carries the requests, and gives an error for
// what is no success. The error is about the address.
func NewOperations(address string, doer HttpRequestDoer) (*Operations, error) {
	c, err := NewClient(address, WithHTTPClient(doer))
	return &Operations{c}, err
}

// keyed names a request that takes a name, where the caller has not, so that it can be sent again.
func keyed(_ context.Context, req *http.Request) error {
	if req.Header.Get("Idempotency-Key") == "" {
		req.Header.Set("Idempotency-Key", rand.Text())
	}
	return nil
}

// read gives the answer of an operation that answers with a body. 304, which only who sent If-None-Match gets, has none.
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
		return a, fmt.Errorf("the answer is not as documented: %w", err)
	}
	return a, nil
}

// done ends an operation that answers with nothing.
func done(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
