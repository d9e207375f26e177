package store

import "sync"

// maxGone bounds the deletions that are remembered.
const maxGone = 100_000

// deletions remembers which documents were deleted while transactions were open. A transaction whose snapshot has no
// document doesn't see by its snapshot that another one was made and deleted since.
type deletions struct {
	mu    sync.Mutex
	open  int               // transactions
	count uint64            // deletions so far
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
func (d *deletions) now() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// add remembers committed deletions of documents.
func (d *deletions) add(keys []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == 0 || len(keys) == 0 {
		return
	}
	d.count++
	if len(d.at)+len(keys) > maxGone {
		d.at, d.floor = nil, d.count
		return
	}
	if d.at == nil {
		d.at = map[string]uint64{}
	}
	for _, k := range keys {
		d.at[k] = d.count
	}
}

// since reports whether a document may have been deleted since now returned then.
func (d *deletions) since(key []byte, then uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at[string(key)] > then || d.floor > then
}
