package proxy

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// errStale says that a connection which rested was closed by the service in the meantime. Nothing was sent on it.
var errStale = errors.New("proxy: the service had closed the connection")

// restedConn looks, before it is written to again after an answer, whether the other side has closed it: what is written
// to a closed connection is lost, and afterwards nobody can tell whether a service had acted on it. net/http's transport
// knows by a goroutine that always reads; asking the system is one call.
type restedConn struct {
	*net.TCPConn
	raw    syscall.RawConn
	rested bool
}

func newRestedConn(c *net.TCPConn) (net.Conn, error) {
	raw, err := c.SyscallConn()
	return &restedConn{TCPConn: c, raw: raw}, err
}

// Read implements io.Reader.
func (c *restedConn) Read(b []byte) (int, error) {
	c.rested = true
	return c.TCPConn.Read(b)
}

// Write implements io.Writer.
func (c *restedConn) Write(b []byte) (int, error) {
	if c.rested {
		c.rested = false
		if !c.open() {
			return 0, errStale
		}
	}
	return c.TCPConn.Write(b)
}

// open peeks: of a connection that rests, there must be nothing to read, neither an end nor bytes that nobody asked for.
func (c *restedConn) open() bool {
	quiet := false
	var one [1]byte
	err := c.raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = errors.Is(err, syscall.EAGAIN)
	})
	return err == nil && quiet
}

// dialTimeout bounds connecting to a service.
const dialTimeout = 2 * time.Second

// dialerFor connects to services of a scheme. Below TLS, bytes that nobody asked for are nothing strange.
func dialerFor(scheme string) func(addr string) (net.Conn, error) {
	return func(addr string) (net.Conn, error) {
		c, err := (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).Dial("tcp", addr)
		if err != nil {
			return nil, &unsent{err}
		}
		if tcp, ok := c.(*net.TCPConn); ok && scheme == "http" {
			return newRestedConn(tcp)
		}
		return c, nil
	}
}

// unsent marks an error before which nothing was sent.
type unsent struct{ error }

// Unwrap gives the cause.
func (u *unsent) Unwrap() error { return u.error }
