// Package query gives MongoDB's meaning to filters, projections, sorts,
// updates and aggregation pipelines over raw BSON documents. It knows nothing
// of storage.
package query

import (
	"bytes"
	"cmp"
	"math"
	"slices"
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

// visit calls fn with every value a path leads to, going through arrays on the
// way, until fn returns true. A path that ends early yields the zero Value. It
// reports whether fn returned true.
func visit(doc []byte, path []string, fn func(bsoncore.Value) bool) bool {
	v, ok := bsonraw.Lookup(doc, path[0])
	if !ok {
		return fn(bsoncore.Value{})
	}
	if len(path) == 1 {
		return fn(v)
	}
	return visitValue(v, path[1:], fn)
}

func visitValue(v bsoncore.Value, path []string, fn func(bsoncore.Value) bool) bool {
	switch v.Type {
	case bsoncore.TypeEmbeddedDocument:
		return visit(v.Data, path, fn)
	case bsoncore.TypeArray:
		position, positional := arrayIndex(path[0])
		it := bsonraw.NewIter(v.Data)
		for i := 0; it.Next(); i++ {
			if positional && i == position {
				if len(path) == 1 {
					if fn(it.Value) {
						return true
					}
				} else if visitValue(it.Value, path[1:], fn) {
					return true
				}
			}
			if it.Value.Type == bsoncore.TypeEmbeddedDocument && visit(it.Value.Data, path, fn) {
				return true
			}
		}
		return false
	}
	return fn(bsoncore.Value{})
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

// SortValues are the encodings of the distinct values a sort field has in a
// document. A missing field is null; an empty array has a value of its own.
func SortValues(doc []byte, path []string) (keys [][]byte) {
	var seen map[string]bool // once there are many
	add := func(k []byte) {
		if seen == nil && len(keys) == 16 {
			seen = map[string]bool{}
			for _, have := range keys {
				seen[string(have)] = true
			}
		}
		if seen[string(k)] ||
			seen == nil && slices.ContainsFunc(keys, func(have []byte) bool { return bytes.Equal(have, k) }) {
			return
		}
		if seen != nil {
			seen[string(k)] = true
		}
		keys = append(keys, k)
	}
	leaf := func(v bsoncore.Value) {
		if v.Type != bsoncore.TypeArray {
			add(keyenc.Append(nil, v))
			return
		}
		it, n := bsonraw.NewIter(v.Data), 0
		for ; it.Next(); n++ {
			add(keyenc.Append(nil, it.Value))
		}
		if n == 0 {
			add([]byte{byte(keyenc.EmptyArray)})
		}
	}
	var walk func(v bsoncore.Value, path []string)
	walk = func(v bsoncore.Value, path []string) {
		switch {
		case len(path) == 0:
			leaf(v)
		case v.Type == bsoncore.TypeEmbeddedDocument:
			child, _ := bsonraw.Lookup(v.Data, path[0])
			walk(child, path[1:])
		case v.Type == bsoncore.TypeArray:
			if _, ok := arrayIndex(path[0]); ok {
				element, _ := bsonraw.Lookup(v.Data, path[0])
				walk(element, path[1:])
				return
			}
			it, n := bsonraw.NewIter(v.Data), 0
			for ; it.Next(); n++ {
				if it.Value.Type == bsoncore.TypeEmbeddedDocument {
					walk(it.Value, path)
				} else {
					add([]byte{byte(keyenc.Null)})
				}
			}
			if n == 0 {
				add([]byte{byte(keyenc.EmptyArray)})
			}
		default:
			add([]byte{byte(keyenc.Null)})
		}
	}
	walk(bsonraw.DocValue(doc), path)
	return keys
}

// Exists reports whether a path leads to any value, as $exists does.
func Exists(doc []byte, path []string) bool {
	return visit(doc, path, func(v bsoncore.Value) bool { return v.Type != 0 })
}

// Values are the values a path leads to, with arrays taken apart, as distinct
// wants them.
func Values(doc []byte, path string) []bsoncore.Value {
	var out []bsoncore.Value
	visit(doc, SplitPath(path), func(v bsoncore.Value) bool {
		if v.Type == bsoncore.TypeArray {
			out = append(out, bsonraw.Elements(v.Data)...)
		} else if v.Type != 0 {
			out = append(out, v)
		}
		return false
	})
	return out
}
