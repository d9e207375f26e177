package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"github.com/cockroachdb/pebble/v2"
)

// Problem is one inconsistency.
type Problem struct {
	Collection string // database.collection; "" if it belongs to none
	Index      string // "" if it concerns documents only
	Document   string // the _id; an entry without a document has an encoded _id only
	Text       string
}

// Error returns the problem in one line.
func (p Problem) Error() string {
	text := p.Text
	if p.Document != "" {
		text = "document " + p.Document + ": " + text
	}
	if p.Index != "" {
		text = "index " + p.Index + ": " + text
	}
	if p.Collection != "" {
		text = p.Collection + ": " + text
	}
	return text
}

// Summary counts what was compared.
type Summary struct{ Collections, Documents, Indexes, Entries, Problems int }

// Check verifies everything and joins the problems.
func (e *Engine) Check() error {
	var all []error
	_, err := e.Verify(context.Background(), func(p Problem) { all = append(all, p) })
	return errors.Join(append(all, err)...)
}

// Verify compares every document with its index entries, in both directions, and reports each inconsistency. An error
// means that it could not continue.
func (e *Engine) Verify(ctx context.Context, report func(Problem)) (Summary, error) {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	snap := e.db.NewSnapshot()
	defer e.closeSnapshot(snap)
	c := &checker{ctx: ctx, snap: snap, report: report}
	if err := e.db.CheckLevels(nil); err != nil {
		c.addProblem(Problem{Text: "storage engine: " + err.Error()})
	}
	known := map[uint32]bool{}
	for _, coll := range e.catalog.Load().List("") {
		c.Collections++
		c.identity(known, coll.ID, e.nextID, Problem{Collection: coll.NS})
		for _, ix := range coll.Indexes {
			c.identity(known, ix.ID, e.nextID, Problem{Collection: coll.NS, Index: ix.Name})
		}
		c.collection(coll)
	}
	c.strangers(known)
	return c.Summary, ctx.Err()
}

// checker is a verification in progress.
type checker struct {
	Summary
	ctx    context.Context
	snap   *pebble.Snapshot
	report func(Problem)
}

func (c *checker) addProblem(p Problem) {
	c.Problems++
	c.report(p)
}

// identity verifies that an id is used once and won't be assigned again.
func (c *checker) identity(known map[uint32]bool, id, last uint32, p Problem) {
	if known[id] {
		p.Text = fmt.Sprintf("its id %d is used twice", id)
		c.addProblem(p)
	}
	if id > last {
		p.Text = fmt.Sprintf("its id %d has not been assigned", id)
		c.addProblem(p)
	}
	known[id] = true
}

// each iterates over a key range. Unreadable data is a problem and ends the iteration.
func (c *checker) each(lower, upper []byte, p Problem, fn func(key, value []byte)) {
	it, err := c.snap.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err == nil {
		for it.First(); it.Valid() && c.ctx.Err() == nil; it.Next() {
			fn(it.Key(), it.Value())
		}
		err = errors.Join(it.Error(), it.Close())
	}
	if err != nil {
		p.Text = "cannot be read: " + err.Error()
		c.addProblem(p)
	}
}

// collection verifies the documents and their entries. If an index has more entries than that, it searches for the
// surplus ones.
func (c *checker) collection(coll *Collection) {
	right := make([]int, len(coll.Indexes))
	prefix := coll.DocPrefix()
	c.each(prefix, keyenc.Successor(prefix), Problem{Collection: coll.NS}, func(key, doc []byte) {
		c.Documents++
		idKey := bytes.Clone(key[len(prefix):])
		id, err := identified(doc, idKey)
		if err != nil {
			c.addProblem(Problem{Collection: coll.NS, Document: id, Text: err.Error()})
			return
		}
		for i, ix := range coll.Indexes {
			right[i] += c.document(ix, doc, idKey, Problem{Collection: coll.NS, Index: ix.Name, Document: id})
		}
	})
	for i, ix := range coll.Indexes {
		c.Indexes++
		found := 0
		p := Problem{Collection: coll.NS, Index: ix.Name}
		c.each(ix.Prefix(), keyenc.Successor(ix.Prefix()), p, func(_, _ []byte) { found++ })
		c.Entries += found
		if found != right[i] {
			c.strays(coll, ix)
		}
	}
}

// identified reads a document's _id, if it can, and verifies that the document is well-formed and stored under it.
func identified(doc, idKey []byte) (string, error) {
	if err := bsonraw.Validate(doc); err != nil {
		return fmt.Sprintf("%x", idKey), err
	}
	id, ok := bsonraw.Lookup(doc, "_id")
	if !ok {
		return fmt.Sprintf("%x", idKey), errors.New("has no _id")
	}
	if !bytes.Equal(IDKey(id), idKey) {
		return id.String(), fmt.Errorf("stands under another _id, %x", idKey)
	}
	return id.String(), nil
}

// document verifies one document's entries and counts the correct ones.
func (c *checker) document(ix *Index, doc, idKey []byte, p Problem) (right int) {
	entries, mask, err := ix.entries(doc, idKey)
	if err != nil {
		p.Text = err.Error()
		c.addProblem(p)
		return 0
	}
	if mask&^ix.multikey.Load() != 0 {
		p.Text = "holds an array the index does not know of"
		c.addProblem(p)
	}
	for _, en := range entries {
		have, err := get(c.snap, en.key)
		switch {
		case err != nil:
			p.Text = "its entry cannot be read: " + err.Error()
		case have == nil:
			p.Text = fmt.Sprintf("has no entry %x", en.key)
		case !bytes.Equal(have, en.value) && ix.Unique:
			p.Text = fmt.Sprintf("its unique key belongs to another document, %x", have)
		case !bytes.Equal(have, en.value):
			p.Text = fmt.Sprintf("its entry %x is damaged", en.key)
		default:
			right++
			continue
		}
		c.addProblem(p)
	}
	return right
}

// strays reports the entries that belong to no document.
func (c *checker) strays(coll *Collection, ix *Index) {
	p := Problem{Collection: coll.NS, Index: ix.Name}
	c.each(ix.Prefix(), keyenc.Successor(ix.Prefix()), p, func(key, value []byte) {
		idKey, ok := ix.idKeyOf(key, value)
		if !ok {
			c.addProblem(Problem{Collection: coll.NS, Index: ix.Name, Text: fmt.Sprintf("entry %x is damaged", key)})
			return
		}
		doc, err := get(c.snap, coll.DocKey(idKey))
		p := Problem{Collection: coll.NS, Index: ix.Name, Document: fmt.Sprintf("%x", idKey)}
		if err != nil || doc == nil {
			p.Text = fmt.Sprintf("is not there, but has the entry %x", key)
			c.addProblem(p)
			return
		}
		id, err := identified(doc, idKey)
		if err != nil {
			return // reported already
		}
		entries, _, _ := ix.entries(doc, idKey)
		for _, en := range entries {
			if bytes.Equal(en.key, key) {
				return
			}
		}
		p.Document, p.Text = id, fmt.Sprintf("should not have the entry %x", key)
		c.addProblem(p)
	})
}

// idKeyOf is IDKeyOf for an entry that may be damaged.
func (ix *Index) idKeyOf(key, value []byte) ([]byte, bool) {
	if n, size := binary.Uvarint(value); !ix.Unique && (size != len(value) || n > uint64(len(key))) {
		return nil, false
	}
	return ix.IDKeyOf(key, value), true
}

// strangers reports documents of a collection that doesn't exist. Entries of an unknown index are harmless: a crash
// during an index build leaves them, and the index's id isn't used again.
func (c *checker) strangers(known map[uint32]bool) {
	counts := map[uint32]int{}
	var order []uint32
	c.each([]byte{'d'}, []byte{'e'}, Problem{}, func(key, _ []byte) {
		if len(key) < 5 {
			c.addProblem(Problem{Text: fmt.Sprintf("key %x is damaged", key)})
			return
		}
		id := binary.BigEndian.Uint32(key[1:])
		if !known[id] && counts[id] == 0 {
			order = append(order, id)
		}
		counts[id]++
	})
	for _, id := range order {
		c.addProblem(
			Problem{
				Text: fmt.Sprintf("%d documents belong to collection number %d, which does not exist", counts[id], id),
			},
		)
	}
}
