package datasubject

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/observe/telemetry"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
)

// Stored counts the bytes that a service stores.
type Stored interface {
	// Of returns how many bytes the service stores of a website.
	Of(ctx context.Context, t tenant.ID) (int64, error)
	// Total returns how many bytes it stores of all websites.
	Total(ctx context.Context) (int64, error)
}

type stored struct {
	Bytes int64 `json:"bytes"`
}

// ServeStored mounts the operation that returns how many bytes a service stores of a website.
func ServeStored(r *httpkit.Router, chain operation.Chain, service string, s Stored) {
	httpkit.Handle(r, "GET /internal/stored", 200, operation.New(chain, service+".get_stored", authz.Internal,
		func(ctx context.Context, _ operation.None) (stored, error) {
			n, err := s.Of(ctx, identity.From(ctx).Website)
			return stored{n}, err
		}))
}

// Stored returns how many bytes the other service stores of a website.
func (r Remote) Stored(ctx context.Context, t tenant.ID) (int64, error) {
	s, err := httpkit.Call[stored](ctx, r.Client, t, "GET", "/internal/stored", nil)
	return s.Bytes, err
}

// The bounds of measuring what is stored of all websites.
const (
	measureEvery = 5 * time.Minute
	measureFor   = time.Minute
)

// Measure returns the task that keeps the metric of the bytes that a service stores of all websites.
func Measure(t *telemetry.Telemetry, s Stored) func(ctx context.Context) error {
	bytes := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "fivechat_stored_bytes",
		Help: "Bytes that the service stores of all websites, as the storage limit counts them. Read every 5 minutes.",
	})
	t.Registry.MustRegister(bytes)
	return func(ctx context.Context) error {
		ticker := time.NewTicker(measureEvery)
		defer ticker.Stop()
		for {
			reading, cancel := context.WithTimeout(ctx, measureFor)
			n, err := s.Total(reading)
			cancel()
			switch {
			case err == nil:
				bytes.Set(float64(n))
			case ctx.Err() == nil:
				t.Log.WarnContext(
					ctx,
					"storage: measuring the stored bytes failed; retrying later",
					"retry_in",
					measureEvery,
					"error",
					err,
				)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
		}
	}
}
