package edge

import (
	"context"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/observe/telemetry"
)

// noClass is the class label of requests without a row.
const noClass = "none"

// metrics are the metrics about requests.
type metrics struct {
	durations *prometheus.HistogramVec // nil if durations aren't measured
	active    *prometheus.GaugeVec
	streams   prometheus.Gauge
	unmatched series // of requests without a row
}

// series are the metrics of one row, looked up once so that requests don't search them by labels.
type series struct {
	active prometheus.Gauge
	// of the row's method; head is HEAD's if that is GET; both nil if durations aren't measured
	answered, head *telemetry.ByStatus
}

func newMetrics(t *telemetry.Telemetry) *metrics {
	m := &metrics{
		active: telemetry.NewActive(t.Registry),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fivechat_edge_streams",
			Help: "Open event streams and exports.",
		}),
	}
	t.Registry.MustRegister(m.streams)
	m.unmatched.active = m.active.WithLabelValues(noClass)
	if t.Measures {
		m.durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_server_request_duration_seconds", Buckets: telemetry.Durations(),
			Help: "Time from a request to the end of its answer (of a stream: to its beginning).",
		}, []string{"class", "http_request_method", "http_route", "http_response_status_code"})
		t.Registry.MustRegister(m.durations)
	}
	return m
}

// of makes the series of the rows of a table.
func (m *metrics) of(rows []*route.Route) map[*route.Route]*series {
	all := make(map[*route.Route]*series, len(rows))
	for _, r := range rows {
		s := &series{
			active:   m.active.WithLabelValues(string(r.Class)),
			answered: m.timed(string(r.Class), r.Method, r.Pattern),
		}
		if r.Method == http.MethodGet {
			s.head = m.timed(string(r.Class), http.MethodHead, r.Pattern)
		}
		all[r] = s
	}
	return all
}

func (m *metrics) timed(class, method, pattern string) *telemetry.ByStatus {
	if m.durations == nil {
		return nil
	}
	return telemetry.NewByStatus(m.durations.MustCurryWith(prometheus.Labels{
		"class":               class,
		"http_request_method": method,
		"http_route":          pattern,
	}))
}

// answered records the duration of a request. Requests without a row are rare, so their series are looked up by labels.
func (x *exchange) answered(ctx context.Context, seconds float64) {
	switch durations := x.edge.metrics.durations; {
	case durations == nil:
	case x.row == nil:
		telemetry.Observe(ctx, durations.WithLabelValues(noClass, x.Method, x.Route, strconv.Itoa(x.Status)), seconds)
	case x.Method == http.MethodHead:
		x.series.head.Observe(ctx, x.Status, seconds)
	default:
		x.series.answered.Observe(ctx, x.Status, seconds)
	}
}
