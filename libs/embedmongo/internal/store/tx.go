package store

import (
	"bytes"
	"context"
	"sort"
	"time"

	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"github.com/cockroachdb/pebble/v2"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// How long a writer waits for another writer's lock before it reports a conflict.
const (
	singleWait = 70 * time.Second       // a single write waits longer than any transaction lasts
	firstWait  = time.Second            // a transaction that has observed nothing yet
	shortWait  = 100 * time.Millisecond // a transaction, for a single write to finish
)

// maxTxBytes bounds the memory of one transaction's writes.
const maxTxBytes = 256 << 20

// Tx is one atomic unit of writes: a single document's change, which reads the
// latest state under its locks, or a multi-statement transaction, which reads
// a snapshot and its own writes. It is not safe for concurrent use.
type Tx struct {
	engine *Engine
	multi  bool   // a multi-statement transaction; never changes, as waiters read it
	view   *View  // what such a transaction reads
	began  uint64 // the engine's deletions when the view was opened
	first  bool   // a transaction still in its first statement
	until  time.Time
	writes *writeSet
	locks  []string
	locked map[string]struct{} // the same, if there are many
	colls  map[*Collection]struct{}
	marks  map[*Index]uint32
}

// Single starts the atomic change of one document.
func (e *Engine) Single() *Tx { return &Tx{engine: e, writes: newWriteSet()} }

// Begin starts a multi-statement transaction.
func (e *Engine) Begin() *Tx {
	tx := &Tx{engine: e, writes: newWriteSet(), multi: true, first: true, until: time.Now().Add(firstWait)}
	e.gone.begin()
	tx.openView()
	return tx
}

func (tx *Tx) openView() {
	tx.view = tx.engine.View()
	tx.view.own = tx.writes
	tx.began = tx.engine.gone.now()
}

// View is the state a multi-statement transaction reads.
func (tx *Tx) View() *View { return tx.view }

// Restart gives a transaction in its first statement a new snapshot. It keeps its locks, so the values that it waited
// for can't change again. It returns false if the transaction must fail instead.
func (tx *Tx) Restart() bool {
	if !tx.multi || !tx.first || time.Now().After(tx.until) {
		return false
	}
	tx.view.Close()
	tx.writes = newWriteSet()
	tx.colls, tx.marks = nil, nil
	tx.openView()
	return true
}

// EndStatement ends the first statement: the snapshot is fixed from now on.
func (tx *Tx) EndStatement() { tx.first = false }

func (tx *Tx) patience(owner *Tx) time.Duration {
	switch {
	case !tx.multi:
		return singleWait
	case tx.first:
		return time.Until(tx.until)
	case !owner.multi:
		return shortWait
	}
	return 0
}

func (tx *Tx) lock(ctx context.Context, key string) error {
	if len(tx.locks) >= 16 && tx.locked == nil {
		tx.locked = make(map[string]struct{}, 64)
		for _, k := range tx.locks {
			tx.locked[k] = struct{}{}
		}
	}
	if tx.locked != nil {
		if _, held := tx.locked[key]; held {
			return nil
		}
	} else {
		for _, k := range tx.locks {
			if k == key {
				return nil
			}
		}
	}
	if err := tx.engine.locks.acquire(ctx, tx, key); err != nil {
		return err
	}
	tx.locks = append(tx.locks, key)
	if tx.locked != nil {
		tx.locked[key] = struct{}{}
	}
	return nil
}

// lockedValue locks a key and reads its current value. A transaction whose
// snapshot shows another value than the latest one has a conflict.
func (tx *Tx) lockedValue(ctx context.Context, key []byte) ([]byte, error) {
	if err := tx.lock(ctx, string(key)); err != nil {
		return nil, err
	}
	if val, ok := tx.writes.values[string(key)]; ok {
		return val, nil
	}
	latest, err := get(tx.engine.db, key)
	if err != nil || !tx.multi {
		return latest, err
	}
	seen, err := get(tx.view.snap, key)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(seen, latest) || (seen == nil) != (latest == nil) {
		return nil, errConflict()
	}
	return latest, nil
}

// LockDocument locks a document and returns its current version; nil when it
// does not exist.
func (tx *Tx) LockDocument(ctx context.Context, c *Collection, idKey []byte) (bsoncore.Document, error) {
	return tx.lockedValue(ctx, c.DocKey(idKey))
}

// Replace changes a locked document to a new version.
func (tx *Tx) Replace(ctx context.Context, c *Collection, idKey []byte, old, doc bsoncore.Document) error {
	return tx.write(ctx, c, idKey, old, doc)
}

// Delete removes a locked document.
func (tx *Tx) Delete(ctx context.Context, c *Collection, idKey []byte, old bsoncore.Document) error {
	return tx.write(ctx, c, idKey, old, nil)
}

// Wrote reports whether the transaction has written anything.
func (tx *Tx) Wrote() bool { return len(tx.writes.values) > 0 }

// Put writes a bare key in the same batch.
func (tx *Tx) Put(key, value []byte) { tx.writes.put(key, value) }

func (tx *Tx) write(ctx context.Context, c *Collection, idKey []byte, old, doc bsoncore.Document) error {
	var put, drop, claim []entry
	for _, ix := range c.Indexes {
		if old != nil && doc != nil && !ix.touchedBy(old, doc) {
			continue
		}
		before, after, err := tx.entriesOf(ix, idKey, old, doc)
		if err != nil {
			return err
		}
		added := without(after, before)
		put = append(put, added...)
		drop = append(drop, without(before, after)...)
		if ix.Unique {
			claim = append(claim, added...)
		}
	}
	if err := tx.claim(ctx, c, claim, doc); err != nil {
		return err
	}
	if tx.colls == nil {
		tx.colls = map[*Collection]struct{}{}
	}
	tx.colls[c] = struct{}{}
	for _, e := range drop {
		tx.writes.put(e.key, nil)
	}
	for _, e := range put {
		tx.writes.put(e.key, e.value)
	}
	tx.writes.put(c.DocKey(idKey), doc)
	if tx.writes.bytes > maxTxBytes {
		return mongoerr.New(
			mongoerr.TransactionTooLarge,
			"Total size of all transaction operations must be less than %d",
			maxTxBytes,
		)
	}
	return nil
}

func (tx *Tx) entriesOf(ix *Index, idKey, old, doc []byte) (before, after []entry, err error) {
	var mask uint32
	if old != nil {
		if before, _, err = ix.entries(old, idKey); err != nil {
			return nil, nil, err
		}
	}
	if doc != nil {
		if after, mask, err = ix.entries(doc, idKey); err != nil {
			return nil, nil, err
		}
	}
	if mask&^ix.persisted.Load() != 0 {
		// Set before the entries become visible, so that no reader trusts a
		// single-valued index too long.
		ix.multikey.Or(mask)
		if tx.marks == nil {
			tx.marks = map[*Index]uint32{}
		}
		tx.marks[ix] |= mask
		for i := range ix.Keys {
			if mask&(1<<i) != 0 {
				tx.writes.put(multikeyKey(ix.ID, i), []byte{1})
			}
		}
	}
	return before, after, nil
}

// claim locks the new unique keys, in one order for all writers, and refuses keys that exist.
func (tx *Tx) claim(ctx context.Context, c *Collection, keys []entry, doc []byte) error {
	sort.Slice(keys, func(i, j int) bool { return bytes.Compare(keys[i].key, keys[j].key) < 0 })
	for _, e := range keys {
		holder, err := tx.lockedValue(ctx, e.key)
		if err != nil {
			return err
		}
		if holder != nil && !bytes.Equal(holder, e.value) {
			return duplicateOf(c, e.key, doc)
		}
	}
	return nil
}

// Commit applies the writes in one batch and releases the locks. The batch is visible at once; Engine.Sync makes it
// durable.
func (tx *Tx) Commit() error {
	defer tx.Abort()
	if len(tx.writes.values) == 0 {
		return nil
	}
	e := tx.engine
	if err := e.writable(tx.writes.bytes); err != nil {
		return err
	}
	e.ddl.RLock()
	defer e.ddl.RUnlock()
	for c := range tx.colls {
		if e.catalog.Load().byName[c.NS] != c {
			return errConflict() // its indexes are no longer those written to
		}
	}
	b := e.db.NewBatch()
	defer func() { _ = b.Close() }()
	var deleted []string
	for k, v := range tx.writes.values {
		var err error
		if v == nil {
			if k[0] == docKind {
				deleted = append(deleted, k)
			}
			err = b.Delete([]byte(k), nil)
		} else {
			err = b.Set([]byte(k), v, nil)
		}
		if err != nil {
			return err
		}
	}
	for c := range tx.colls {
		if c.pending.Load() {
			if err := b.Set(catalogKey(c.NS), c.encode(false), nil); err != nil {
				return err
			}
		}
	}
	e.floors.admit(tx.writes.values)
	if err := e.attempt(func() error { return e.db.Apply(b, pebble.NoSync) }); err != nil {
		return err
	}
	e.applied.Add(1)
	e.gone.add(deleted)
	for c := range tx.colls {
		if c.pending.Load() {
			c.pending.Store(false)
		}
	}
	for ix, mask := range tx.marks {
		ix.persisted.Or(mask)
	}
	return nil
}

// Abort drops the writes and releases the locks. After Commit it does nothing.
func (tx *Tx) Abort() {
	for _, k := range tx.locks {
		tx.engine.locks.release(k)
	}
	tx.locks, tx.locked = nil, nil
	tx.writes = newWriteSet()
	if tx.view != nil {
		tx.view.Close()
		tx.view = nil
		tx.engine.gone.end()
	}
}

// UseCollection finds a collection for writing, creating it when missing. A
// transaction learns of a collection made after its snapshot this way; its
// snapshot holds no documents of it. What it creates is pending until a commit.
func (tx *Tx) UseCollection(ns string) (*Collection, error) {
	if !tx.multi {
		return tx.engine.ensureCollection(ns, false)
	}
	if c := tx.view.Catalog.Collection(ns); c != nil {
		return c, nil
	}
	c, err := tx.engine.ensureCollection(ns, true)
	if err == nil {
		tx.view.Catalog = tx.view.Catalog.with(ns, c)
	}
	return c, err
}
