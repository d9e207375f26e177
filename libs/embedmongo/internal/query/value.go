// Package query gives MongoDB's meaning to filters, projections, sorts,
// updates and aggregation pipelines over raw BSON documents. It knows nothing
// of storage.
package query

import (
	"bytes"
	"cmp"
	"math"
	"strconv"
	"strings"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Compare orders two values as MongoDB does, across types; the zero Value (a
// missing field) equals null.
func Compare(a, b bsoncore.Value) int {
	ca, cb := keyenc.ClassOf(a.Type), keyenc.ClassOf(b.Type)
	if ca != cb {
		return cmp.Compare(ca, cb)
	}
	switch ca {
	case keyenc.Null, keyenc.MinKey, keyenc.MaxKey:
		return 0
	case keyenc.Number:
		return compareNumbers(a, b)
	case keyenc.String:
		return bytes.Compare(bsonraw.String(a), bsonraw.String(b))
	case keyenc.ObjectID, keyenc.Boolean:
		return bytes.Compare(a.Data, b.Data)
	case keyenc.Date:
		return cmp.Compare(a.DateTime(), b.DateTime())
	}
	return bytes.Compare(keyenc.Append(nil, a), keyenc.Append(nil, b))
}

func compareNumbers(a, b bsoncore.Value) int {
	if a.Type != bsoncore.TypeDouble && b.Type != bsoncore.TypeDouble {
		x, _ := bsonraw.Int64(a)
		y, _ := bsonraw.Int64(b)
		return cmp.Compare(x, y)
	}
	if a.Type == bsoncore.TypeDouble && b.Type == bsoncore.TypeDouble {
		return cmp.Compare(a.Double(), b.Double())
	}
	return bytes.Compare(keyenc.Append(nil, a), keyenc.Append(nil, b))
}

func isNaN(v bsoncore.Value) bool {
	return v.Type == bsoncore.TypeDouble && math.IsNaN(v.Double())
}

// SplitPath cuts a dotted path into its names.
func SplitPath(path string) []string { return strings.Split(path, ".") }

// arrayIndex reads a path name as a position in an array.
func arrayIndex(name string) (int, bool) {
	if name == "" || name[0] < '0' || name[0] > '9' || len(name) > 1 && name[0] == '0' {
		return 0, false
	}
	n, err := strconv.Atoi(name)
	return n, err == nil
}

// reached is called with a value that a path leads to. An element that the path names by its position is exact:
// operators don't look into it if it is an array.
type reached func(v bsoncore.Value, exact bool) bool

// visit calls fn with every value a path leads to, going through arrays on the
// way, until fn returns true. A path that ends early yields the zero Value. It
// reports whether fn returned true.
func visit(doc []byte, path []string, fn reached) bool {
	v, ok := bsonraw.Lookup(doc, path[0])
	if !ok {
		return fn(bsoncore.Value{}, false)
	}
	if len(path) == 1 {
		return fn(v, false)
	}
	switch v.Type {
	case bsoncore.TypeEmbeddedDocument:
		return visit(v.Data, path[1:], fn)
	case bsoncore.TypeArray:
		return visitElements(v.Data, path[1:], fn)
	}
	return fn(bsoncore.Value{}, false)
}

// visitElements is visit for the elements of an array. Elements that aren't documents have no fields, not even missing
// ones.
func visitElements(array []byte, path []string, fn reached) bool {
	position, positional := arrayIndex(path[0])
	it := bsonraw.NewIter(array)
	for i := 0; it.Next(); i++ {
		isDocument := it.Value.Type == bsoncore.TypeEmbeddedDocument
		if isDocument && visit(it.Value.Data, path, fn) {
			return true
		}
		if !positional || i != position {
			continue
		}
		met := false
		switch {
		case len(path) == 1:
			met = fn(it.Value, true)
		case isDocument:
			met = visit(it.Value.Data, path[1:], fn)
		case it.Value.Type == bsoncore.TypeArray:
			met = visitElements(it.Value.Data, path[1:], fn)
		}
		if met {
			return true
		}
	}
	return false
}

// Get follows a dotted path through documents only, as update operators do.
func Get(doc []byte, path []string) (bsoncore.Value, bool) {
	v, ok := bsonraw.Lookup(doc, path[0])
	if !ok || len(path) == 1 {
		return v, ok
	}
	switch v.Type {
	case bsoncore.TypeEmbeddedDocument, bsoncore.TypeArray:
		return Get(v.Data, path[1:])
	}
	return bsoncore.Value{}, false
}

// Exists reports whether a path leads to any value, as $exists does.
func Exists(doc []byte, path []string) bool {
	return visit(doc, path, func(v bsoncore.Value, _ bool) bool { return v.Type != 0 })
}

// Values are the values a path leads to, with arrays taken apart, as distinct wants them. A name that is a number means
// a position in an array, and never a field of its elements.
func Values(doc []byte, path string) []bsoncore.Value { return appendValues(nil, doc, SplitPath(path)) }

func appendValues(out []bsoncore.Value, container []byte, path []string) []bsoncore.Value {
	v, found := bsonraw.Lookup(container, path[0])
	switch {
	case !found:
		return out
	case len(path) == 1 && v.Type == bsoncore.TypeArray:
		return append(out, bsonraw.Elements(v.Data)...)
	case len(path) == 1:
		return append(out, v)
	case v.Type == bsoncore.TypeEmbeddedDocument:
		return appendValues(out, v.Data, path[1:])
	case v.Type != bsoncore.TypeArray:
		return out
	}
	if _, ok := arrayIndex(path[1]); ok {
		return appendValues(out, v.Data, path[1:])
	}
	for it := bsonraw.NewIter(v.Data); it.Next(); {
		if it.Value.Type == bsoncore.TypeEmbeddedDocument {
			out = appendValues(out, it.Value.Data, path[1:])
		}
	}
	return out
}
