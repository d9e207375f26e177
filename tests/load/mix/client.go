package mix

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"time"

	"github.com/valyala/fasthttp"
)

// The bounds of a request.
const (
	answerBound = 30 * time.Second
	maxAnswer   = 64 << 20 // bytes
)

// Client sends requests to one server. It uses fasthttp's client, which takes less processor time than net/http's from
// the machine that it shares with the system.
type Client struct {
	url  string
	host *fasthttp.HostClient
}

// NewClient returns a client of the server at a URL, with a maximal number of connections. It doesn't retry.
func NewClient(at string, connections int) (*Client, error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	if u.Host == "" {
		return nil, fmt.Errorf("%q names no server", at)
	}
	secure := u.Scheme == "https"
	return &Client{at, &fasthttp.HostClient{
		Addr: fasthttp.AddMissingPort(u.Host, secure), IsTLS: secure, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		MaxConns: connections, MaxConnWaitTimeout: answerBound, MaxIdemponentCallAttempts: 1,
		ReadTimeout: answerBound, WriteTimeout: answerBound, MaxResponseBodySize: maxAnswer,
	}}, nil
}

// Answer is the response to a request.
type Answer struct {
	Status int         `json:"status"`
	Header [][2]string `json:"header"`
	Body   []byte      `json:"body"`
}

// Ask sends an operation's request with a credential and an object that the site draws, and learns from the response.
// The status is 0 without a response.
func (t *Site) Ask(o *Operation, due time.Time) (status int, err error) {
	err = t.send(t.server, o, due, func(by visitor, resp *fasthttp.Response) {
		if status = resp.StatusCode(); o.Learns != nil && status == o.Status {
			o.Learns(t, by, resp.Body())
		}
	})
	return status, err
}

// AskOf sends the request of Ask to another server, without learning from the response.
func (t *Site) AskOf(d *Client, o *Operation) (status int, err error) {
	err = t.send(d, o, time.Now(), func(_ visitor, resp *fasthttp.Response) { status = resp.StatusCode() })
	return status, err
}

// Sample returns a whole response to an operation.
func (t *Site) Sample(o *Operation) (a Answer, err error) {
	err = t.send(t.server, o, time.Now(), func(_ visitor, resp *fasthttp.Response) {
		a.Status, a.Body = resp.StatusCode(), append([]byte(nil), resp.Body()...)
		for name, value := range resp.Header.All() {
			a.Header = append(a.Header, [2]string{string(name), string(value)})
		}
	})
	return a, err
}

func (t *Site) send(server *Client, o *Operation, due time.Time, took func(by visitor, resp *fasthttp.Response)) error {
	d := t.draw(o.As, due)
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(server.url + t.fill(o.Path, &d))
	req.Header.SetMethod(o.Method)
	switch o.As {
	case Visitor, Newcomer:
		req.Header.Set("x-visitor-id", d.token)
		req.Header.Set("x-visitor-secret", d.secret)
	case Agent:
		req.Header.Set("Authorization", "Bearer "+t.token)
	}
	if o.Known {
		req.Header.Set("If-None-Match", t.etag)
	}
	if o.Body != "" {
		req.Header.SetContentType("application/json")
		req.SetBodyString(t.fill(o.Body, &d))
	}
	if err := server.host.Do(req, resp); err != nil {
		return err
	}
	took(d.visitor, resp)
	return nil
}
