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
	idleTimeout = 90 * time.Second // less than a service's own idle timeout
	writeBytes  = 8 << 10          // size of the buffer for requests
)

// conn is a connection to a service. It carries one request at a time.
type conn struct {
	net.Conn
	raw   syscall.RawConn // nil with TLS, where unread bytes are normal
	peek  func(fd uintptr)
	quiet bool // whether the last peek found nothing to read
	r     *bufio.Reader
	w     *bufio.Writer
	since time.Time // when it became idle
}

// open reports whether an idle connection is still usable: there is nothing to read, neither EOF nor unexpected bytes.
// If a request is written to a closed connection, the gateway can't know afterwards whether the service acted on it.
// net/http's transport detects this with a goroutine that always reads; here it is one system call.
func (c *conn) open() bool {
	if time.Since(c.since) > idleTimeout {
		return false
	}
	if c.raw == nil {
		return true
	}
	return c.raw.Control(c.peek) == nil && c.quiet
}

// carry sends a call's request and reads the response by the deadline or until ctx ends. It reports whether the
// connection can be used again.
func (c *conn) carry(ctx context.Context, to *call) (again bool, err error) {
	if err := c.SetDeadline(to.deadline); err != nil {
		return false, err
	}
	stop, long := func() bool { return true }, len(to.req.Body()) > longBody
	if long {
		stop = c.endWith(ctx)
	}
	if err = to.req.Write(c.w); err == nil {
		err = c.w.Flush()
	}
	if long && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)) && c.early(ctx, to) {
		stop()
		return false, nil
	}
	if err == nil && !long {
		stop, err = c.await(ctx, to.deadline)
	}
	if err == nil {
		err = c.read(ctx, to)
	}
	return stop() && err == nil && !to.resp.ConnectionClose() && c.r.Buffered() == 0, err
}

// earlyFor is the longest wait for a response that a service sent before it had read the whole body, when it then
// closed the connection.
const earlyFor = time.Second

// early reads such a response, and reports whether there is one. A refusal that needs no body is what the client must
// get.
func (c *conn) early(ctx context.Context, to *call) bool {
	return c.SetReadDeadline(time.Now().Add(earlyFor)) == nil && c.read(ctx, to) == nil
}

// awaitFor is how long the gateway waits for the start of a response before it watches whether ctx ends. Watching costs
// more than waiting, and most responses start long before.
const awaitFor = 500 * time.Millisecond

// await waits until a response starts. stop detaches the connection from ctx, and reports whether ctx was still live.
func (c *conn) await(ctx context.Context, deadline time.Time) (stop func() bool, err error) {
	stop = func() bool { return true }
	if first := time.Now().Add(awaitFor); first.Before(deadline) {
		if err := c.SetReadDeadline(first); err != nil {
			return stop, err
		}
		_, err = c.r.Peek(1)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return stop, err
		}
		if err := c.SetReadDeadline(deadline); err != nil {
			return stop, err
		}
	}
	if c.r.Buffered() == 0 {
		stop = c.endWith(ctx)
	}
	return stop, nil
}

// endWith aborts the connection's reads and writes when ctx ends. The returned function detaches it from ctx, and
// reports whether ctx was still live.
func (c *conn) endWith(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) }) // the caller is gone
}

// pool has the connections to one service.
type pool struct {
	addr string
	tls  *tls.Config // nil without TLS

	mu   sync.Mutex
	all  int
	idle []*conn // longest idle first
}

// hostPort is the host and port of a URL; the default port is that of the scheme.
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

// get returns an open connection: the most recently used one, so that surplus connections reach their idle timeout.
func (p *pool) get(ctx context.Context) (*conn, error) {
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

// put returns a connection to the pool, and closes the one that has been idle longest if its time has expired.
func (p *pool) put(c *conn) {
	c.since = time.Now()
	p.mu.Lock()
	p.idle = append(p.idle, c)
	var old *conn
	if first := p.idle[0]; c.since.Sub(first.since) > idleTimeout {
		old, p.idle = first, p.idle[1:]
	}
	p.mu.Unlock()
	if old != nil {
		p.drop(old)
	}
}

// stand returns how many connections carry a request, and how many are idle.
func (p *pool) stand() (active, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all - len(p.idle), len(p.idle)
}

func (p *pool) drop(c *conn) {
	_ = c.Close() // it isn't needed any more
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

// unsent marks an error that occurred before anything was sent.
type unsent struct{ error }

// Unwrap returns the cause.
func (u *unsent) Unwrap() error { return u.error }
