package store

import (
	"bytes"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

const (
	fewSteps  = 256    // over removed keys, which are not worth a floor
	mostSteps = 20_000 // which writers wait for while a floor is found: milliseconds
	maxFloors = 16
)

// floors say where there is nothing at the front of a range. Of a queue that
// is read from its front, and loses there what was read, the engine keeps the
// removed keys until it compacts them, and every walk steps over them again:
// thousands, where hundreds of entries a second pass.
type floors struct {
	raised uint64 // how often one was; guarded by Engine.ddl

	mu sync.Mutex
	of map[string]*floor // by a range's lower bound
}

// floor says that a range has no keys below it.
type floor struct {
	at    []byte
	since uint64 // in views that were taken when so many had been raised
}

// begin is where a walk over [lower, upper) may begin in a view that was taken
// when so many floors had been raised.
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

// admit lowers the floors to keys that are about to be visible. The caller
// holds Engine.ddl until they are.
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

// set raises a floor. The caller holds Engine.ddl alone.
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

// raise finds the floor of a range anew. Nobody writes meanwhile, so that what
// is found holds for every view that is taken from now on. Where somebody does
// at the moment, the next walk will find it.
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
