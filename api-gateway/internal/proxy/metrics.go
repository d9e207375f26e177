package proxy

import (
	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/telemetry"
)

// metrics is what the proxy says about the services.
type metrics struct {
	durations        *prometheus.HistogramVec
	retries, refused *prometheus.CounterVec
	circuit          *prometheus.GaugeVec
}

// upstreamMetrics is the part of metrics about one service.
type upstreamMetrics struct {
	durations        *telemetry.ByStatus
	retries, refused prometheus.Counter
	circuit          prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) *metrics {
	upstream := []string{"upstream"}
	m := &metrics{
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_client_request_duration_seconds", Buckets: telemetry.Durations(),
			Help: "Time until a service had answered (of a stream: until its answer began), by service and status (error: no answer).",
		}, []string{"upstream", "http_response_status_code"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_edge_retries_total", Help: "Requests that were sent to a service once more.",
		}, upstream),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivechat_edge_refused_total", Help: "Requests that were not sent to a service: its circuit was open, or too many were under way.",
		}, upstream),
		circuit: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fivechat_edge_circuit_state", Help: "The circuit before a service: 0 closed, 1 half open, 2 open.",
		}, upstream),
	}
	registry.MustRegister(m.durations, m.retries, m.refused, m.circuit)
	return m
}

func (m *metrics) of(name route.Upstream) upstreamMetrics {
	durations := m.durations.MustCurryWith(prometheus.Labels{"upstream": string(name)})
	return upstreamMetrics{
		telemetry.NewByStatus(durations), m.retries.WithLabelValues(string(name)), m.refused.WithLabelValues(string(name)),
		m.circuit.WithLabelValues(string(name)),
	}
}
