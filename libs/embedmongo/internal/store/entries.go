package store

import (
	"bytes"
	"encoding/binary"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
)

type entry struct{ key, value []byte }

// entries are the index entries of a document, and which fields held arrays.
func (ix *Index) entries(doc, idKey []byte) ([]entry, uint32, error) {
	if ix.Partial != nil && !ix.Partial.Match(doc) || ix.Sparse && !ix.anyField(doc) {
		return nil, 0, nil
	}
	keys := [][]byte{ix.Prefix()}
	mask, multi := uint32(0), ""
	for i, k := range ix.Keys {
		values, isArray := query.IndexValues(doc, k.Parts)
		if isArray {
			mask |= 1 << i
			if multi != "" {
				return nil, 0, mongoerr.New(mongoerr.ParallelArrays, "cannot index parallel arrays [%s] [%s]", k.Path, multi)
			}
			multi = k.Path
		}
		if k.Descending {
			for _, v := range values {
				keyenc.Invert(v)
			}
		}
		if len(values) == 1 {
			for j := range keys {
				keys[j] = append(keys[j], values[0]...)
			}
			continue
		}
		next := make([][]byte, 0, len(keys)*len(values))
		for _, key := range keys {
			for _, v := range values {
				next = append(next, append(append(make([]byte, 0, len(key)+len(v)+32), key...), v...))
			}
		}
		keys = next
	}
	out := make([]entry, len(keys))
	for i, key := range keys {
		if ix.Unique {
			out[i] = entry{key, idKey}
			continue
		}
		out[i] = entry{append(key, idKey...), binary.AppendUvarint(nil, uint64(len(key)))}
	}
	return out, mask, nil
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

func without(a, b []entry) []entry {
	var out []entry
	for _, x := range a {
		found := false
		for _, y := range b {
			if bytes.Equal(x.key, y.key) {
				found = true
				break
			}
		}
		if !found {
			out = append(out, x)
		}
	}
	return out
}
