package store

import (
	"context"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"golang.org/x/time/rate"
)

const (
	// calm is how many bytes a second compactions write while nothing presses.
	// Left to itself one takes a whole processor for half a second, and whoever
	// asks meanwhile waits for the other one.
	calm = 8 << 20
	// pressing is how many layers of fresh files are pressing: one more makes
	// every read dearer, and at stopWrites nothing more is taken. A compaction
	// begins at compactFrom.
	pressing = 2 * compactFrom

	compacting vfs.DiskWriteCategory = "pebble-compaction"
)

// pace slows compactions down.
type pace struct {
	ctx    context.Context //nolint:containedctx // of the engine: a file's write has none
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

// wait holds a compaction back that is about to write so many bytes.
func (p *pace) wait(n int) {
	if p == nil || p.pressed() {
		return
	}
	_ = p.bytes.WaitN(p.ctx, min(n, p.bytes.Burst())) // the engine closes: it is not held back any more
}

// atLeast lets compactions write so many bytes a second until the returned
// function is called.
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
