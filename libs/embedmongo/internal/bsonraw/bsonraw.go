// Package bsonraw walks and builds BSON without decoding it. It reads only
// documents that Validate has accepted, so its walkers stop at the first
// malformed byte instead of reporting it.
package bsonraw

import (
	"encoding/binary"
	"math"

	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// MaxDocument is MongoDB's limit for one stored document.
const MaxDocument = 16 << 20

// MaxDepth is MongoDB's limit for nested documents and arrays in a document.
const MaxDepth = 100

// maxMessageDepth is its limit for a message, which wraps documents in others.
const maxMessageDepth = 200

// Iter walks the elements of a document or array.
type Iter struct {
	rest  []byte
	Key   []byte
	Value bsoncore.Value
}

// NewIter starts a walk over a document's or an array's bytes.
func NewIter(doc []byte) Iter {
	if len(doc) < 5 {
		return Iter{}
	}
	return Iter{rest: doc[4 : len(doc)-1]}
}

// Next moves to the next element; Key and Value alias the document.
func (it *Iter) Next() bool {
	if len(it.rest) < 2 {
		return false
	}
	b := it.rest[1:]
	end := 0
	for end < len(b) && b[end] != 0 {
		end++
	}
	if end == len(b) {
		return false
	}
	t := bsoncore.Type(it.rest[0])
	n := valueLen(t, b[end+1:])
	if n < 0 || n > len(b)-end-1 {
		return false
	}
	it.Key = b[:end]
	it.Value = bsoncore.Value{Type: t, Data: b[end+1 : end+1+n : end+1+n]}
	it.rest = b[end+1+n:]
	return true
}

func valueLen(t bsoncore.Type, b []byte) int {
	prefix := func(add int) int {
		if len(b) < 4 {
			return -1
		}
		n := int(int32(binary.LittleEndian.Uint32(b)))
		if n < 0 {
			return -1
		}
		return n + add
	}
	switch t {
	case bsoncore.TypeDouble, bsoncore.TypeInt64, bsoncore.TypeDateTime, bsoncore.TypeTimestamp:
		return 8
	case bsoncore.TypeInt32:
		return 4
	case bsoncore.TypeBoolean:
		return 1
	case bsoncore.TypeNull, bsoncore.TypeUndefined, bsoncore.TypeMinKey, bsoncore.TypeMaxKey:
		return 0
	case bsoncore.TypeString, bsoncore.TypeJavaScript, bsoncore.TypeSymbol:
		return prefix(4)
	case bsoncore.TypeEmbeddedDocument, bsoncore.TypeArray, bsoncore.TypeCodeWithScope:
		return prefix(0)
	case bsoncore.TypeBinary:
		return prefix(5)
	case bsoncore.TypeObjectID:
		return 12
	case bsoncore.TypeDecimal128:
		return 16
	case bsoncore.TypeRegex:
		zeros := 0
		for i, c := range b {
			if c == 0 {
				if zeros++; zeros == 2 {
					return i + 1
				}
			}
		}
	}
	return -1
}

// Lookup finds one element of a document by its exact name.
func Lookup(doc []byte, name string) (bsoncore.Value, bool) {
	it := NewIter(doc)
	for it.Next() {
		if string(it.Key) == name {
			return it.Value, true
		}
	}
	return bsoncore.Value{}, false
}

// Validate checks the structure of an untrusted document: lengths, nesting,
// string terminators, and types this server can order and store.
func Validate(doc []byte) error { return validate(doc, 1) }

func validate(doc []byte, depth int) error {
	malformed := mongoerr.New(mongoerr.FailedToParse, "malformed BSON document")
	if depth > maxMessageDepth {
		return mongoerr.New(mongoerr.Overflow, "BSONObj exceeds maximum nested object depth: %d", maxMessageDepth)
	}
	if len(doc) < 5 || int(int32(binary.LittleEndian.Uint32(doc))) != len(doc) || doc[len(doc)-1] != 0 {
		return malformed
	}
	it := NewIter(doc)
	for it.Next() {
		d := it.Value.Data
		switch it.Value.Type {
		case bsoncore.TypeEmbeddedDocument, bsoncore.TypeArray:
			if err := validate(d, depth+1); err != nil {
				return err
			}
		case bsoncore.TypeString, bsoncore.TypeJavaScript, bsoncore.TypeSymbol:
			if len(d) < 5 || d[len(d)-1] != 0 {
				return malformed
			}
		case bsoncore.TypeBoolean:
			if d[0] > 1 {
				return malformed
			}
		case bsoncore.TypeBinary:
			// The old subtype 2 repeats the length inside.
			if d[4] == 2 && (len(d) < 9 || int(binary.LittleEndian.Uint32(d[5:])) != len(d)-9) {
				return malformed
			}
		case bsoncore.TypeDecimal128, bsoncore.TypeCodeWithScope, bsoncore.TypeUndefined:
			return mongoerr.New(
				mongoerr.NotImplemented,
				"BSON type %s of field '%s' is not supported",
				it.Value.Type,
				it.Key,
			)
		}
	}
	if len(it.rest) != 0 {
		return malformed
	}
	return nil
}

// Depth is the number of levels a value of documents and arrays is nested.
func Depth(v bsoncore.Value) int {
	if v.Type != bsoncore.TypeEmbeddedDocument && v.Type != bsoncore.TypeArray {
		return 0
	}
	deepest := 0
	for it := NewIter(v.Data); it.Next(); {
		deepest = max(deepest, Depth(it.Value))
	}
	return deepest + 1
}

// String is the text of a string value without its length and terminator.
func String(v bsoncore.Value) []byte { return v.Data[4 : len(v.Data)-1] }

// Int64 is the number an int32, int64 or whole double holds.
func Int64(v bsoncore.Value) (int64, bool) {
	switch v.Type {
	case bsoncore.TypeInt32:
		return int64(v.Int32()), true
	case bsoncore.TypeInt64:
		return v.Int64(), true
	case bsoncore.TypeDouble:
		if d := v.Double(); d == float64(int64(d)) && d < 1<<63 && d >= -1<<63 {
			return int64(d), true
		}
	}
	return 0, false
}

// Truncated is the number an int32, int64 or double holds, without its fraction. NaN and what doesn't fit have none.
func Truncated(v bsoncore.Value) (int64, bool) {
	if v.Type == bsoncore.TypeDouble {
		v = DoubleValue(math.Trunc(v.Double()))
	}
	return Int64(v)
}

// Float is the number a numeric value holds.
func Float(v bsoncore.Value) (float64, bool) {
	switch v.Type {
	case bsoncore.TypeInt32:
		return float64(v.Int32()), true
	case bsoncore.TypeInt64:
		return float64(v.Int64()), true
	case bsoncore.TypeDouble:
		return v.Double(), true
	}
	return 0, false
}

// Truthy is MongoDB's reading of a flag: every value but false, zero and null.
func Truthy(v bsoncore.Value) bool {
	switch v.Type {
	case bsoncore.TypeBoolean:
		return v.Boolean()
	case bsoncore.TypeNull, 0:
		return false
	}
	f, ok := Float(v)
	return !ok || f != 0
}
