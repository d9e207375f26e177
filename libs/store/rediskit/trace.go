package rediskit

import (
	"context"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/observe/telemetry"
)

// traced is a hook that gives each command and pipeline of a trace a client span, named by OpenTelemetry's conventions
// for databases. Keys and values are never recorded. go-redis's own instrumentation follows older conventions, and by
// default records whole commands.
type traced struct{}

var _ redis.Hook = traced{}

// preparing are the commands by which go-redis prepares a new connection, in the context of the first command. Not
// every Redis knows all of them.
var preparing = map[string]bool{"hello": true, "auth": true, "select": true, "client": true}

// DialHook implements redis.Hook.
func (traced) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements redis.Hook.
func (traced) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !trace.SpanFromContext(ctx).IsRecording() || preparing[cmd.Name()] {
			return next(ctx, cmd)
		}
		start := time.Now()
		err := next(ctx, cmd)
		record(ctx, cmd.Name(), 1, start, err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (traced) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !trace.SpanFromContext(ctx).IsRecording() || len(cmds) == 0 || preparing[cmds[0].Name()] {
			return next(ctx, cmds)
		}
		start := time.Now()
		err := next(ctx, cmds)
		record(ctx, "PIPELINE", len(cmds), start, err)
		return err
	}
}

func record(ctx context.Context, name string, batch int, start time.Time, err error) {
	c := telemetry.Command{System: "redis", Name: name, Batch: batch, Start: start, Took: time.Since(start)}
	if failed(err) {
		c.Failed = "failed"
	}
	c.Record(ctx)
}
