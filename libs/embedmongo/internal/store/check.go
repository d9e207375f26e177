package store

import (
	"bytes"
	"fmt"

	"fivechat.dev/libs/embedmongo/internal/keyenc"
)

// Check compares every document with its index entries, both ways, and
// reports the first disagreement.
func (e *Engine) Check() error {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	for _, c := range e.catalog.Load().List("") {
		for _, ix := range c.Indexes {
			if err := e.checkIndex(c, ix); err != nil {
				return fmt.Errorf("%s: index %s: %w", c.NS, ix.Name, err)
			}
		}
	}
	return nil
}

func (e *Engine) checkIndex(c *Collection, ix *Index) error {
	wanted, found := 0, 0
	prefix := c.DocPrefix()
	err := e.each(prefix, keyenc.Successor(prefix), func(key, doc []byte) error {
		idKey := bytes.Clone(key[len(prefix):])
		entries, mask, err := ix.entries(doc, idKey)
		if err != nil {
			return err
		}
		if mask&^ix.multikey.Load() != 0 {
			return fmt.Errorf("document %x holds an array the index does not know of", idKey)
		}
		for _, en := range entries {
			wanted++
			have, err := get(e.db, en.key)
			if err != nil {
				return err
			}
			if !bytes.Equal(have, en.value) {
				return fmt.Errorf("document %x has no entry %x", idKey, en.key)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = e.each(ix.Prefix(), keyenc.Successor(ix.Prefix()), func(key, value []byte) error {
		found++
		doc, err := get(e.db, c.DocKey(ix.IDKeyOf(key, value)))
		if err == nil && doc == nil {
			err = fmt.Errorf("entry %x leads to no document", key)
		}
		return err
	})
	if err == nil && wanted != found {
		err = fmt.Errorf("%d entries, want %d", found, wanted)
	}
	return err
}
