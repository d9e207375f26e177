package operation

import (
	"context"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/observe/telemetry"
)

func newDurations(r prometheus.Registerer) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "fivechat_operation_duration_seconds",
		Help:    "Time an operation took, by name and outcome (ok or a fault's kind).",
		Buckets: telemetry.Durations(),
	}, []string{"operation", "outcome"})
	r.MustRegister(v)
	return v
}

// measured times an operation. The series of the outcome ok exists from the start, so that a rate includes the first
// request.
func measured(durations *prometheus.HistogramVec, name string) endpoint.Middleware {
	ok := durations.WithLabelValues(name, "ok")
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, request any) (any, error) {
			start, series := time.Now(), ok
			response, err := next(ctx, request)
			if err != nil {
				series = durations.WithLabelValues(name, fault.From(err).Kind.Code())
			}
			telemetry.Observe(ctx, series, time.Since(start).Seconds())
			return response, err
		}
	}
}
