package store

import (
	"bytes"
	"errors"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// View is a consistent state to read: an engine snapshot with the catalog of
// the same moment and, inside a transaction, the transaction's own writes.
type View struct {
	Catalog *Catalog
	engine  *Engine
	snap    *pebble.Snapshot
	raised  uint64 // the number of raised floors when it was opened
	own     *writeSet
	refs    atomic.Int32
}

// Retain adds a holder of the view; each holder closes it once.
func (v *View) Retain() *View {
	v.refs.Add(1)
	return v
}

// Close releases the view.
func (v *View) Close() {
	if v.refs.Add(-1) == 0 {
		v.engine.views.remove(v)
		v.engine.closeSnapshot(v.snap)
	}
}

// openViews are the open views, with the time when each was opened.
type openViews struct {
	mu    sync.Mutex
	since map[*View]time.Time
}

func (o *openViews) add(v *View) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since == nil {
		o.since = map[*View]time.Time{}
	}
	o.since[v] = time.Now()
}

func (o *openViews) remove(v *View) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.since, v)
}

// oldest returns when the oldest open view was opened, or zero.
func (o *openViews) oldest() (oldest time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, at := range o.since {
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}

// Get reads one key; nil means absent.
func (v *View) Get(key []byte) ([]byte, error) {
	if v.own != nil {
		if val, ok := v.own.values[string(key)]; ok {
			return val, nil
		}
	}
	return get(v.snap, key)
}

// Reader reads single keys of a view one after the other, which is cheaper
// than View.Get for more than a few.
type Reader struct {
	view *View
	it   *pebble.Iterator
}

// Reader starts reading; the caller closes it before the view.
func (v *View) Reader() *Reader { return &Reader{view: v} }

// Get reads one key; nil means absent. The value holds until the next call.
func (r *Reader) Get(key []byte) ([]byte, error) {
	if r.view.own != nil {
		if val, ok := r.view.own.values[string(key)]; ok {
			return val, nil
		}
	}
	if r.it == nil {
		it, err := r.view.snap.NewIter(nil)
		if err != nil {
			return nil, err
		}
		r.it = it
	}
	if r.it.SeekPrefixGE(key) {
		return r.it.ValueAndErr()
	}
	return nil, r.it.Error()
}

// Close ends the reading.
func (r *Reader) Close() {
	if r.it != nil {
		_ = r.it.Close()
	}
}

func get(r pebble.Reader, key []byte) ([]byte, error) {
	val, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, len(val)), val...)
	return out, closer.Close()
}

// writeSet holds the writes of one transaction; a nil value is a deletion.
type writeSet struct {
	values map[string][]byte
	sorted []string
	fresh  []string
	bytes  int
}

func newWriteSet() *writeSet { return &writeSet{values: map[string][]byte{}} }

func (w *writeSet) put(key, value []byte) {
	k := string(key)
	if _, known := w.values[k]; !known {
		w.fresh = append(w.fresh, k)
	}
	w.values[k] = value
	w.bytes += len(key) + len(value)
}

// keys returns all written keys in order. The slice is never changed later.
func (w *writeSet) keys() []string {
	if len(w.fresh) > 0 {
		sort.Strings(w.fresh)
		merged := make([]string, 0, len(w.sorted)+len(w.fresh))
		a, b := w.sorted, w.fresh
		for len(a) > 0 && len(b) > 0 {
			if a[0] < b[0] {
				merged, a = append(merged, a[0]), a[1:]
			} else {
				merged, b = append(merged, b[0]), b[1:]
			}
		}
		w.sorted, w.fresh = append(append(merged, a...), b...), nil
	}
	return w.sorted
}

// Iter walks a key range of a view in either direction.
type Iter struct {
	engine       *Engine
	lower, upper []byte
	snap         *pebble.Iterator
	started      bool
	reverse      bool

	own  *writeSet
	keys []string // own keys left to visit, in the order of the walk

	Key, Value []byte
}

// Iter opens a walk over [lower, upper).
func (v *View) Iter(lower, upper []byte, reverse bool) (*Iter, error) {
	from := v.engine.floors.begin(lower, upper, v.raised)
	it, err := v.snap.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: upper})
	if err != nil {
		return nil, err
	}
	out := &Iter{engine: v.engine, lower: lower, upper: upper, snap: it, reverse: reverse, own: v.own}
	if v.own != nil && len(v.own.values) > 0 {
		all := v.own.keys()
		from := sort.SearchStrings(all, string(lower))
		to := len(all)
		if upper != nil {
			to = sort.SearchStrings(all, string(upper))
		}
		if from < to {
			out.keys = all[from:to]
		}
	}
	return out, nil
}

// Next advances and reports whether there is an entry. Key and Value are valid until the next call.
func (it *Iter) Next() (bool, error) {
	for {
		if !it.started {
			it.started = true
			if it.reverse {
				it.snap.Last()
			} else {
				it.first()
			}
		} else if it.Key != nil {
			it.advance()
		}
		it.Key = nil
		if !it.snap.Valid() && len(it.keys) == 0 {
			return false, it.snap.Error()
		}
		if it.pick() {
			return true, nil
		}
	}
}

// first goes to the front. If it must step over many deleted keys, it starts finding a new floor.
func (it *Iter) first() {
	it.snap.First()
	steps := it.snap.Stats().ForwardStepCount[pebble.InternalIterCall]
	if steps > fewSteps && steps <= mostSteps {
		it.engine.raise(it.lower, it.upper)
	}
}

// pick sets the smaller (in walking order) of the two sources' entries; an own
// write hides the snapshot's entry of the same key. It reports false when that
// entry is a deletion.
func (it *Iter) pick() bool {
	if len(it.keys) == 0 {
		it.Key, it.Value = it.snap.Key(), it.snap.Value()
		return true
	}
	own := it.ownKey()
	if it.snap.Valid() {
		c := bytes.Compare(it.snap.Key(), []byte(own))
		if it.reverse {
			c = -c
		}
		if c < 0 {
			it.Key, it.Value = it.snap.Key(), it.snap.Value()
			return true
		}
	}
	it.Key, it.Value = []byte(own), it.own.values[own]
	return it.Value != nil
}

func (it *Iter) ownKey() string {
	if it.reverse {
		return it.keys[len(it.keys)-1]
	}
	return it.keys[0]
}

// advance leaves the entry Key stands on in both sources.
func (it *Iter) advance() {
	own := len(it.keys) > 0 && it.ownKey() == string(it.Key)
	if it.snap.Valid() && bytes.Equal(it.snap.Key(), it.Key) {
		if it.reverse {
			it.snap.Prev()
		} else {
			it.snap.Next()
		}
	}
	if own && it.reverse {
		it.keys = it.keys[:len(it.keys)-1]
	} else if own {
		it.keys = it.keys[1:]
	}
}

// Close ends the walk.
func (it *Iter) Close() { _ = it.snap.Close() }
