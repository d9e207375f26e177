package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Database holds a component's metrics of one database: the duration of commands, and the state of the connection
// pool. The names follow OpenTelemetry's conventions for database clients; the label db_system_name distinguishes
// databases.
type Database struct {
	durations *prometheus.HistogramVec
}

// Pool is the state of the connections to a database.
type Pool struct {
	Idle, Used int
	Max        int    // the limit for one server
	Timeouts   uint64 // how often no connection became free in time
	Waits      *Waits // nil if each wait is observed by itself
}

// Waits sums the waits for a connection, for database clients that report no more.
type Waits struct {
	Count uint64
	Total time.Duration
}

// NewDatabase makes and registers the metrics of a database; system is "mongodb" or "redis". It calls pool on every
// scrape.
func NewDatabase(r prometheus.Registerer, system string, pool func() Pool) *Database {
	of := prometheus.Labels{"db_system_name": system}
	d := &Database{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:        "db_client_operation_duration_seconds",
		Help:        "Duration of commands to a database, by command and outcome (ok or failed).",
		ConstLabels: of, Buckets: Durations(),
	}, []string{"db_operation_name", "outcome"})}
	r.MustRegister(d.durations, &poolCollector{
		pool,
		prometheus.NewDesc(
			"db_client_connection_count",
			"Open connections to a database, idle or used.",
			[]string{"state"},
			of,
		),
		prometheus.NewDesc(
			"db_client_connection_max",
			"The limit of connections to one server of a database.",
			nil,
			of,
		),
		prometheus.NewDesc(
			"db_client_connection_timeouts_total",
			"How often no connection to a database became free in time.",
			nil,
			of,
		),
		prometheus.NewDesc(waitName, waitHelp, nil, of),
	})
	return d
}

const (
	waitName = "db_client_connection_wait_time_seconds"
	waitHelp = "Time until a connection to a database was free (Redis: of commands that had to wait, without buckets)."
)

// NewWaits makes and registers a histogram of waits for a connection, for clients that report each wait.
func NewWaits(r prometheus.Registerer, system string) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: waitName, Help: waitHelp, ConstLabels: prometheus.Labels{"db_system_name": system}, Buckets: waitTimes,
	})
	r.MustRegister(h)
	return h
}

// waitTimes are the bucket bounds, in seconds, that OpenTelemetry's conventions recommend for waits.
var waitTimes = []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}

// Observe records the duration of an operation.
func (d *Database) Observe(ctx context.Context, operation string, failed bool, took time.Duration) {
	outcome := "ok"
	if failed {
		outcome = "failed"
	}
	Observe(ctx, d.durations.WithLabelValues(operation, outcome), took.Seconds())
}

// poolCollector reads the pool once a scrape. client_golang's GaugeFunc and CounterFunc would each read it again.
type poolCollector struct {
	pool                       func() Pool
	count, max, timeouts, wait *prometheus.Desc
}

// Describe implements prometheus.Collector. The waits are described only if this collector reports them.
func (c *poolCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.count, c.max, c.timeouts} {
		to <- d
	}
	if c.pool().Waits != nil {
		to <- c.wait
	}
}

// Collect implements prometheus.Collector.
func (c *poolCollector) Collect(to chan<- prometheus.Metric) {
	p := c.pool()
	to <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(p.Idle), "idle")
	to <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(p.Used), "used")
	to <- prometheus.MustNewConstMetric(c.max, prometheus.GaugeValue, float64(p.Max))
	to <- prometheus.MustNewConstMetric(c.timeouts, prometheus.CounterValue, float64(p.Timeouts))
	if p.Waits != nil {
		to <- prometheus.MustNewConstHistogram(c.wait, p.Waits.Count, p.Waits.Total.Seconds(), nil)
	}
}
