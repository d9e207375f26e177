// Package front serves plain HTTP/1.1 requests at a lower cost than net/http, and leaves all others to it.
//
// Begin with Server, which accepts the connections, and message.parse, which decides what is plain. A request is plain
// if its head and its body, if any, arrived in one piece, every line has the strictest form, and the connection stays
// open. Nearly all requests are. If a request isn't plain or isn't complete, a net/http server takes over the
// connection for good, with the bytes that arrived. Streams take the same way: the handler hands them over itself
// (HandOver).
//
// So malformed, unusual, slow and large requests meet the strictness and the bounds of net/http alone. This package
// never has to interpret them.
//
// Most of the cost of forwarding is serving. The net/http server alone, writing 1 KB, uses as much processor time as
// nginx does for receiving, forwarding and responding (make bench-edge). It has a second goroutine for each connection,
// and two deadlines, a context and a dozen objects for each request.
//
// The package is written by hand because fasthttp, whose messages the proxy uses, would have to serve all requests. Its
// server accepts more than is allowed here, and an http.Handler in it would have neither streams nor deadlines of its
// own.
package front

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves one listener. It is made by New.
type Server struct {
	rest   *http.Server // has the handler and the bounds, and serves requests that aren't plain
	handed *handoffListener

	watchAfter time.Duration
	stopping   atomic.Bool
	plain      sync.WaitGroup // waits for the conns
	mu         sync.Mutex
	ln         net.Listener
	conns      map[*conn]struct{}
}

// New makes a Server with the handler and the bounds of rest, which also serves the requests that aren't plain. The
// handler of a plain request must not use the request, its header or its body after it has returned.
func New(rest *http.Server) *Server {
	return &Server{rest: rest, handed: newHandoffListener(), watchAfter: watchAfter, conns: map[*conn]struct{}{}}
}

// Serve accepts connections until the server is shut down or closed; its error is then http.ErrServerClosed.
func (s *Server) Serve(ln net.Listener) error {
	s.mu.Lock()
	s.ln = ln
	s.mu.Unlock()
	if s.stopping.Load() {
		return errors.Join(http.ErrServerClosed, ln.Close())
	}
	s.handed.addr = ln.Addr()
	go func() { _ = s.rest.Serve(s.handed) }() // returns at Shutdown or Close
	for pause := time.Duration(0); ; {
		c, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			s.serve(c)
		case s.stopping.Load():
			return http.ErrServerClosed
		case !isTemporary(err):
			return err
		default: // like net/http: file descriptors have run out, which is temporary
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			time.Sleep(pause)
		}
	}
}

func isTemporary(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Temporary() //nolint:staticcheck // it is well defined for errors of Accept
}

// serve starts a goroutine that serves a connection.
func (s *Server) serve(nc net.Conn) {
	c := newConn(s, nc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping.Load() {
		_ = nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.plain.Go(c.serve)
}

// left removes a connection that has ended or was handed over.
func (s *Server) left(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// stop stops accepting, and closes every connection for which keep reports false.
func (s *Server) stop(keep func(*conn) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping.Store(true)
	for c := range s.conns {
		if !keep(c) {
			_ = c.Close()
		}
	}
	if s.ln == nil {
		return nil
	}
	if err := s.ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Shutdown stops accepting, lets requests in progress finish, and closes each connection when it is idle. It returns
// ctx's error if ctx ends first.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.stop(func(c *conn) bool { return !c.endIdle() })
	ended := make(chan struct{})
	go func() { // returns when the connections have ended, at the latest by Close
		defer close(ended)
		s.plain.Wait()
	}()
	select {
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	case <-ended:
	}
	err = errors.Join(err, s.rest.Shutdown(ctx))
	_ = s.handed.Close()
	return err
}

// Close ends all connections at once.
func (s *Server) Close() error {
	err := s.stop(func(*conn) bool { return false })
	_ = s.handed.Close()
	return errors.Join(err, s.rest.Close())
}
