package query

import (
	"bytes"
	"slices"
	"sort"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// maxSortBytes is MongoDB's limit for a blocking sort.
const maxSortBytes = 100 << 20

// SortKey is one field of a sort or of an index key pattern.
type SortKey struct {
	Path       string
	Parts      []string
	Descending bool
}

// ParseSort reads a sort document.
func ParseSort(doc []byte) ([]SortKey, error) {
	var keys []SortKey
	it := bsonraw.NewIter(doc)
	for it.Next() {
		n, ok := bsonraw.Truncated(it.Value)
		if !ok || n != 1 && n != -1 {
			return nil, mongoerr.New(
				mongoerr.BadValue,
				"$sort key ordering must be 1 (for ascending) or -1 (for descending)",
			)
		}
		path := string(it.Key)
		if path == "" || path[0] == '$' {
			return nil, mongoerr.New(mongoerr.BadValue, "invalid sort field '%s'", path)
		}
		keys = append(keys, SortKey{Path: path, Parts: SplitPath(path), Descending: n == -1})
	}
	if len(keys) > 32 {
		return nil, mongoerr.New(mongoerr.BadValue, "too many compound keys")
	}
	return keys, nil
}

type sortItem struct {
	key []byte
	doc bsoncore.Document
}

// Sorter sorts documents in memory. With a limit it keeps little more than
// that many.
type Sorter struct {
	keys  []SortKey
	limit int
	items []sortItem
	bytes int
}

// NewSorter makes a sorter; limit 0 keeps everything.
func NewSorter(keys []SortKey, limit int) *Sorter { return &Sorter{keys: keys, limit: limit} }

// Add takes one document, which must not change afterwards.
func (s *Sorter) Add(doc bsoncore.Document) error {
	key, err := sortKey(doc, s.keys)
	if err != nil {
		return err
	}
	s.items = append(s.items, sortItem{key, doc})
	s.bytes += len(key) + len(doc)
	if s.limit > 0 && len(s.items) >= 2*s.limit+64 {
		s.trim()
	}
	if s.bytes > maxSortBytes {
		return mongoerr.New(mongoerr.SortMemoryExceeded,
			"Sort exceeded memory limit of %d bytes, but did not opt in to external sorting.", maxSortBytes)
	}
	return nil
}

func (s *Sorter) trim() {
	sort.SliceStable(s.items, func(i, j int) bool { return bytes.Compare(s.items[i].key, s.items[j].key) < 0 })
	if s.limit > 0 && len(s.items) > s.limit {
		clear(s.items[s.limit:])
		s.items = s.items[:s.limit]
	}
	s.bytes = 0
	for _, it := range s.items {
		s.bytes += len(it.key) + len(it.doc)
	}
}

// Sorted ends the sort and returns the documents in order.
func (s *Sorter) Sorted() []bsoncore.Document {
	s.trim()
	out := make([]bsoncore.Document, len(s.items))
	for i, it := range s.items {
		out[i] = it.doc
	}
	return out
}

// sortKey is a document's place in the order: the least of its keys.
func sortKey(doc []byte, order []SortKey) ([]byte, error) {
	keys, _, err := Keys(doc, order, nil)
	if mongoerr.Is(err, mongoerr.ParallelArrays) {
		err = mongoerr.New(mongoerr.BadValue, "cannot sort with keys that are parallel arrays")
	}
	if err != nil {
		return nil, err
	}
	return slices.MinFunc(keys, bytes.Compare), nil
}
