package store

import (
	"bytes"
	"encoding/binary"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/query"
)

type entry struct{ key, value []byte }

// entries are the index entries of a document, and which fields held arrays.
func (ix *Index) entries(doc, idKey []byte) ([]entry, uint32, error) {
	if ix.Partial != nil && !ix.Partial.Match(doc) || ix.Sparse && !ix.anyField(doc) {
		return nil, 0, nil
	}
	keys, mask, err := query.Keys(doc, ix.Keys, ix.Prefix())
	if err != nil {
		return nil, 0, err
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
