package front

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// plainBytes is the length of the longest plain request, in bytes.
const plainBytes = 8 << 10

// The states of a connection.
const (
	active int32 = iota
	idle         // waits for a request
	ended        // was closed while it was idle
)

// conn is a connection that has received only plain requests so far.
type conn struct {
	net.Conn
	server *Server
	state  atomic.Int32
	in     []byte // received bytes that aren't handled yet
	msg    message
	out    writer
	watch  *watch
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{Conn: nc, server: s, in: make([]byte, 0, plainBytes)}
	gone, cancel := context.WithCancel(context.Background())
	c.watch = newWatch(c, cancel)
	c.msg.prepare(gone, nc.RemoteAddr().String())
	c.out = writer{conn: nc, last: &s.stopping, header: http.Header{}}
	return c
}

// endIdle marks an idle connection as ended, and reports whether it was idle.
func (c *conn) endIdle() bool { return c.state.CompareAndSwap(idle, ended) }

// serve handles plain requests until the connection ends or a request isn't plain. In the second case it hands the
// connection over.
func (c *conn) serve() {
	defer c.watch.cancel()
	wait := c.server.rest.ReadHeaderTimeout
	for c.receive(wait) {
		length := c.msg.parse(c.in)
		if length == 0 || !c.answer() {
			c.server.left(c)
			// net/http sets its own deadlines; an error means that the connection has ended
			_ = c.SetDeadline(time.Time{})
			c.server.handed.put(&prefixedConn{c.Conn, c.in})
			return
		}
		if c.out.broken {
			break
		}
		c.in = c.in[:copy(c.in, c.in[length:])]
		wait = c.server.rest.IdleTimeout
	}
	c.server.left(c)
	_ = c.Close() // an error leaves nothing to do
}

// receive waits for a request unless the buffer already has the start of one, and reports whether there is one.
func (c *conn) receive(wait time.Duration) bool {
	if len(c.in) > 0 {
		return true
	}
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return false
	}
	c.state.Store(idle)
	if c.server.stopping.Load() {
		return false
	}
	n, err := c.Read(c.in[:plainBytes])
	c.in = c.in[:n]
	return err == nil && c.state.CompareAndSwap(idle, active)
}

// answer calls the handler for the parsed request. It reports false if the handler handed the request over.
func (c *conn) answer() bool {
	c.out.begin(c.msg.request.Method == http.MethodHead)
	c.watch.begin()
	c.handle()
	c.watch.end()
	if c.out.handed {
		return false
	}
	c.out.end()
	return true
}

// handle calls the handler. A panic ends the connection, as in net/http.
func (c *conn) handle() {
	defer func() {
		reason := recover()
		if reason == nil {
			return
		}
		c.out.broken = true
		if err, _ := reason.(error); !errors.Is(err, http.ErrAbortHandler) && c.server.rest.ErrorLog != nil {
			c.server.rest.ErrorLog.Printf("front: panic: %v\n%s", reason, debug.Stack())
		}
	}()
	c.server.rest.Handler.ServeHTTP(&c.out, &c.msg.request)
}
