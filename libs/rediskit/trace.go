package rediskit

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// traced gives each command, and each pipeline of them, that belongs to a trace a client span, named after
// OpenTelemetry's conventions for databases as those of the store are. Keys and values are never recorded. It is ours
// because go-redis's own instrumentation follows older conventions, and records whole commands unless it is told not to.
type traced struct{}

var _ redis.Hook = traced{}

// preparing are the commands with which go-redis prepares a new connection, in the name of who needs it first. Not every
// Redis knows all of them.
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
		return spanned(ctx, cmd.Name(), 1, func(ctx context.Context) error { return next(ctx, cmd) })
	}
}

// ProcessPipelineHook implements redis.Hook.
func (traced) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !trace.SpanFromContext(ctx).IsRecording() || len(cmds) == 0 || preparing[cmds[0].Name()] {
			return next(ctx, cmds)
		}
		return spanned(ctx, "PIPELINE", len(cmds), func(ctx context.Context) error { return next(ctx, cmds) })
	}
}

// client is the kind of a command's span.
var client = trace.WithSpanKind(trace.SpanKindClient)

// spanned does something in a span.
func spanned(ctx context.Context, name string, size int, do func(context.Context) error) error {
	ctx, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("fivechat.dev/libs/rediskit").Start(ctx, name, client)
	defer span.End()
	span.SetAttributes(attribute.String("db.system.name", "redis"), attribute.String("db.operation.name", name))
	if size > 1 {
		span.SetAttributes(attribute.Int("db.operation.batch.size", size))
	}
	err := do(ctx)
	if failed(err) {
		span.SetStatus(codes.Error, "failed")
	}
	return err
}
