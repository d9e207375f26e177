package mongokit

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/event"

	"fivechat.dev/libs/observe/telemetry"
)

// system is the database's name in OpenTelemetry's conventions.
const system = "mongodb"

// pool counts connections from the driver's events. It sums the connections to all servers of a replica set, because
// nearly all lead to the primary.
type pool struct {
	open, used atomic.Int64
	timeouts   atomic.Uint64
	waits      prometheus.Histogram
}

func newPool(r prometheus.Registerer) *pool { return &pool{waits: telemetry.NewWaits(r, system)} }

// stats returns the pool's state for telemetry.NewDatabase. One counter may be a connection ahead of the other.
func (p *pool) stats() telemetry.Pool {
	open, used := int(p.open.Load()), int(p.used.Load())
	return telemetry.Pool{Idle: max(open-used, 0), Used: used, Max: maxPool, Timeouts: p.timeouts.Load()}
}

func (p *pool) monitor() *event.PoolMonitor {
	return &event.PoolMonitor{Event: func(e *event.PoolEvent) {
		switch e.Type {
		case event.ConnectionCreated:
			p.open.Add(1)
		case event.ConnectionClosed:
			p.open.Add(-1)
		case event.ConnectionCheckedOut:
			p.used.Add(1)
			p.waits.Observe(e.Duration.Seconds())
		case event.ConnectionCheckedIn:
			p.used.Add(-1)
		case event.ConnectionCheckOutFailed:
			p.waits.Observe(e.Duration.Seconds())
			if e.Reason == event.ReasonTimedOut {
				p.timeouts.Add(1)
			}
		}
	}}
}
