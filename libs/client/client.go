// Package client calls a Fivechat installation from Go. The operations and their types are package api's, made of the
// installation's own document; this package adds who asks, trying again, refusals as errors, and streams of events.
//
//	c, err := client.New("https://chat.example", client.Token(secret))
//	made, err := c.CreateTicket(ctx, nil, api.NewTicket{Title: "Keep one atlas"})
//	// err is a *Refusal where the server says no; without one, made.Body is the ticket
package client

import (
	"net/http"
	"strings"
	"time"

	"fivechat.dev/libs/client/api"
)

// Client is one caller of an installation. It may be used by any number of goroutines.
type Client struct {
	*api.Operations
	address string
	door    *door
}

// Credential says who asks, in a request's header.
type Credential func(http.Header)

// Token is the holder of an API token.
func Token(secret string) Credential {
	return func(h http.Header) { h.Set("Authorization", "Bearer "+secret) }
}

// Visitor is the holder of a visitor token and of its secret, which the session that made the visitor answered. Without a
// secret, "", it is good only for rating and for leaving a ticket.
func Visitor(token, secret string) Credential {
	return func(h http.Header) {
		h.Set("x-visitor-id", token)
		if secret != "" {
			h.Set("x-visitor-secret", secret)
		}
	}
}

// Nobody asks what is public.
func Nobody(http.Header) {}

// Option changes how a Client calls.
type Option func(*door)

// Transport is what carries the calls, in place of http.DefaultTransport.
func Transport(t http.RoundTripper) Option { return func(d *door) { d.transport = t } }

// Attempts bounds how often a call is tried, 5 times by default. Streams are tried for ever.
func Attempts(n int) Option { return func(d *door) { d.attempts = max(n, 1) } }

// Timeout bounds one attempt, a minute by default. Streams have none.
func Timeout(t time.Duration) Option { return func(d *door) { d.timeout = t } }

// New makes a Client of the installation at an address like https://chat.example. The error is about the address.
func New(address string, who Credential, options ...Option) (*Client, error) {
	d := &door{who: who, transport: http.DefaultTransport, attempts: 5, timeout: time.Minute}
	for _, o := range options {
		o(d)
	}
	address = strings.TrimRight(address, "/")
	operations, err := api.NewOperations(address, d)
	return &Client{operations, address, d}, err
}
