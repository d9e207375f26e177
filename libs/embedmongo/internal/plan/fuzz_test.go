package plan

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"testing"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/bsontest"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// walk returns the ids, in order, that a query finds by the plan that Make chooses.
func walk(t *testing.T, e *store.Engine, c *store.Collection, q Query) []string {
	t.Helper()
	v := e.View()
	defer v.Close()
	p, err := Make(c, q)
	if err != nil {
		t.Fatal(err)
	}
	cur := p.Open(v)
	defer cur.Close()
	var found []string
	for {
		doc, err := cur.Next(context.Background())
		if err != nil || doc == nil {
			return found // a sort may refuse two arrays
		}
		id, _ := bsonraw.Lookup(doc, "_id")
		found = append(found, string(store.IDKey(id)))
	}
}

// FuzzIndex: an index on any documents has the documents that a walk over the whole collection finds, whatever the
// filter, also after the documents have changed.
func FuzzIndex(f *testing.F) {
	for _, seed := range [][]string{
		{`{"a":1}`, `{"a":{"$all":[1,null]}}`, `{"a":[1,2]}`, `{"a":[1,null]}`},
		{`{"a.b":1,"a.c":-1}`, `{"a.b":{"$gt":1},"a.c":null}`, `{"a":[{"b":[]},"A"]}`, `{"a":[{"b":2},[]]}`},
		{`{"a":-1,"b":1}`, `{"a":{"$in":[1,"x"]},"b":{"$lte":5}}`, `{"a":1,"b":[4,6]}`, `{"a":"x"}`},
		{`{"a":1}`, `{"a":{"$gte":{"$minKey":1}}}`, `{"a":{"$numberDouble":"NaN"}}`, `{}`},
		{`{"a":1}`, `{"$or":[{"a":{"$lt":5}},{"a":5,"b":1}]}`, `{"a":5,"b":1}`, `{"a":[]}`},
		{`{"a":1}`, `{"a":{"$elemMatch":{"$gt":1,"$lt":3}}}`, `{"a":[2]}`, `{"a":[[2]]}`},
	} {
		f.Add([]byte(seed[0]), byte(0), []byte(seed[1]), []byte(seed[2]), []byte(seed[3]))
		f.Add([]byte(seed[0]), byte(3), []byte(seed[1]), []byte(seed[2]), []byte(seed[3]))
	}
	e, err := store.Open("", slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	f.Fuzz(func(t *testing.T, keys []byte, options byte, filter, one, two []byte) {
		spec := bsontest.Document(filter)
		if spec == nil {
			return
		}
		compiled, err := query.ParseFilter(spec)
		if err != nil {
			return
		}
		c := indexed(t, e, keys, options, one, two)
		if c == nil {
			return
		}
		defer func() { _, _ = e.Drop(c.NS) }()
		natural := bsonraw.DocValue(bsonraw.NewBuilder().Int32("$natural", 1).Build())
		want := walk(t, e, c, Query{Filter: compiled, Hint: natural})
		for name, q := range map[string]Query{
			"found": {Filter: compiled}, "counted": {Filter: compiled, CountOnly: true},
		} {
			got := walk(t, e, c, q)
			if slices.Sort(got); name == "counted" && len(got) != len(want) || name == "found" && !slices.Equal(got, want) {
				t.Errorf("%s by %s with index %s: %d documents, want %d", name, spec, keys, len(got), len(want))
			}
		}
		walk(t, e, c, Query{Filter: compiled, Sort: c.Indexes[0].Keys})
		walk(t, e, c, Query{Filter: compiled, Hint: hintOf("i")})
	})
}

func hintOf(name string) bsoncore.Value {
	v, _ := bsonraw.Lookup(bsonraw.NewBuilder().String("hint", name).Build(), "hint")
	return v
}

// indexed makes a collection with an index and some documents, of which the second has changed to the first; nil if the
// index is refused. Bits of options make the index sparse and unique.
func indexed(t *testing.T, e *store.Engine, keys []byte, options byte, docs ...[]byte) *store.Collection {
	t.Helper()
	key := bsontest.Document(keys)
	if key == nil {
		return nil
	}
	spec := bsonraw.NewBuilder().Doc("key", key).String("name", "i").
		Bool("sparse", options&1 != 0).Bool("unique", options&2 != 0)
	ix, err := store.ParseIndex(spec.Build())
	if err != nil || ix.OnID() {
		return nil
	}
	const ns = "test.c"
	if _, _, err := e.CreateIndexes(ns, []*store.Index{ix}); err != nil {
		t.Fatal(err)
	}
	c := e.Catalog().Collection(ns)
	id := 0
	put := func(data []byte) {
		doc := withNumber(bsontest.Document(data), id)
		id++
		if doc == nil {
			return
		}
		tx := e.Single()
		defer tx.Abort()
		if tx.Insert(t.Context(), c, doc) == nil {
			_ = tx.Commit()
		}
	}
	for _, doc := range docs {
		put(doc)
	}
	for n, doc := range docs { // replace each document by the next
		replace(t, e, c, withNumber(bsontest.Document(docs[(n+1)%len(docs)]), n))
		put(doc)
	}
	return c
}

func replace(t *testing.T, e *store.Engine, c *store.Collection, next bsoncore.Document) {
	t.Helper()
	id, ok := bsonraw.Lookup(next, "_id")
	if !ok {
		return
	}
	tx := e.Single()
	defer tx.Abort()
	old, err := tx.LockDocument(t.Context(), c, store.IDKey(id))
	if err != nil || old == nil {
		return
	}
	if tx.Replace(t.Context(), c, store.IDKey(id), old, next) == nil {
		_ = tx.Commit()
	}
}

// withNumber gives a document a number as its _id.
func withNumber(doc bsoncore.Document, n int) bsoncore.Document {
	if doc == nil {
		return nil
	}
	b := bsonraw.NewBuilder().String("_id", strconv.Itoa(n))
	for it := bsonraw.NewIter(doc); it.Next(); {
		if string(it.Key) != "_id" {
			b.Value(string(it.Key), it.Value)
		}
	}
	return b.Build()
}
