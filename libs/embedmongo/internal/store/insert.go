package store

import (
	"bytes"
	"context"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Insert adds a document whose _id must be free. A document that is visible is a duplicate, also if another
// transaction is about to change or delete it.
func (tx *Tx) Insert(ctx context.Context, c *Collection, doc bsoncore.Document) error {
	id, _ := bsonraw.Lookup(doc, "_id")
	idKey := IDKey(id)
	key := c.DocKey(idKey)
	have, err := tx.visible(key)
	if have == nil && err == nil {
		have, err = tx.lockedValue(ctx, key)
	}
	if tx.multi && mongoerr.Is(err, mongoerr.WriteConflict) {
		if seen, failed := tx.view.Get(key); seen != nil && failed == nil {
			have, err = seen, nil
		}
	}
	if err != nil {
		return err
	}
	if have != nil {
		pattern := bsonraw.NewBuilder().Int32("_id", 1).Build()
		return duplicate(c, "_id_", pattern, bsonraw.NewBuilder().Value("_id", id).Build())
	}
	if tx.multi && tx.engine.gone.since(key, tx.began) {
		return errConflict()
	}
	return tx.write(ctx, c, idKey, nil, doc)
}

// visible reads a document that another transaction has locked, without waiting; nil if it is free or doesn't exist.
func (tx *Tx) visible(key []byte) ([]byte, error) {
	if !tx.engine.locks.heldByOther(tx, key) {
		return nil, nil
	}
	if tx.multi {
		return tx.view.Get(key)
	}
	return get(tx.engine.db, key)
}

func duplicateOf(c *Collection, key, doc []byte) error {
	for _, ix := range c.Indexes {
		if !bytes.HasPrefix(key, ix.Prefix()) {
			continue
		}
		b := bsonraw.NewBuilder()
		for i, v := range query.KeyValues(doc, ix.Keys, ix.Prefix(), key) {
			if v.Type == 0 {
				v = bsonraw.Null()
			}
			b.Value(ix.Keys[i].Path, v)
		}
		return duplicate(c, ix.Name, ix.KeyPattern(), b.Build())
	}
	return mongoerr.New(mongoerr.DuplicateKey, "E11000 duplicate key error collection: %s", c.NS)
}

func duplicate(c *Collection, index string, pattern, value bsoncore.Document) error {
	e := mongoerr.New(
		mongoerr.DuplicateKey,
		"E11000 duplicate key error collection: %s index: %s dup key: %s",
		c.NS,
		index,
		value,
	)
	e.KeyPattern, e.KeyValue = pattern, value
	return e
}
