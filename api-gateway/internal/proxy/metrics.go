package proxy

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/observe/telemetry"
)

// metrics are the metrics about the services.
type metrics struct {
	durations        *prometheus.HistogramVec // nil if durations aren't measured
	retries, refused *prometheus.CounterVec
	circuit          *prometheus.GaugeVec
	streamEnds       *prometheus.CounterVec
}

// upstreamMetrics are the metrics of one service.
type upstreamMetrics struct {
	durations        *telemetry.ByStatus // nil if durations aren't measured
	retries, refused prometheus.Counter
	circuit          prometheus.Gauge
}

func newMetrics(t *telemetry.Telemetry) *metrics {
	upstream := []string{"upstream"}
	m := &metrics{
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_edge_retries_total", Help: "Requests that were sent to a service a second time.",
		}, upstream),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_edge_refused_total",
			Help: "Requests that were not sent to a service: its circuit breaker was open, " +
				"or too many were in progress.",
		}, upstream),
		circuit: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fivechat_edge_circuit_state",
			Help: "State of a service's circuit breaker: 0 closed, 1 half open, 2 open.",
		}, upstream),
		streamEnds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_edge_stream_ends_total", Help: "Event streams that have ended, by reason.",
		}, []string{"reason"}),
	}
	for _, reason := range streamEnds {
		m.streamEnds.WithLabelValues(reason)
	}
	t.Registry.MustRegister(m.retries, m.refused, m.circuit, m.streamEnds)
	if t.Measures {
		m.durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_client_request_duration_seconds",
			Buckets: telemetry.Durations(),
			Help: "Time until a service had responded (of a stream: until its response started), " +
				"by service and status (error: no response).",
		}, []string{"upstream", "http_response_status_code"})
		t.Registry.MustRegister(m.durations)
	}
	return m
}

func (m *metrics) of(name route.Upstream) upstreamMetrics {
	u := upstreamMetrics{
		retries: m.retries.WithLabelValues(string(name)), refused: m.refused.WithLabelValues(string(name)),
		circuit: m.circuit.WithLabelValues(string(name)),
	}
	if m.durations != nil {
		u.durations = telemetry.NewByStatus(m.durations.MustCurryWith(prometheus.Labels{"upstream": string(name)}))
	}
	return u
}

// observe records the duration of an attempt since its start; status 0 is no response.
func (m upstreamMetrics) observe(ctx context.Context, status int, start time.Time) {
	if m.durations != nil {
		m.durations.Observe(ctx, status, time.Since(start).Seconds())
	}
}

// open collects the number of connections that carry requests. Streams have connections of their own, which many share.
type open struct {
	services map[route.Upstream]*upstream
	desc     *prometheus.Desc
}

func newOpen(services map[route.Upstream]*upstream) open {
	return open{services, prometheus.NewDesc("http_client_open_connections",
		"Open connections to a service, active or idle; those of streams are not counted.",
		[]string{"server", "state"}, nil)}
}

// Describe implements prometheus.Collector.
func (o open) Describe(to chan<- *prometheus.Desc) { to <- o.desc }

// Collect implements prometheus.Collector.
func (o open) Collect(to chan<- prometheus.Metric) {
	for name, u := range o.services {
		active, idle := u.pool.stand()
		to <- prometheus.MustNewConstMetric(o.desc, prometheus.GaugeValue, float64(active), string(name), "active")
		to <- prometheus.MustNewConstMetric(o.desc, prometheus.GaugeValue, float64(idle), string(name), "idle")
	}
}
