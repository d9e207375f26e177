package query

import (
	"bytes"
	"slices"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Keys returns the distinct keys that a document has in the order of some fields, each after prefix: one, or several if
// a field leads through an array. mask has a bit for each field that does. Fields that lead through different arrays
// have no keys together (171), nor has a position if it is also the name of a field (16746), or if another field leads
// through all elements of its array (238).
func Keys(doc []byte, order []SortKey, prefix []byte) (keys [][]byte, mask uint32, err error) {
	x := expansion{order: order, prefix: prefix}
	err = x.expand(start(doc, order))
	return x.keys, x.mask, err
}

// KeyValues returns the values of which Keys made one of a document's keys.
func KeyValues(doc []byte, order []SortKey, prefix, key []byte) []bsoncore.Value {
	x := expansion{order: order, prefix: prefix, wanted: key}
	_ = x.expand(start(doc, order)) // Keys has returned its error
	return x.values
}

// field is how far one field of a key has been followed into a
// document: the value reached and the path left below it.
type field struct {
	value bsoncore.Value
	rest  []string
	done  bool
}

// emptyArray is the value of a field whose array has no elements. MongoDB's name of it is undefined.
var emptyArray = bsoncore.Value{Type: bsoncore.TypeUndefined}

func start(doc []byte, order []SortKey) []field {
	fields := make([]field, len(order))
	for i, k := range order {
		fields[i] = field{value: bsonraw.DocValue(doc), rest: k.Parts}
	}
	return fields
}

// expansion collects the distinct keys of a document, or the values of one of them.
type expansion struct {
	order  []SortKey
	prefix []byte
	keys   [][]byte
	seen   map[string]bool // once there are several
	mask   uint32

	wanted []byte
	values []bsoncore.Value
}

// expand follows the fields to their values. The first array on the way is
// taken apart, for all fields that lead through it at once; fields that lead
// through another array cannot be in one key with it.
func (x *expansion) expand(fields []field) error {
	var array []byte
	first, open, positions := 0, 0, 0
	for i := range fields {
		f := &fields[i]
		f.descend()
		if f.done {
			continue
		}
		open++
		if _, ok := f.position(); ok {
			positions++
		}
		if array == nil {
			array, first = f.value.Data, i
		} else if &array[0] != &f.value.Data[0] {
			return mongoerr.New(mongoerr.ParallelArrays, "cannot index parallel arrays [%s] [%s]",
				x.order[i].Path, x.order[first].Path)
		}
		x.mask |= 1 << i
	}
	if array == nil {
		x.add(fields)
		return nil
	}
	if positions > 0 {
		return x.expandPositions(fields, open-positions)
	}
	elements := bsonraw.NewIter(array)
	for n := 0; ; n++ {
		more := elements.Next()
		if !more && n > 0 {
			return nil
		}
		next := slices.Clone(fields)
		for i := range next {
			if next[i].done {
				continue
			}
			if more {
				next[i].enter(elements.Value)
			} else {
				next[i].enter(emptyArray)
			}
		}
		if err := x.expand(next); err != nil || !more {
			return err
		}
	}
}

// expandPositions is expand for fields that lead to positions in an array.
func (x *expansion) expandPositions(fields []field, others int) error {
	if others > 0 {
		return mongoerr.New(mongoerr.NotImplemented, "an order of a position in an array and of all its elements")
	}
	next := slices.Clone(fields)
	for i := range next {
		f := &next[i]
		if f.done {
			continue
		}
		for it := bsonraw.NewIter(f.value.Data); it.Next(); {
			if it.Value.Type != bsoncore.TypeEmbeddedDocument {
				continue
			}
			if _, ambiguous := bsonraw.Lookup(it.Value.Data, f.rest[0]); ambiguous {
				return mongoerr.New(16746, "Ambiguous field name found in array, field: '%s'", f.rest[0])
			}
		}
		f.value, _ = f.position()
		f.rest = f.rest[1:]
		if f.value.Type == bsoncore.TypeArray && len(f.rest) == 0 { // an array that a position leads to is a value
			if f.done = true; len(f.value.Data) == 5 {
				f.value = emptyArray
			}
		}
	}
	return x.expand(next)
}

// position returns the element of the array that the field leads to by a position.
func (f *field) position() (bsoncore.Value, bool) {
	if len(f.rest) == 0 {
		return bsoncore.Value{}, false
	}
	if _, ok := arrayIndex(f.rest[0]); !ok {
		return bsoncore.Value{}, false
	}
	return bsonraw.Lookup(f.value.Data, f.rest[0])
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
func (f *field) enter(element bsoncore.Value) {
	f.value, f.done = element, len(f.rest) == 0
	if !f.done && element.Type != bsoncore.TypeEmbeddedDocument {
		f.value, f.done = bsoncore.Value{}, true
	}
}

func (x *expansion) add(fields []field) {
	size := len(x.prefix) + 16 // an index adds an _id
	for _, f := range fields {
		size += len(f.value.Data) + 10
	}
	key := append(make([]byte, 0, size), x.prefix...)
	for i, f := range fields {
		if f.value.Type != bsoncore.TypeUndefined {
			key = keyenc.AppendField(key, f.value, x.order[i].Descending)
			continue
		}
		from := len(key)
		if key = append(key, byte(keyenc.EmptyArray)); x.order[i].Descending {
			keyenc.Invert(key[from:])
		}
	}
	if x.wanted != nil {
		if bytes.Equal(key, x.wanted) && x.values == nil {
			for _, f := range fields {
				x.values = append(x.values, f.value)
			}
		}
		return
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
