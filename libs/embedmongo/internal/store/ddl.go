package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"github.com/cockroachdb/pebble/v2"
)

// maxNamespace is MongoDB's limit for the length of a full collection name.
const maxNamespace = 255

func checkNamespace(ns string) error {
	db, name, ok := strings.Cut(ns, ".")
	if !ok || db == "" || name == "" || len(ns) > maxNamespace || len(db) > 63 ||
		strings.ContainsAny(db, "/\\. \"$\x00") || strings.ContainsAny(name, "$\x00") ||
		strings.HasPrefix(name, "system.") || strings.HasPrefix(name, ".") {
		return mongoerr.New(mongoerr.InvalidNamespace, "Invalid namespace specified '%s'", ns)
	}
	return nil
}

func (e *Engine) allocate(b *pebble.Batch) (uint32, error) {
	e.nextID++
	return e.nextID, b.Set(nextIDKey, binary.BigEndian.AppendUint32(nil, e.nextID), nil)
}

// publish stores a collection (nil removes it) and makes it current. The
// caller holds ddl.
func (e *Engine) publish(b *pebble.Batch, ns string, c *Collection) error {
	var err error
	if c == nil {
		err = b.Delete(catalogKey(ns), nil)
	} else {
		err = b.Set(catalogKey(ns), c.encode(c.pending.Load()), nil)
	}
	if err != nil {
		return err
	}
	if err := e.db.Apply(b, pebble.NoSync); err != nil {
		return err
	}
	e.applied.Add(1)
	e.catalog.Store(e.catalog.Load().with(ns, c))
	return nil
}

// ensureCollection returns a collection, creating it when missing.
func (e *Engine) ensureCollection(ns string, pending bool) (*Collection, error) {
	if c := e.catalog.Load().Collection(ns); c != nil {
		return c, nil
	}
	c, _, err := e.createCollection(ns, pending)
	return c, err
}

// CreateCollection makes a collection; created is false when it exists.
func (e *Engine) CreateCollection(ns string) (created bool, err error) {
	_, created, err = e.createCollection(ns, false)
	return created, err
}

func (e *Engine) createCollection(ns string, pending bool) (c *Collection, created bool, err error) {
	if err := checkNamespace(ns); err != nil {
		return nil, false, err
	}
	if err := e.writable(0); err != nil {
		return nil, false, err
	}
	e.ddl.Lock()
	defer e.ddl.Unlock()
	b := e.db.NewBatch()
	defer func() { _ = b.Close() }()
	c = e.catalog.Load().Collection(ns)
	switch {
	case c == nil:
		id, err := e.allocate(b)
		if err != nil {
			return nil, false, err
		}
		c = &Collection{ID: id, NS: ns}
		c.pending.Store(pending)
	case pending || !c.pending.Load():
		return c, false, nil
	default:
		c.pending.Store(false)
	}
	return c, true, e.publish(b, ns, c)
}

// CreateIndexes adds indexes to a collection, which it creates if it is missing, and builds them over its documents.
// It returns how many indexes there were and are, with _id's. If it fails it changes nothing.
func (e *Engine) CreateIndexes(ns string, wanted []*Index) (before, after int, err error) {
	if err := checkNamespace(ns); err != nil {
		return 0, 0, err
	}
	if err := e.writable(0); err != nil {
		return 0, 0, err
	}
	e.ddl.Lock()
	defer e.ddl.Unlock()
	old := e.catalog.Load().Collection(ns)
	next := &Collection{NS: ns}
	if old != nil {
		next.ID, next.Indexes = old.ID, slices.Clone(old.Indexes)
	}
	existing := len(next.Indexes)
	for _, ix := range wanted {
		same, err := next.addIndex(ix, existing)
		if err != nil {
			return 0, 0, err
		}
		if !same {
			next.Indexes = append(next.Indexes, ix)
		}
	}
	added := next.Indexes[existing:]
	if len(next.Indexes) > 63 {
		return 0, 0, mongoerr.New(mongoerr.CannotCreateIndex, "add index fails, too many indexes for %s", ns)
	}
	if len(added) > 0 || old == nil || old.pending.Load() {
		err = e.buildIndexes(next, added)
	}
	return existing + 1, len(next.Indexes) + 1, err
}

// addIndex reports whether a collection has an index already. The first existing ones are older than the command.
func (c *Collection) addIndex(ix *Index, existing int) (same bool, err error) {
	for i, have := range c.Indexes {
		s, err := ix.conflict(have)
		if err != nil {
			return false, err
		}
		if s && i >= existing {
			return false, mongoerr.New(mongoerr.IndexAlreadyExists, "Identical index already exists: %s", have.Name)
		}
		same = same || s
	}
	return same, nil
}

func (e *Engine) buildIndexes(c *Collection, added []*Index) error {
	b := e.db.NewBatch()
	defer func() { _ = b.Close() }()
	for _, ix := range added {
		var err error
		if ix.ID, err = e.allocate(b); err != nil {
			return err
		}
	}
	if c.ID == 0 {
		var err error
		if c.ID, err = e.allocate(b); err != nil {
			return err
		}
	}
	// The ids are used up even if the build fails or the process dies, so
	// stray entries never become part of a later index.
	if err := e.db.Apply(b, pebble.NoSync); err != nil {
		return err
	}
	if err := e.buildEntries(c, added); err != nil {
		for _, ix := range added {
			// On a full disk this happens once there is room again, after what was appended before.
			_ = e.unlessFull(func() error {
				return e.db.DeleteRange(ix.Prefix(), keyenc.Successor(ix.Prefix()), pebble.NoSync)
			})
		}
		return err
	}
	done := e.db.NewBatch()
	defer func() { _ = done.Close() }()
	for _, ix := range added {
		for i := range ix.Keys {
			if ix.Multikey(i) {
				if err := done.Set(multikeyKey(ix.ID, i), []byte{1}, nil); err != nil {
					return err
				}
			}
		}
		ix.persisted.Store(ix.multikey.Load())
	}
	return e.publish(done, c.NS, c)
}

// buildEntries writes the entries of indexes and makes them durable before any reader uses them.
func (e *Engine) buildEntries(c *Collection, added []*Index) error {
	for _, ix := range added {
		if err := e.buildIndex(c, ix); err != nil {
			return err
		}
	}
	e.applied.Add(1)
	return e.Sync()
}

func (e *Engine) buildIndex(c *Collection, ix *Index) error {
	const flushAt = 4 << 20
	taken := map[string]struct{}{}
	b := e.db.NewBatch()
	prefix := c.DocPrefix()
	err := e.each(prefix, keyenc.Successor(prefix), func(key, doc []byte) error {
		entries, mask, err := ix.entries(doc, bytes.Clone(key[len(prefix):]))
		if err != nil {
			return err
		}
		ix.multikey.Or(mask)
		for _, en := range entries {
			if ix.Unique {
				if _, dup := taken[string(en.key)]; dup {
					return duplicateOf(&Collection{NS: c.NS, Indexes: []*Index{ix}}, en.key, doc)
				}
				taken[string(en.key)] = struct{}{}
			}
			if err := b.Set(en.key, en.value, nil); err != nil {
				return err
			}
		}
		if b.Len() < flushAt {
			return nil
		}
		part := b
		b = e.db.NewBatch()
		return e.append(part)
	})
	if err != nil {
		_ = b.Close()
		return err
	}
	return e.append(b)
}

// append applies a part of a build if the disk has room, and closes the batch. The disk may become full meanwhile: then
// the part is applied once there is room again, which append doesn't wait for.
func (e *Engine) append(b *pebble.Batch) error {
	if err := e.writable(b.Len()); err != nil {
		_ = b.Close()
		return err
	}
	return e.unlessFull(func() error {
		defer func() { _ = b.Close() }()
		return e.db.Apply(b, pebble.NoSync)
	})
}

// DropIndexes removes the indexes that match; it returns how many there were,
// with _id's.
func (e *Engine) DropIndexes(ns string, match func(*Index) bool) (int, error) {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	old := e.catalog.Load().Collection(ns)
	if old == nil || old.pending.Load() {
		return 0, mongoerr.New(mongoerr.NamespaceNotFound, "ns not found %s", ns)
	}
	b := e.db.NewBatch()
	defer func() { _ = b.Close() }()
	next := &Collection{ID: old.ID, NS: ns}
	for _, ix := range old.Indexes {
		if !match(ix) {
			next.Indexes = append(next.Indexes, ix)
		} else if err := dropIndex(b, ix); err != nil {
			return 0, err
		}
	}
	return len(old.Indexes) + 1, e.publish(b, ns, next)
}

func dropIndex(b *pebble.Batch, ix *Index) error {
	if err := b.DeleteRange(ix.Prefix(), keyenc.Successor(ix.Prefix()), nil); err != nil {
		return err
	}
	return b.DeleteRange(withID32('m', ix.ID), withID32('m', ix.ID+1), nil)
}

// Drop removes a collection; it reports how many indexes it had, with _id's,
// and zero when it did not exist.
func (e *Engine) Drop(ns string) (int, error) {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	c := e.catalog.Load().Collection(ns)
	if c == nil || c.pending.Load() {
		return 0, nil
	}
	b := e.db.NewBatch()
	defer func() { _ = b.Close() }()
	if err := b.DeleteRange(c.DocPrefix(), keyenc.Successor(c.DocPrefix()), nil); err != nil {
		return 0, err
	}
	for _, ix := range c.Indexes {
		if err := dropIndex(b, ix); err != nil {
			return 0, err
		}
	}
	return len(c.Indexes) + 1, e.publish(b, ns, nil)
}
