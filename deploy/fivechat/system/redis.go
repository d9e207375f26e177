package system

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"fivechat.dev/libs/embedmongo"
)

// Redis is a stand-in for Redis in this process: a miniredis with a running clock, without which its keys would never
// expire. It keeps nothing over a restart, which the services are made for.
type Redis struct {
	mini     *miniredis.Miniredis
	listener net.Listener
	running  sync.WaitGroup
	stop     chan struct{}
}

// StartRedis serves a stand-in at a TCP address or, when addr is an absolute path, on a Unix socket. If password is not
// empty, clients have to authenticate with it.
func StartRedis(addr, password string) (*Redis, error) {
	l, err := embedmongo.Listen(addr)
	if err != nil {
		return nil, fmt.Errorf("embedded Redis: %w", err)
	}
	m := miniredis.NewMiniRedis()
	if password != "" {
		m.RequireAuth(password)
	}
	first, err := m.Dial() // starts a server that has no listener of its own
	if err == nil {
		err = first.Close()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("embedded Redis: %w", err), l.Close())
	}
	r := &Redis{mini: m, listener: l, stop: make(chan struct{})}
	r.running.Go(func() { r.accept(m.Server()) })
	r.running.Go(r.tick)
	return r, nil
}

func (r *Redis) accept(s *server.Server) {
	for {
		conn, err := r.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // too many open files: others close theirs
			time.Sleep(10 * time.Millisecond)
		default:
			s.ServeConn(conn)
		}
	}
}

func (r *Redis) tick() {
	const tick = 100 * time.Millisecond
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			r.mini.FastForward(tick)
		case <-r.stop:
			return
		}
	}
}

// URL is where it answers, without the password.
func (r *Redis) URL() string {
	addr := r.listener.Addr().String()
	if filepath.IsAbs(addr) {
		return "unix://" + addr
	}
	return "redis://" + addr
}

// Close stops the clock and the server.
func (r *Redis) Close() error {
	close(r.stop)
	err := r.listener.Close()
	r.running.Wait()
	r.mini.Close()
	return err
}
