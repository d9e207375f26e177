package store

import (
	"bytes"
	"encoding/binary"
	"slices"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

type entry struct{ key, value []byte }

// entries are the index entries of a document, and which fields held arrays.
func (ix *Index) entries(doc, idKey []byte) ([]entry, uint32, error) {
	if ix.Partial != nil && !ix.Partial.Match(doc) || ix.Sparse && !ix.anyField(doc) {
		return nil, 0, nil
	}
	x := expansion{index: ix, fields: make([]field, len(ix.Keys))}
	for i, k := range ix.Keys {
		x.fields[i] = field{value: bsonraw.DocValue(doc), rest: k.Parts}
	}
	if err := x.expand(x.fields); err != nil {
		return nil, 0, err
	}
	out := make([]entry, len(x.keys))
	for i, key := range x.keys {
		if ix.Unique {
			out[i] = entry{key, idKey}
			continue
		}
		out[i] = entry{append(key, idKey...), binary.AppendUvarint(nil, uint64(len(key)))}
	}
	return out, x.mask, nil
}

// field is how far one field of an index key has been followed into a
// document: the value reached and the path left below it.
type field struct {
	value bsoncore.Value
	rest  []string
	empty bool // an array without elements was met
	done  bool
}

// expansion collects the distinct keys of a document in an index.
type expansion struct {
	index  *Index
	fields []field
	keys   [][]byte
	seen   map[string]bool // once there are several
	mask   uint32          // the fields that went through an array
}

// expand follows the fields to their values. The first array on the way is
// taken apart, for all fields that lead through it at once; fields that lead
// through another array cannot be indexed together with it.
func (x *expansion) expand(fields []field) error {
	var array []byte
	first := 0
	for i := range fields {
		f := &fields[i]
		f.descend()
		if f.done {
			continue
		}
		if array == nil {
			array, first = f.value.Data, i
		} else if &array[0] != &f.value.Data[0] {
			keys := x.index.Keys
			return mongoerr.New(mongoerr.ParallelArrays, "cannot index parallel arrays [%s] [%s]",
				keys[i].Path, keys[first].Path)
		}
		x.mask |= 1 << i
	}
	if array == nil {
		x.add(fields)
		return nil
	}
	elements := bsonraw.NewIter(array)
	for n := 0; ; n++ {
		more := elements.Next()
		if !more && n > 0 {
			return nil
		}
		next := slices.Clone(fields)
		for i := range next {
			if !next[i].done {
				next[i].enter(elements.Value, !more)
			}
		}
		if err := x.expand(next); err != nil || !more {
			return err
		}
	}
}

// descend goes down through documents, to a value or to an array.
func (f *field) descend() {
	for !f.done && f.value.Type != bsoncore.TypeArray {
		if f.done = len(f.rest) == 0; f.done {
			return
		}
		child := bsoncore.Value{}
		if f.value.Type == bsoncore.TypeEmbeddedDocument {
			child, _ = bsonraw.Lookup(f.value.Data, f.rest[0])
		}
		f.value, f.rest = child, f.rest[1:]
	}
}

// enter goes to one element of the array the field has reached. An array inside
// an array is a value, and has no fields.
func (f *field) enter(element bsoncore.Value, empty bool) {
	f.value, f.empty = element, empty
	if len(f.rest) > 0 && element.Type != bsoncore.TypeEmbeddedDocument {
		f.value = bsoncore.Value{}
	}
	f.done = len(f.rest) == 0 || empty || f.value.Type == 0
}

func (x *expansion) add(fields []field) {
	key := x.index.Prefix()
	for i, f := range fields {
		if !f.empty {
			key = keyenc.AppendField(key, f.value, x.index.Keys[i].Descending)
			continue
		}
		start := len(key)
		if key = append(key, byte(keyenc.EmptyArray)); x.index.Keys[i].Descending {
			keyenc.Invert(key[start:])
		}
	}
	if len(x.keys) > 0 {
		if x.seen == nil {
			x.seen = map[string]bool{string(x.keys[0]): true}
		}
		if x.seen[string(key)] {
			return
		}
		x.seen[string(key)] = true
	}
	x.keys = append(x.keys, key)
}

func (ix *Index) anyField(doc []byte) bool {
	for _, k := range ix.Keys {
		if query.Exists(doc, k.Parts) {
			return true
		}
	}
	return false
}

// touchedBy reports whether an index can have different entries for two
// versions of a document. A partial filter may read any field.
func (ix *Index) touchedBy(old, doc []byte) bool {
	if ix.Partial != nil {
		return true
	}
	for _, k := range ix.Keys {
		a, aok := bsonraw.Lookup(old, k.Parts[0])
		b, bok := bsonraw.Lookup(doc, k.Parts[0])
		if aok != bok || a.Type != b.Type || !bytes.Equal(a.Data, b.Data) {
			return true
		}
	}
	return false
}

// without are the entries of a whose keys are not among those of b.
func without(a, b []entry) []entry {
	known := make(map[string]bool, len(b))
	for _, y := range b {
		known[string(y.key)] = true
	}
	var out []entry
	for _, x := range a {
		if !known[string(x.key)] {
			out = append(out, x)
		}
	}
	return out
}
