package share

import "github.com/prometheus/client_golang/prometheus"

// Measure registers the metrics of Budgets: bytes held and requests refused, for each kind of bytes.
func Measure(r prometheus.Registerer, budgets map[string]*Budget) {
	held := prometheus.NewDesc(
		"fivechat_edge_bytes", "Bytes of request bodies and of answers that the edge holds.", []string{"of"}, nil,
	)
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivechat_edge_bytes_refused_total",
		Help: "Requests that were refused because the process, or their holder (a website or an address), " +
			"had reached its limit of bytes.",
	}, []string{"of", "by"})
	r.MustRegister(refused, measured{held, budgets})
	for of, b := range budgets {
		b.byHolder, b.byProcess = refused.WithLabelValues(of, "holder"), refused.WithLabelValues(of, "process")
	}
}

// measured collects the bytes that Budgets hold.
type measured struct {
	held    *prometheus.Desc
	budgets map[string]*Budget
}

// Describe implements prometheus.Collector.
func (m measured) Describe(to chan<- *prometheus.Desc) { to <- m.held }

// Collect implements prometheus.Collector.
func (m measured) Collect(to chan<- prometheus.Metric) {
	for of, b := range m.budgets {
		to <- prometheus.MustNewConstMetric(m.held, prometheus.GaugeValue, float64(b.Held()), of)
	}
}
