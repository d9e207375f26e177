// Package client calls a Fivechat installation from Go. Package api has the operations and types, generated from the
// API's document. This package adds credentials, retries with back-off, error responses as errors, and event streams.
// Begin with New.
//
//	c, err := client.New("https://chat.example", client.Token(secret))
//	made, err := c.CreateTicket(ctx, nil, api.NewTicket{Title: "Keep one atlas"})
//	// err is a *Refusal if the server responds with an error; otherwise made.Body is the ticket
package client

import (
	"net/http"
	"strings"
	"time"

	"fivechat.dev/libs/client/api"
)

// Client calls one installation with one credential. It is safe for concurrent use.
type Client struct {
	*api.Operations
	address string
	sender  *sender
}

// Credential sets the headers that identify the caller.
type Credential func(http.Header)

// Token identifies the holder of an API token.
func Token(secret string) Credential {
	return func(h http.Header) { h.Set("Authorization", "Bearer "+secret) }
}

// Visitor identifies a visitor by the visitor token, and proves it by the secret from the response that created the
// visitor. With an empty secret, the visitor can only rate a conversation or create a ticket.
func Visitor(token, secret string) Credential {
	return func(h http.Header) {
		h.Set("x-visitor-id", token)
		if secret != "" {
			h.Set("x-visitor-secret", secret)
		}
	}
}

// Nobody is the credential of a client that can call public operations only: it sends none.
func Nobody(http.Header) {}

// Option configures a Client.
type Option func(*sender)

// Transport replaces http.DefaultTransport.
func Transport(t http.RoundTripper) Option { return func(s *sender) { s.transport = t } }

// Attempts bounds the attempts of one call. The default is 5. Streams reconnect without a bound.
func Attempts(n int) Option { return func(s *sender) { s.attempts = max(n, 1) } }

// Timeout bounds one attempt. The default is one minute. Streams have no timeout.
func Timeout(t time.Duration) Option { return func(s *sender) { s.timeout = t } }

// New returns a Client of the installation at an address like https://chat.example. It fails if the address is
// malformed.
func New(address string, credential Credential, options ...Option) (*Client, error) {
	s := &sender{credential: credential, transport: http.DefaultTransport, attempts: 5, timeout: time.Minute}
	for _, o := range options {
		o(s)
	}
	address = strings.TrimRight(address, "/")
	operations, err := api.NewOperations(address, s)
	return &Client{operations, address, s}, err
}
