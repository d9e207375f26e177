package listener

import (
	"net"
	"sync"
)

// bounded is a listener with a bound of open connections, in total and for each address. A connection beyond it is
// closed at once.
type bounded struct {
	net.Listener
	perServer int

	mu    sync.Mutex
	total int
	open  map[string]int
}

// Accept implements net.Listener.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		peer := hostOf(c.RemoteAddr())
		if b.take(peer) {
			return &counted{Conn: c, end: sync.OnceFunc(func() { b.release(peer) })}, nil
		}
		c.Close()
	}
}

func (b *bounded) take(peer string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.total == maxConnections || b.open[peer] == b.perServer {
		return false
	}
	b.total++
	b.open[peer]++
	return true
}

func (b *bounded) release(peer string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total--
	if b.open[peer]--; b.open[peer] == 0 {
		delete(b.open, peer)
	}
}

type counted struct {
	net.Conn
	end func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.end()
	return c.Conn.Close()
}
