package rediskit

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// reloading is a hook of a cluster's client. After a failed command it makes the client ask the cluster again which
// node has which slots, at most five times a second. go-redis does so by itself if a node answers that a slot has
// moved, but for a node that doesn't answer only after a minute.
type reloading struct{ cluster *redis.ClusterClient }

// DialHook implements redis.Hook.
func (reloading) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (h reloading) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		h.after(ctx, err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (h reloading) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		h.after(ctx, err)
		return err
	}
}

func (h reloading) after(ctx context.Context, err error) {
	if failed(err) {
		h.cluster.ReloadState(ctx)
	}
}

// primary is a hook of a client with Sentinel. It notices that the client connects to another server than before. Then
// go-redis closes the connections of its pools to the former primary, but not those of subscriptions. These would stay
// with a server that is a replica now, or that is separated from the others, and miss messages.
type primary struct {
	mu      sync.Mutex
	addr    string        // "" before the first connection
	changed chan struct{} // closed when addr changes
}

func newPrimary() *primary { return &primary{changed: make(chan struct{})} }

// DialHook implements redis.Hook.
func (p *primary) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		if err == nil {
			p.connected(conn.RemoteAddr().String())
		}
		return conn, err
	}
}

// ProcessHook implements redis.Hook.
func (*primary) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements redis.Hook.
func (*primary) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (p *primary) connected(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.addr != "" && p.addr != addr {
		close(p.changed)
		p.changed = make(chan struct{})
	}
	p.addr = addr
}

// change returns a channel that is closed when the primary changes.
func (p *primary) change() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// watch calls lost once the primary changes, unless ctx ends before. Without commands no one would connect to a new
// primary, so it pings.
func (p *primary) watch(ctx context.Context, changed <-chan struct{}, ping func(context.Context) error, lost func()) {
	ticks := time.NewTicker(silence)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			lost()
			return
		case <-ticks.C:
			_ = ping(ctx) // go-redis closes the connections to a former primary, so this one may be new
		}
	}
}
