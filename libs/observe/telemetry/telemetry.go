// Package telemetry holds one component's log, metrics and traces. Begin with New. Each component has its own registry
// and tracer, so that several components in one process never share metrics.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/time/rate"
)

// Config is set by the environment variables common to all components, and OpenTelemetry's own for the exporter.
type Config struct {
	// Lowest level that is logged: debug, info, warn or error.
	LogLevel slog.Level `env:"LOG_LEVEL"`
	// Base URL of the OTLP collector that receives spans. Without it, no spans are sent.
	OTLPEndpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	// Share of new traces that are sampled, from 0 to 1.
	SampleRatio float64 `env:"TRACE_SAMPLE_RATIO"`
	// Duration from which the spans of an unsampled trace are retained (tail sampling). Failed ones always are.
	SlowTrace time.Duration `env:"TRACE_SLOW"`
	// Record no spans and no durations of requests, operations and commands.
	Disabled bool      `env:"OTEL_SDK_DISABLED"`
	LogTo    io.Writer // standard error if nil
}

// Default logs at level info. If spans have a collector, it samples 1 % of new traces, and retains those that fail or
// take 0.5 s.
func Default() Config {
	return Config{SampleRatio: 0.01, SlowTrace: 500 * time.Millisecond, LogTo: os.Stderr}
}

// Validate refuses invalid settings.
func (c Config) Validate() error {
	if c.SampleRatio < 0 || c.SampleRatio > 1 {
		return errors.New("TRACE_SAMPLE_RATIO must be from 0 to 1")
	}
	if c.SlowTrace <= 0 {
		return errors.New("TRACE_SLOW must be positive")
	}
	return nil
}

// Telemetry is one component's log, metrics and traces.
type Telemetry struct {
	Component string
	Log       *slog.Logger
	Level     *slog.LevelVar // the log's level; it can be changed at any time
	Registry  *prometheus.Registry
	Measures  bool // requests, operations and commands are timed
	Panics    prometheus.Counter
	Tracer    trace.Tracer
	Propagate propagation.TextMapPropagator
	shutdown  func(context.Context) error
}

// New returns the telemetry of a component. Without an endpoint for spans, tracing costs nothing.
func New(ctx context.Context, component string, c Config) (*Telemetry, error) {
	level := new(slog.LevelVar)
	level.Set(c.LogLevel)
	t := &Telemetry{
		Component: component,
		Log:       newLog(c.LogTo, level, component),
		Level:     level,
		Registry:  newRegistry(component),
		Measures:  !c.Disabled,
		Tracer:    noop.Tracer{},
		Propagate: propagation.TraceContext{},
		shutdown:  func(context.Context) error { return nil },
	}
	t.Panics = newPanics(t.Registry)
	if c.OTLPEndpoint == "" || c.Disabled {
		return t, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.OTLPEndpoint+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("telemetry: span exporter: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithSampler(sdktrace.AlwaysSample()), // tracer decides
		sdktrace.WithIDGenerator(ids{}),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "fivechat-"+component))),
	)
	t.Tracer = &tracer{
		sdk: provider.Tracer(
			component,
		), ratio: c.SampleRatio, slow: c.SlowTrace, allowed: rate.NewLimiter(retainedPerSecond, retainedBurst),
	}
	t.shutdown = provider.Shutdown
	return t, nil
}

// Close exports the spans that are still queued.
func (t *Telemetry) Close(ctx context.Context) error { return t.shutdown(ctx) }

// version is set when a release is built: -ldflags "-X fivechat.dev/libs/observe/telemetry.version=…".
var version string

// Version returns the version that this binary was built from, or "dev".
func Version() string {
	if version != "" {
		return version
	}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "dev"
}

func buildInfo(component string) prometheus.Collector {
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_build_info", Help: "Always 1; the labels identify the build.",
		ConstLabels: prometheus.Labels{"component": component, "version": Version()},
	})
	g.Set(1)
	return g
}

// Durations returns the bucket bounds, in seconds, of OpenTelemetry's semantic conventions for request durations.
func Durations() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
}
