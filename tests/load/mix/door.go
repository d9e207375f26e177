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

// Door sends requests to one server. It is fasthttp's client, which takes less of the machine that it shares with whom it
// measures than net/http's.
type Door struct {
	url  string
	host *fasthttp.HostClient
}

// NewDoor makes the door of the server at a URL, with at most so many connections. Nothing is asked twice.
func NewDoor(at string, connections int) (*Door, error) {
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	if u.Host == "" {
		return nil, fmt.Errorf("%q names no server", at)
	}
	secure := u.Scheme == "https"
	return &Door{at, &fasthttp.HostClient{
		Addr: fasthttp.AddMissingPort(u.Host, secure), IsTLS: secure, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		MaxConns: connections, MaxConnWaitTimeout: answerBound, MaxIdemponentCallAttempts: 1,
		ReadTimeout: answerBound, WriteTimeout: answerBound, MaxResponseBodySize: maxAnswer,
	}}, nil
}

// Answer is what came of a request.
type Answer struct {
	Status int         `json:"status"`
	Header [][2]string `json:"header"`
	Body   []byte      `json:"body"`
}

// Ask asks for an operation, in the name and about what the town draws, and learns from the answer. The status is 0 where
// there is none.
func (t *Town) Ask(o *Operation, due time.Time) (status int, err error) {
	err = t.send(t.door, o, due, func(by visitor, resp *fasthttp.Response) {
		if status = resp.StatusCode(); o.Learns != nil && status == o.Status {
			o.Learns(t, by, resp.Body())
		}
	})
	return status, err
}

// AskOf asks another server for what Ask would, and learns nothing.
func (t *Town) AskOf(d *Door, o *Operation) (status int, err error) {
	err = t.send(d, o, time.Now(), func(_ visitor, resp *fasthttp.Response) { status = resp.StatusCode() })
	return status, err
}

// Sample is a whole answer to an operation.
func (t *Town) Sample(o *Operation) (a Answer, err error) {
	err = t.send(t.door, o, time.Now(), func(_ visitor, resp *fasthttp.Response) {
		a.Status, a.Body = resp.StatusCode(), append([]byte(nil), resp.Body()...)
		for name, value := range resp.Header.All() {
			a.Header = append(a.Header, [2]string{string(name), string(value)})
		}
	})
	return a, err
}

func (t *Town) send(door *Door, o *Operation, due time.Time, took func(by visitor, resp *fasthttp.Response)) error {
	d := t.draw(o.As, due)
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(door.url + t.fill(o.Path, &d))
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
	if err := door.host.Do(req, resp); err != nil {
		return err
	}
	took(d.visitor, resp)
	return nil
}
