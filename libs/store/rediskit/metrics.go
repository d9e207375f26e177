package rediskit

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"fivechat.dev/libs/observe/telemetry"
)

// Measure registers the client's metrics with a component: unverified content, and durations of commands and
// connections. Call it once, before the first command. Connections of subscriptions aren't counted.
func (c *Client) Measure(t *telemetry.Telemetry) {
	t.Registry.MustRegister(c.unverified)
	if !t.Measures {
		return
	}
	most := poolSize(c.r)
	c.r.AddHook(timing{telemetry.NewDatabase(t.Registry, "redis", func() telemetry.Pool {
		s := c.r.PoolStats()
		return telemetry.Pool{
			Idle: int(
				s.IdleConns,
			), Used: max(int(s.TotalConns)-int(s.IdleConns), 0), Max: most, Timeouts: uint64(s.Timeouts),
			Waits: &telemetry.Waits{Count: uint64(s.WaitCount), Total: time.Duration(s.WaitDurationNs)},
		}
	})})
}

// poolSize returns the size of a client's pool; in a cluster, of its pool of each node.
func poolSize(r redis.UniversalClient) int {
	switch r := r.(type) {
	case *redis.ClusterClient:
		return r.Options().PoolSize
	case *redis.Client:
		return r.Options().PoolSize
	}
	return 0
}

// timing is a hook that measures commands. The library's own hook needs OpenTelemetry's metrics, which nothing else
// here uses.
type timing struct{ database *telemetry.Database }

// DialHook implements redis.Hook.
func (timing) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// timed reports whether a command is measured. Commands that prepare a connection aren't. Neither is xread, which
// waits as long as its caller asks and so says nothing about Redis.
func timed(cmd redis.Cmder) bool { return cmd.Name() != "xread" && !preparing[cmd.Name()] }

// ProcessHook implements redis.Hook.
func (h timing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		start := time.Now()
		err := next(ctx, cmd)
		if timed(cmd) {
			h.database.Observe(ctx, cmd.Name(), failed(err), time.Since(start))
		}
		return err
	}
}

// ProcessPipelineHook implements redis.Hook. By the conventions, a pipeline is one operation.
func (h timing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		start := time.Now()
		err := next(ctx, cmds)
		if len(cmds) > 0 && timed(cmds[0]) {
			h.database.Observe(ctx, "pipeline", failed(err), time.Since(start))
		}
		return err
	}
}

// failed reports whether a command had no response. "No such key" and "unknown script" are responses.
func failed(err error) bool {
	return err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT")
}
