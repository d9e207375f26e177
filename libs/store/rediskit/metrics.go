package rediskit

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"fivechat.dev/libs/observe/telemetry"
)

// Measure registers the client's metrics with a component: unverified content, durations of commands and connections.
// It is called once, before the first command. Subscriptions have connections of their own, which are not counted.
func (c *Client) Measure(t *telemetry.Telemetry) {
	t.Registry.MustRegister(c.unverified)
	if !t.Measures {
		return
	}
	most := c.r.Options().PoolSize
	c.r.AddHook(timing{telemetry.NewDatabase(t.Registry, "redis", func() telemetry.Pool {
		s := c.r.PoolStats()
		return telemetry.Pool{
			Idle: int(s.IdleConns), Used: max(int(s.TotalConns)-int(s.IdleConns), 0), Max: most, Timeouts: uint64(s.Timeouts),
			Waits: &telemetry.Waits{Count: uint64(s.WaitCount), Total: time.Duration(s.WaitDurationNs)},
		}
	})})
}

// timing is the hook that times commands. It is ours because the library's own goes through OpenTelemetry's metrics,
// which nothing else here does.
type timing struct{ database *telemetry.Database }

// DialHook implements redis.Hook.
func (timing) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// timed says whether a command is: not one that prepares a connection, and not the one that waits for as long as it is told
// to, which says nothing about Redis.
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

// ProcessPipelineHook implements redis.Hook. Commands that are sent together are one operation, by the conventions.
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

// failed says whether a command had no answer: that there is nothing is one, and so is that a script is to be sent.
func failed(err error) bool {
	return err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT")
}
