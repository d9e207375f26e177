package outbox

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/store/mongokit"
)

// gauges measure the distance between a log and its readers. A replica that has written a record measures the waiting
// records until there are none; of the other replicas, one polls. Only the replica with the lease knows the number of
// unpublished records; the others show 0.
type gauges struct {
	waiting, oldest, unpublished prometheus.Gauge
	counted                      time.Time // the time of the last count of waiting records
}

// countEvery is the interval between counts of waiting records. Counting a long queue before each batch would cost
// more than the batches.
const countEvery = time.Second

func newGauges(r *prometheus.Registry) *gauges {
	g := &gauges{
		waiting: prometheus.NewGauge(
			prometheus.GaugeOpts{Name: "fivechat_outbox_waiting", Help: "Events without a position."},
		),
		oldest: prometheus.NewGauge(
			prometheus.GaugeOpts{
				Name: "fivechat_outbox_oldest_age_seconds",
				Help: "Age of the oldest event without a position.",
			},
		),
		unpublished: prometheus.NewGauge(
			prometheus.GaugeOpts{
				Name: "fivechat_outbox_unpublished",
				Help: "Events with a position that are not in Redis yet; 0 if this replica does not publish.",
			},
		),
	}
	r.MustRegister(g.waiting, g.oldest, g.unpublished)
	return g
}

// due reports whether waiting records must be counted.
func (g *gauges) due() bool { return time.Since(g.counted) >= countEvery }

// none shows that no record waits.
func (g *gauges) none() {
	g.waiting.Set(0)
	g.oldest.Set(0)
}

// update measures the waiting records. idle reports that there are none.
func (g *gauges) update(ctx context.Context, l *Log) (idle bool, err error) {
	oldest, err := l.rows.List(ctx, unplaced,
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: 1, Omit: "data"})
	if err != nil {
		return false, err
	}
	if len(oldest) == 0 {
		g.none()
		return true, nil
	}
	g.oldest.Set(time.Since(oldest[0].At).Seconds())
	if !g.due() {
		return false, nil
	}
	n, err := l.rows.Count(ctx, unplaced)
	if err != nil {
		return false, err
	}
	g.waiting.Set(float64(n))
	g.counted = time.Now()
	return false, nil
}
