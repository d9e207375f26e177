package status

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// reading is what one component's metrics say.
type reading struct {
	version      string
	dependencies map[string]bool
	lag          *float64
	requests     float64
	errors       float64
	bounds       []float64          // of buckets, ascending, the last +Inf
	buckets      map[float64]uint64 // requests that took at most so many seconds
}

// The metrics that time requests: the edge has the one, services the other.
const (
	edgeRequests = "http_server_request_duration_seconds"
	operations   = "fivechat_operation_duration_seconds"
)

// lags are the metrics that say, in seconds, how far something is behind.
var lags = []string{
	"fivechat_outbox_oldest_age_seconds", "fivechat_follower_lag_seconds",
	"fivechat_webhook_overdue_seconds",
}

// read takes a component's reading.
func read(g prometheus.Gatherer) (reading, error) {
	families, err := g.Gather()
	if err != nil {
		return reading{}, fmt.Errorf("status: %w", err)
	}
	r := reading{dependencies: map[string]bool{}, buckets: map[float64]uint64{}}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			r.addMetric(f.GetName(), m)
		}
	}
	return r, nil
}

func (r *reading) addMetric(name string, m *dto.Metric) {
	switch {
	case name == "fivechat_build_info":
		r.version = label(m, "version")
	case name == "fivechat_dependency_up":
		r.dependencies[label(m, "dependency")] = m.GetGauge().GetValue() > 0
	case name == edgeRequests:
		r.time(m, strings.HasPrefix(label(m, "http_response_status_code"), "5"))
	case name == operations:
		r.time(m, slices.Contains([]string{"internal", "unavailable", "timeout"}, label(m, "outcome")))
	case slices.Contains(lags, name):
		if v := m.GetGauge().GetValue(); r.lag == nil || v > *r.lag {
			r.lag = &v
		}
	}
}

// time adds the requests of a series.
func (r *reading) time(m *dto.Metric, failed bool) {
	h := m.GetHistogram()
	n := float64(h.GetSampleCount())
	r.requests += n
	if failed {
		r.errors += n
	}
	if r.bounds == nil {
		for _, b := range h.GetBucket() {
			r.bounds = append(r.bounds, b.GetUpperBound())
		}
	}
	for _, b := range h.GetBucket() {
		r.buckets[b.GetUpperBound()] += b.GetCumulativeCount()
	}
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// since gives the figures of what happened after an earlier reading, seconds ago.
func (r reading) since(before reading, seconds float64) Figures {
	f := Figures{Version: r.version, Dependencies: r.dependencies, LagSeconds: r.lag}
	n := r.requests - before.requests
	if seconds <= 0 || n <= 0 {
		return f
	}
	f.RequestsPerSecond, f.ErrorsPerSecond = n/seconds, (r.errors-before.errors)/seconds
	p99 := r.quantile(before, 0.99, n)
	f.P99Seconds = &p99
	return f
}

// quantile is Prometheus' histogram_quantile: linear within a bucket, and the last bound for what is beyond it.
func (r reading) quantile(before reading, q, n float64) float64 {
	rank, below, last := q*n, 0.0, 0.0
	for _, bound := range r.bounds {
		if math.IsInf(bound, 1) {
			break
		}
		within := float64(r.buckets[bound] - before.buckets[bound])
		if within >= rank {
			return last + (bound-last)*(rank-below)/(within-below)
		}
		below, last = within, bound
	}
	return last
}
