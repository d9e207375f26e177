package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Database is what a component says of a database that it uses: how long operations take, and how its connections
// stand. The names are OpenTelemetry's for clients of databases; the label db_system_name tells the databases apart.
type Database struct {
	durations *prometheus.HistogramVec
}

// Pool is how the connections to a database stand.
type Pool struct {
	Idle, Used int
	Max        int    // the most that there can be, with one server
	Timeouts   uint64 // how often none became free in time
	Waits      *Waits // nil where each wait is observed by itself
}

// Waits are the waits for a connection so far, where the client of a database tells no more of them.
type Waits struct {
	Count uint64
	Total time.Duration
}

// NewDatabase makes and registers what is said of the database of a system's name, "mongodb" or "redis". pool is asked
// whenever somebody looks.
func NewDatabase(r prometheus.Registerer, system string, pool func() Pool) *Database {
	of := prometheus.Labels{"db_system_name": system}
	d := &Database{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "db_client_operation_duration_seconds", Help: "Time a command to a database took, by command and outcome (ok or failed).",
		ConstLabels: of, Buckets: Durations(),
	}, []string{"db_operation_name", "outcome"})}
	r.MustRegister(d.durations, &poolCollector{
		pool,
		prometheus.NewDesc("db_client_connection_count", "Open connections to a database, idle or used.", []string{"state"}, of),
		prometheus.NewDesc("db_client_connection_max", "The most connections that there can be to one server of a database.", nil, of),
		prometheus.NewDesc("db_client_connection_timeouts_total", "How often no connection to a database became free in time.", nil, of),
		prometheus.NewDesc(waitName, waitHelp, nil, of),
	})
	return d
}

const (
	waitName = "db_client_connection_wait_time_seconds"
	waitHelp = "Time until a connection to a database was free (Redis: of those that had to wait, without buckets)."
)

// NewWaits makes and registers the histogram of waits for a connection, for a client that tells each.
func NewWaits(r prometheus.Registerer, system string) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: waitName, Help: waitHelp, ConstLabels: prometheus.Labels{"db_system_name": system}, Buckets: waitTimes,
	})
	r.MustRegister(h)
	return h
}

// waitTimes are the bucket bounds, in seconds, that the conventions advise for waits.
var waitTimes = []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}

// Observe notes how long an operation took.
func (d *Database) Observe(ctx context.Context, operation string, failed bool, took time.Duration) {
	outcome := "ok"
	if failed {
		outcome = "failed"
	}
	Observe(ctx, d.durations.WithLabelValues(operation, outcome), took.Seconds())
}

// poolCollector asks a pool how it stands. It is ours because client_golang's functions would each ask anew.
type poolCollector struct {
	pool                       func() Pool
	count, max, timeouts, wait *prometheus.Desc
}

// Describe implements prometheus.Collector. The waits are described where they are told: here or by a histogram.
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
