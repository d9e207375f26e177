package store

import (
	"bytes"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

const (
	fewSteps  = 256    // over deleted keys, which don't justify a floor
	mostSteps = 20_000 // while writers wait for a floor to be found: milliseconds
	maxFloors = 16
)

// floors record that the front of a range is empty. A queue is read and emptied at its front. The engine keeps the
// deleted keys until it compacts them, and every iteration steps over them again: thousands, at hundreds of entries a
// second.
type floors struct {
	raised uint64 // the number of raised floors; guarded by Engine.ddl

	mu sync.Mutex
	of map[string]*floor // by a range's lower bound
}

// floor says that a range has no keys below it.
type floor struct {
	at    []byte
	since uint64 // valid in views that were opened after this many floors had been raised
}

// begin returns where an iteration over [lower, upper) may begin in a view that was opened when this many floors had
// been raised.
func (f *floors) begin(lower, upper []byte, raised uint64) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.of[string(lower)]
	switch {
	case known == nil || raised < known.since:
		return lower
	case upper != nil && bytes.Compare(known.at, upper) > 0:
		return upper
	}
	return known.at
}

// admit lowers the floors to keys that are about to become visible. The caller holds Engine.ddl until they are
// visible.
func (f *floors) admit(writes map[string][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for lower, known := range f.of {
		for key, value := range writes {
			if value != nil && key >= lower && key < string(known.at) {
				known.at = []byte(key)
			}
		}
	}
}

// set raises a floor. The caller holds Engine.ddl exclusively.
func (f *floors) set(lower, at []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[string]*floor{}
	}
	for other := range f.of {
		if len(f.of) < maxFloors || f.of[string(lower)] != nil {
			break
		}
		delete(f.of, other)
	}
	f.raised++
	f.of[string(lower)] = &floor{at: at, since: f.raised}
}

// raise finds the floor of a range. No write happens meanwhile, so the result is valid for every view that is opened
// later. If a writer is active now, the next iteration finds the floor.
func (e *Engine) raise(lower, upper []byte) {
	if upper == nil || !e.ddl.TryLock() {
		return
	}
	defer e.ddl.Unlock()
	from := e.floors.begin(lower, upper, e.floors.raised)
	it, err := e.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: upper})
	if err != nil {
		return
	}
	at := upper
	if it.First() {
		at = bytes.Clone(it.Key())
	}
	if it.Close() == nil {
		e.floors.set(lower, at)
	}
}
