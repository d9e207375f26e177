package edge

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/telemetry"
)

// durations is the metric of all requests. The series of a row are found by the row, without its labels.
type durations struct {
	vec  *prometheus.HistogramVec
	rows sync.Map // *route.Route and method to *telemetry.ByStatus
}

type rowMethod struct {
	row    *route.Route
	method string // HEAD is a GET's row's too
}

func newDurations(registry prometheus.Registerer) *durations {
	d := &durations{vec: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_server_request_duration_seconds", Help: "Time from a request to the end of its answer.", Buckets: telemetry.Durations(),
	}, []string{"http_request_method", "http_route", "http_response_status_code"})}
	registry.MustRegister(d.vec)
	return d
}

// of gives the series of a row's requests, or, where no row was found (nil), of a method and a pattern.
func (d *durations) of(row *route.Route, method, pattern string) *telemetry.ByStatus {
	key := rowMethod{row, method}
	if row != nil {
		if known, ok := d.rows.Load(key); ok {
			return known.(*telemetry.ByStatus)
		}
	}
	series := telemetry.NewByStatus(d.vec.MustCurryWith(prometheus.Labels{"http_request_method": method, "http_route": pattern}))
	if row != nil {
		d.rows.Store(key, series)
	}
	return series
}

func newStreams(registry prometheus.Registerer) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "fivechat_edge_streams", Help: "Open event streams."})
	registry.MustRegister(g)
	return g
}
