package outbox

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// gauges say how far a log is from its readers. All replicas show the same of what waits; what is unpublished only the
// one that holds the lease knows, the others show 0.
type gauges struct {
	waiting, oldest, unpublished prometheus.Gauge
	counted                      time.Time // when what waits was counted last
}

// countEvery is between counts of what waits: counting a long queue before each batch would cost more than the batches.
const countEvery = time.Second

func newGauges(r *prometheus.Registry) *gauges {
	g := &gauges{
		waiting:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "fivechat_outbox_waiting", Help: "Events without a position."}),
		oldest:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "fivechat_outbox_oldest_age_seconds", Help: "Age of the oldest event without a position."}),
		unpublished: prometheus.NewGauge(prometheus.GaugeOpts{Name: "fivechat_outbox_unpublished", Help: "Events with a position that Redis has not been told of; 0 where this replica does not publish."}),
	}
	r.MustRegister(g.waiting, g.oldest, g.unpublished)
	return g
}

// due says that what waits is to be counted.
func (g *gauges) due() bool { return time.Since(g.counted) >= countEvery }

// look measures what waits and says whether that is nothing.
func (g *gauges) look(ctx context.Context, l *Log) (idle bool, err error) {
	oldest, err := l.waiting(ctx, 1)
	if err != nil {
		return false, err
	}
	if len(oldest) == 0 {
		g.waiting.Set(0)
		g.oldest.Set(0)
		return true, nil
	}
	g.oldest.Set(time.Since(oldest[0].At).Seconds())
	if !g.due() {
		return false, nil
	}
	n, err := l.rows.Count(ctx, bson.D{{Key: "pos", Value: int64(0)}})
	if err != nil {
		return false, err
	}
	g.waiting.Set(float64(n))
	g.counted = time.Now()
	return false, nil
}
