package store

import (
	"context"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/time/rate"
)

const (
	// calm is the number of bytes that compactions write in a second without pressure. An unlimited compaction uses a
	// whole processor for half a second, and requests wait for the other one.
	calm = 8 << 20
	// pressing is the number of layers of fresh files that means pressure. Each further layer makes reads slower, and
	// at stopWrites no more writes are accepted. A compaction begins at compactFrom.
	pressing = 2 * compactFrom

	compacting vfs.DiskWriteCategory = "pebble-compaction"
)

// pace limits the speed of compactions.
type pace struct {
	ctx    context.Context // the engine's context: a file's write has none
	hurry  context.CancelFunc
	layers func() int
	bytes  *rate.Limiter

	look    rate.Sometimes
	presses atomic.Bool
}

func newPace(layers func() int) *pace {
	p := &pace{layers: layers, bytes: rate.NewLimiter(calm, calm/16), look: rate.Sometimes{Interval: lookEvery}}
	p.ctx, p.hurry = context.WithCancel(context.Background())
	return p
}

// wait delays a compaction that is about to write this many bytes.
func (p *pace) wait(n int) {
	if p == nil || p.pressed() {
		return
	}
	_ = p.bytes.WaitN(p.ctx, min(n, p.bytes.Burst())) // fails if the engine closes, which ends the delay
}

// atLeast allows compactions to write this many bytes a second until the returned function is called.
func (p *pace) atLeast(perSecond float64) (end func()) {
	p.bytes.SetLimit(rate.Limit(max(perSecond, calm)))
	return func() { p.bytes.SetLimit(calm) }
}

func (p *pace) pressed() bool {
	p.look.Do(func() { p.presses.Store(p.layers() > pressing) })
	return p.presses.Load()
}

func layers(db *pebble.DB) func() int {
	return func() int { return int(db.Metrics().Levels[0].Sublevels) }
}
