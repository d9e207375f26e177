// Package front serves plain HTTP/1.1 requests at the edge with less ado than net/http does, and leaves all others to it.
//
// Serving is most of what forwarding costs: net/http's server alone, writing 1 KB, uses as much CPU as nginx does for
// receiving, forwarding and answering (make bench-edge). It has a second goroutine for each connection, two deadlines, a
// context and a dozen objects for each request. So this package looks at what a connection brings first, and answers by
// itself what is as plain as nearly all requests are: the whole head, and the body, if any, came in one piece; every line
// is in its strictest form; the connection stays open. Whatever else comes, or is not yet complete, is none of its
// business: the connection goes, with the bytes that came, to a net/http server, for good. So what is malformed, odd,
// slow or large meets the strictness and the bounds of net/http and nobody else's, and so do streams, which the handler
// hands over itself (HandOver).
//
// It is written by hand because fasthttp, whose messages the proxy uses, would be in front of everything: its server
// accepts more than we want to, and an http.Handler behind it would have neither streams nor deadlines of its own.
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
	rest   *http.Server // has the handler and the bounds, and serves what is not plain
	handed *handed

	watchAfter time.Duration
	stopping   atomic.Bool
	plain      sync.WaitGroup // of conns
	mu         sync.Mutex
	ln         net.Listener
	conns      map[*conn]struct{}
}

// New makes a Server with the handler and the bounds of another, which serves what is not plain. The handler of a plain
// request must not use it, its header or its body after it has returned.
func New(rest *http.Server) *Server {
	return &Server{rest: rest, handed: newHanded(), watchAfter: watchAfter, conns: map[*conn]struct{}{}}
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
	go func() { _ = s.rest.Serve(s.handed) }() // until Shutdown or Close
	for pause := time.Duration(0); ; {
		c, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			s.serve(c)
		case s.stopping.Load():
			return http.ErrServerClosed
		case !passing(err):
			return err
		default: // as net/http does: there are too few descriptors, which passes
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			time.Sleep(pause)
		}
	}
}

func passing(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Temporary() //nolint:staticcheck // of Accept's errors it says what is meant
}

// serve has a connection served.
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

// left notes that a connection is no longer ours.
func (s *Server) left(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// stop ends accepting, and every connection that keep does not.
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

// Shutdown stops accepting, lets requests under way end, and closes connections as they come to rest. It gives ctx's
// error where that ends before.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.stop(func(c *conn) bool { return !c.endIdle() })
	ended := make(chan struct{})
	go func() { // ends with the connections, which Close ends
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

// Close ends everything at once.
func (s *Server) Close() error {
	err := s.stop(func(*conn) bool { return false })
	_ = s.handed.Close()
	return errors.Join(err, s.rest.Close())
}
