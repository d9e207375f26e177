package system

import (
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Redis is a stand-in for Redis in this process: a miniredis whose clock runs, as by itself its keys would never expire. It
// keeps nothing over a restart, which the services are made for.
type Redis struct {
	mini *miniredis.Miniredis
	stop chan struct{}
}

// StartRedis serves a stand-in at an address.
func StartRedis(addr string) (*Redis, error) {
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr(addr); err != nil {
		return nil, fmt.Errorf("embedded Redis: %w", err)
	}
	r := &Redis{m, make(chan struct{})}
	go func() {
		const tick = 100 * time.Millisecond
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				m.FastForward(tick)
			case <-r.stop:
				return
			}
		}
	}()
	return r, nil
}

// URL is where it answers.
func (r *Redis) URL() string { return "redis://" + r.mini.Addr() }

// Close stops the clock and the server.
func (r *Redis) Close() {
	close(r.stop)
	r.mini.Close()
}
