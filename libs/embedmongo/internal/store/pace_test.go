package store

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	const block, blocks = 32 << 10, 1_000
	for name, c := range map[string]struct {
		layers int
		hurry  bool
		want   time.Duration
	}{
		"nothing presses":         {layers: pressing, want: block * blocks * time.Second / calm},
		"files wait to be merged": {layers: pressing + 1},
		"the engine closes":       {hurry: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPace(func() int { return c.layers })
				defer p.hurry()
				if c.hurry {
					p.hurry()
				}
				start := time.Now()
				for range blocks {
					p.wait(block)
				}
				if took := time.Since(start); took > c.want || took < c.want*9/10 {
					t.Errorf("%d bytes took %v, want %v", block*blocks, took, c.want)
				}
			})
		})
	}
}

// TestPaceOfCompactions: the pace limits compactions of a real engine, and doesn't delay closing the engine.
func TestPaceOfCompactions(t *testing.T) {
	t.Parallel()
	e, c := bookStore(t)
	asked := 0
	e.disk.pace.Load().layers = func() int { asked++; return 0 }
	ok(t, e.db.Flush())
	ok(t, insert(e, raw(t, book(9))))
	ok(t, e.db.Flush())
	ok(t, e.db.Compact(t.Context(), c.DocPrefix(), []byte{'z'}, false))
	if asked == 0 {
		t.Error("a compaction did not ask for its pace")
	}
}
