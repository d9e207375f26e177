package rediskit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"fivechat.dev/libs/store/rediskit"
)

// TestCommandsHaveSpans: commands of a trace have spans, without keys and values. Commands that prepare a connection
// have none.
func TestCommandsHaveSpans(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	c, err := rediskit.Connect(rediskit.Config{URL: "redis://" + m.Addr()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ended := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(ended)).Tracer("test")

	ctx, span := tracer.Start(t.Context(), "request")
	if _, _, err := c.Cached(ctx, "secret", "secret"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Spend(ctx, "secret", 10, time.Second, 1); err != nil {
		t.Fatal(err)
	}
	if err := c.Forget(ctx, "secret", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := c.Forget(t.Context(), "cache", "key"); err != nil { // outside of a trace
		t.Fatal(err)
	}
	var names []string
	for _, s := range ended.Ended() {
		names = append(names, s.Name())
		if s.Parent().SpanID() != span.SpanContext().SpanID() || s.Status().Code == codes.Error ||
			strings.Contains(fmt.Sprint(s.Attributes()), "secret") {
			t.Errorf("%s below %v: %v, %v", s.Name(), s.Parent().SpanID(), s.Status(), s.Attributes())
		}
	}
	if !slices.Equal(names, []string{"evalsha", "eval", "evalsha", "eval", "publish"}) {
		t.Errorf("the spans are %v", names)
	}
	m.Close()
	if c.Forget(ctx, "cache", "key") == nil {
		t.Fatal("a stopped server responds")
	}
	if all := ended.Ended(); all[len(all)-1].Status().Code != codes.Error {
		t.Error("the span of a failed command isn't marked")
	}
}
