// Package store keeps documents and their index entries in one ordered
// key-value engine. A document and all its index entries change in one atomic
// batch; readers see engine snapshots; writers lock documents and unique keys.
//
// The key space, by first byte:
//
//	c namespace                    collection: its id and index specifications
//	d collection id, _id           document
//	i index id, fields [, _id]     index entry; a unique index has no _id here
//	m index id, field position     marks a field that has held an array
//	n                              next free id
//	p                              when a purge is due (see purge.go)
//	r session, statement           result of a retryable write
package store

import (
	"encoding/binary"

	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

var nextIDKey = []byte("n")

func withID32(kind byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, 64), kind), id)
}

// docKind is the first byte of a document's key.
const docKind = 'd'

// DocPrefix starts the keys of a collection's documents.
func (c *Collection) DocPrefix() []byte { return withID32(docKind, c.ID) }

// DocKey is the key of the document with an encoded _id.
func (c *Collection) DocKey(idKey []byte) []byte { return append(c.DocPrefix(), idKey...) }

// Prefix starts the keys of an index's entries.
func (ix *Index) Prefix() []byte { return withID32('i', ix.ID) }

// IDKey encodes an _id.
func IDKey(id bsoncore.Value) []byte { return keyenc.Append(nil, id) }

// IDKeyOf finds the encoded _id an index entry leads to.
func (ix *Index) IDKeyOf(key, value []byte) []byte {
	if ix.Unique {
		return value
	}
	n, _ := binary.Uvarint(value)
	return key[n:]
}

func catalogKey(ns string) []byte { return append([]byte{'c'}, ns...) }

func multikeyKey(index uint32, field int) []byte { return append(withID32('m', index), byte(field)) }

// ResultKey is the key of the recorded result of one statement of a session.
func ResultKey(session []byte, statement uint32) []byte {
	return binary.BigEndian.AppendUint32(append([]byte{'r'}, session...), statement)
}
