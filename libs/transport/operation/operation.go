// Package operation puts types on the outside of go-kit's endpoint. An Endpoint is one use case of a service: its name
// feeds span, metric and log, its rule says who may call it, and the chain around it is the same for every operation.
package operation

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/go-kit/kit/endpoint"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/observe/telemetry"
)

// Chain gives the middleware around an operation of a name and a rule.
type Chain func(name string, rule authz.Rule) endpoint.Middleware

// Endpoint is a typed operation.
type Endpoint[Req, Resp any] struct {
	Name string
	Rule authz.Rule
	Kit  endpoint.Endpoint
}

// New makes an operation of fn behind chain. name is "service.verb_object". This holds the only type assertion
// between transport and domain.
func New[Req, Resp any](
	chain Chain,
	name string,
	rule authz.Rule,
	fn func(context.Context, Req) (Resp, error),
) Endpoint[Req, Resp] {
	return Endpoint[Req, Resp]{name, rule, chain(name, rule)(func(ctx context.Context, request any) (any, error) {
		return fn(ctx, request.(Req))
	})}
}

// None is the request or response of an operation that has none.
type None struct{}

// Standard is the chain of every service: metric and trace outermost, then recovery, then authorization, so that a
// refusal and a panic are measured like any other outcome.
func Standard(t *telemetry.Telemetry) Chain {
	around := func(string) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint { return next }
	}
	if t.Measures {
		durations := newDurations(t.Registry)
		around = func(name string) endpoint.Middleware { return measured(durations, name) }
	}
	return func(name string, rule authz.Rule) endpoint.Middleware {
		return endpoint.Chain(around(name), traced(t, name), recovered(t, name), authorize(rule))
	}
}

// traced names the operation in the span of the exchange that asks for it, and how it failed. One of its own would
// begin and end with that one.
func traced(t *telemetry.Telemetry, name string) endpoint.Middleware {
	named := []attribute.KeyValue{attribute.String("fivechat.operation", name)}
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			span := trace.SpanFromContext(ctx)
			span.SetAttributes(named...)
			response, err := next(ctx, request)
			if err != nil {
				f := fault.From(err)
				span.SetAttributes(attribute.String("error.type", f.Code))
				if f.Kind == fault.Internal || f.Kind == fault.Unavailable || f.Kind == fault.Timeout {
					span.SetStatus(codes.Error, f.Code)
					t.Log.ErrorContext(ctx, "operation failed", "operation", name, "error", err)
				}
			}
			return response, err
		}
	}
}

func recovered(t *telemetry.Telemetry, name string) endpoint.Middleware {
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (response any, err error) {
			defer func() {
				if p := recover(); p != nil {
					t.Panics.Inc()
					t.Log.ErrorContext(
						ctx,
						"operation panicked",
						"operation",
						name,
						"panic",
						fmt.Sprint(p),
						"stack",
						string(debug.Stack()),
					)
					err = fault.Wrap(fault.Internal, "something went wrong on our side", fmt.Errorf("panic: %v", p))
				}
			}()
			return next(ctx, request)
		}
	}
}

func authorize(rule authz.Rule) endpoint.Middleware {
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			if err := rule.Check(identity.From(ctx)); err != nil {
				return nil, err
			}
			return next(ctx, request)
		}
	}
}
