package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"
)

// The bounds of a connection to a service.
const (
	dialTimeout = 2 * time.Second
	restFor     = 90 * time.Second // less than a service lets a connection rest
	writeBytes  = 8 << 10          // the buffer of requests
)

// conn is a connection to a service. It carries one request at a time.
type conn struct {
	net.Conn
	raw   syscall.RawConn // nil below TLS, where bytes that nobody asked for are nothing strange
	peek  func(fd uintptr)
	quiet bool // when peek last looked
	r     *bufio.Reader
	w     *bufio.Writer
	since time.Time // when it began to rest
}

// open looks whether a connection that rested is still good: there is nothing to read, neither an end nor bytes that
// nobody asked for. What is written to a closed connection is lost, and afterwards nobody can tell whether the service
// had acted on it. net/http's transport knows by a goroutine that always reads; asking the system is one call.
func (c *conn) open() bool {
	if time.Since(c.since) > restFor {
		return false
	}
	if c.raw == nil {
		return true
	}
	return c.raw.Control(c.peek) == nil && c.quiet
}

// carry sends a call's request and takes the answer by the deadline, or until ctx ends, and says whether the connection can
// carry another.
func (c *conn) carry(ctx context.Context, to *call) (again bool, err error) {
	if err := c.SetDeadline(to.deadline); err != nil {
		return false, err
	}
	waiting, long := func() bool { return true }, len(to.req.Body()) > longBody
	if long {
		waiting = c.endWith(ctx)
	}
	if err = to.req.Write(c.w); err == nil {
		err = c.w.Flush()
	}
	if long && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)) && c.early(ctx, to) {
		waiting()
		return false, nil
	}
	if err == nil && !long {
		waiting, err = c.await(ctx, to.deadline)
	}
	if err == nil {
		err = c.read(ctx, to)
	}
	return waiting() && err == nil && !to.resp.ConnectionClose() && c.r.Buffered() == 0, err
}

// earlyFor is how long an answer may take that a service gave before it had all of a body, and closed the connection.
const earlyFor = time.Second

// early takes such an answer, and says whether there is one: a refusal that needs no body is what the client wants to know.
func (c *conn) early(ctx context.Context, to *call) bool {
	return c.SetReadDeadline(time.Now().Add(earlyFor)) == nil && c.read(ctx, to) == nil
}

// awaitFor is how long the beginning of an answer is awaited without regard to whether somebody still waits for it: it
// costs less than to have the end of a context heard, and most have begun long before.
const awaitFor = 500 * time.Millisecond

// await waits until an answer begins. The function that it gives ends the regard for ctx, and says whether that had not
// ended.
func (c *conn) await(ctx context.Context, deadline time.Time) (waiting func() bool, err error) {
	waiting = func() bool { return true }
	if first := time.Now().Add(awaitFor); first.Before(deadline) {
		if err := c.SetReadDeadline(first); err != nil {
			return waiting, err
		}
		_, err = c.r.Peek(1)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return waiting, err
		}
		if err := c.SetReadDeadline(deadline); err != nil {
			return waiting, err
		}
	}
	if c.r.Buffered() == 0 {
		waiting = c.endWith(ctx)
	}
	return waiting, nil
}

// endWith ends what the connection does as soon as ctx ends; until then the function that it gives lets it be, and says so.
func (c *conn) endWith(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // nobody waits any more
}

// pool is the connections to one service.
type pool struct {
	addr string
	tls  *tls.Config // nil: none

	mu   sync.Mutex
	all  int
	idle []*conn // the longest-resting first
}

// hostPort is where a URL leads, with the port that its scheme implies.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func newPool(to *url.URL) *pool {
	p := &pool{addr: hostPort(to)}
	if to.Scheme == "https" {
		p.tls = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: to.Hostname()}
	}
	return p
}

// take gives a connection that is open: the one that rested least, so that what is not needed comes to rest for good.
func (p *pool) take(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		p.mu.Unlock()
		if c.open() {
			return c, nil
		}
		p.drop(c)
		p.mu.Lock()
	}
	p.all++
	p.mu.Unlock()
	c, err := p.dial(ctx)
	if err != nil {
		p.mu.Lock()
		p.all--
		p.mu.Unlock()
		return nil, &unsent{err}
	}
	return c, nil
}

// give lays a connection to rest, and drops the one that has rested longest where its time is over.
func (p *pool) give(c *conn) {
	c.since = time.Now()
	p.mu.Lock()
	p.idle = append(p.idle, c)
	var old *conn
	if first := p.idle[0]; c.since.Sub(first.since) > restFor {
		old, p.idle = first, p.idle[1:]
	}
	p.mu.Unlock()
	if old != nil {
		p.drop(old)
	}
}

// stand says how many connections carry a request, and how many rest.
func (p *pool) stand() (active, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all - len(p.idle), len(p.idle)
}

func (p *pool) drop(c *conn) {
	_ = c.Close() // it is no longer of use
	p.mu.Lock()
	p.all--
	p.mu.Unlock()
}

func (p *pool) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	dialer := &net.Dialer{KeepAlive: 30 * time.Second}
	c := &conn{}
	var err error
	if p.tls != nil {
		c.Conn, err = (&tls.Dialer{NetDialer: dialer, Config: p.tls}).DialContext(ctx, "tcp", p.addr)
	} else if c.Conn, err = dialer.DialContext(ctx, "tcp", p.addr); err == nil {
		c.raw, err = c.Conn.(*net.TCPConn).SyscallConn()
	}
	if err != nil {
		return nil, err
	}
	c.peek = func(fd uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		c.quiet = err == syscall.EAGAIN
	}
	c.r, c.w = bufio.NewReaderSize(c, maxHead), bufio.NewWriterSize(c, writeBytes)
	return c, nil
}

// unsent marks an error before which nothing was sent.
type unsent struct{ error }

// Unwrap gives the cause.
func (u *unsent) Unwrap() error { return u.error }
