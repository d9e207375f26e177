package proxy

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/telemetry"
)

// measured takes the time until a service's answer begins.
type measured struct {
	next      http.RoundTripper
	upstream  route.Upstream
	durations *prometheus.HistogramVec
}

func newDurations(registry prometheus.Registerer) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_client_request_duration_seconds", Help: "Time until a service's answer began, by service and status (error: none came).",
		Buckets: telemetry.Durations(),
	}, []string{"upstream", "http_response_status_code"})
	registry.MustRegister(h)
	return h
}

// RoundTrip implements http.RoundTripper.
func (m measured) RoundTrip(r *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := m.next.RoundTrip(r)
	status := "error"
	if err == nil {
		status = strconv.Itoa(resp.StatusCode)
	}
	m.durations.WithLabelValues(string(m.upstream), status).Observe(time.Since(start).Seconds())
	return resp, err
}
