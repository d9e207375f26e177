package store

import (
	"sync"
	"sync/atomic"
)

// maxGone bounds the deletions that are remembered.
const maxGone = 100_000

// deletions remembers which documents were deleted while transactions were open. A transaction whose snapshot has no
// document doesn't see by its snapshot that another one was made and deleted since.
type deletions struct {
	count atomic.Uint64 // deletions so far; it changes under mu
	mu    sync.Mutex
	open  int               // transactions
	at    map[string]uint64 // count at the last deletion of each key
	floor uint64            // what at says of deletions up to here is lost
}

// begin is called before a transaction opens its snapshot, end when it has ended.
func (d *deletions) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open++
}

func (d *deletions) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open--; d.open == 0 {
		d.at, d.floor = nil, 0
	}
}

// now is how many deletions there were, for since.
func (d *deletions) now() uint64 { return d.count.Load() }

// add remembers committed deletions of documents.
func (d *deletions) add(keys []string) {
	if len(keys) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == 0 {
		return
	}
	count := d.count.Add(1)
	if len(d.at)+len(keys) > maxGone {
		d.at, d.floor = nil, count
		return
	}
	if d.at == nil {
		d.at = map[string]uint64{}
	}
	for _, k := range keys {
		d.at[k] = count
	}
}

// since reports whether a document may have been deleted since now returned then.
func (d *deletions) since(key []byte, then uint64) bool {
	if d.count.Load() == then {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at[string(key)] > then || d.floor > then
}
