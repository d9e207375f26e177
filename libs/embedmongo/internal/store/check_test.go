package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func raw(t *testing.T, doc bson.D) []byte {
	t.Helper()
	b, err := bson.Marshal(doc)
	ok(t, err)
	return b
}

func insert(e *Engine, doc []byte) error {
	tx := e.Single()
	defer tx.Abort()
	c, err := tx.UseCollection("shop.books")
	if err != nil {
		return err
	}
	if err := tx.Insert(context.Background(), c, doc); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return e.Sync()
}

// bookStore returns an engine with three books under a multikey and a unique index.
func bookStore(t *testing.T) (*Engine, *Collection) {
	t.Helper()
	e, err := Open("", slog.Default())
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	var indexes []*Index
	for _, spec := range []bson.D{
		{{Key: "key", Value: bson.D{{Key: "tags", Value: 1}}}, {Key: "name", Value: "tags"}},
		{
			{Key: "key", Value: bson.D{{Key: "isbn", Value: 1}}},
			{Key: "name", Value: "isbn"},
			{Key: "unique", Value: true},
		},
	} {
		ix, err := ParseIndex(raw(t, spec))
		ok(t, err)
		indexes = append(indexes, ix)
	}
	_, _, err = e.CreateIndexes("shop.books", indexes)
	ok(t, err)
	for i := range 3 {
		ok(t, insert(e, raw(t, book(i))))
	}
	return e, e.Catalog().Collection("shop.books")
}

func book(i int) bson.D {
	return bson.D{
		{Key: "_id", Value: i},
		{Key: "isbn", Value: fmt.Sprint("isbn", i)},
		{Key: "tags", Value: bson.A{"x", i}},
	}
}

func valueOf(v bson.RawValue) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	// The key and the entries of book 1, and of the book that is not there.
	type parts struct {
		e            *Engine
		c            *Collection
		doc          []byte
		tags, isbn   []entry
		other, ghost []byte
	}
	const books = "shop.books: "
	for name, c := range map[string]struct {
		damage func(p parts) error
		want   []string
	}{
		"nothing": {func(parts) error { return nil }, nil},
		"missing entry": {
			func(p parts) error { return p.e.db.Delete(p.tags[0].key, pebble.NoSync) },
			[]string{books + `index tags: document {"$numberInt":"1"}: has no entry`},
		},
		"damaged entry": {
			func(p parts) error { return p.e.db.Set(p.tags[0].key, []byte("?"), pebble.NoSync) },
			[]string{"its entry", "is damaged"},
		},
		"missing claim": {
			func(p parts) error { return p.e.db.Delete(p.isbn[0].key, pebble.NoSync) },
			[]string{books + `index isbn: document {"$numberInt":"1"}: has no entry`},
		},
		"stolen claim": {
			func(p parts) error { return p.e.db.Set(p.isbn[0].key, p.other, pebble.NoSync) },
			[]string{
				"its unique key belongs to another document",
				`index isbn: document {"$numberInt":"2"}: should not have the entry`,
			},
		},
		"stray entry": {func(p parts) error {
			return p.e.db.Set(p.ghost, []byte{byte(len(p.ghost) - len(p.other))}, pebble.NoSync)
		}, []string{books + `index tags: document {"$numberInt":"2"}: should not have the entry`}},
		"lost document": {
			func(p parts) error { return p.e.db.Delete(p.doc, pebble.NoSync) },
			[]string{"index tags: document", "is not there, but has the entry", "index isbn: document", "tags"},
		},
		"cut document": {
			func(p parts) error { return p.e.db.Set(p.doc, []byte{9, 0, 0, 0, 2}, pebble.NoSync) },
			[]string{books + "document"},
		},
		"wrong _id": {
			func(p parts) error { return p.e.db.Set(p.doc, raw(t, book(7)), pebble.NoSync) },
			[]string{`document {"$numberInt":"7"}: stands under another _id`},
		},
		"wrong document": {func(p parts) error {
			return p.e.db.Set(p.doc, raw(t, append(book(1)[:2:2], bson.E{Key: "tags", Value: "y"})), pebble.NoSync)
		}, []string{
			`document {"$numberInt":"1"}: has no entry`, "should not have the entry", "should not have the entry",
		}},
		"no collection": {
			func(p parts) error { return p.e.db.Set(withID32('d', 99), raw(t, book(1)), pebble.NoSync) },
			[]string{"1 documents belong to collection number 99, which does not exist"},
		},
		"reused id": {
			func(p parts) error { p.e.nextID = 1; return nil },
			[]string{"has not been assigned", "has not been assigned"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, coll := bookStore(t)
			id, _ := bson.Raw(raw(t, book(1))).LookupErr("_id")
			one := IDKey(valueOf(id))
			id, _ = bson.Raw(raw(t, book(2))).LookupErr("_id")
			p := parts{e: e, c: coll, doc: coll.DocKey(one), other: IDKey(valueOf(id))}
			var err error
			p.tags, _, err = coll.Index("tags").entries(raw(t, book(1)), one)
			ok(t, err)
			p.isbn, _, err = coll.Index("isbn").entries(raw(t, book(1)), one)
			ok(t, err)
			odd, _, err := coll.Index("tags").entries(raw(t, bson.D{{Key: "tags", Value: "never"}}), p.other)
			ok(t, err)
			p.ghost = odd[0].key
			ok(t, c.damage(p))
			var found []string
			sum, err := e.Verify(context.Background(), func(p Problem) { found = append(found, p.Error()) })
			ok(t, err)
			reported := strings.Join(found, "\n")
			for _, want := range c.want {
				if !strings.Contains(reported, want) {
					t.Errorf("%q is not among\n%s", want, reported)
				}
			}
			if sum.Problems != len(found) || (len(found) == 0) != (len(c.want) == 0) {
				t.Errorf("%+v\n%s", sum, reported)
			}
			if len(c.want) == 0 && sum != (Summary{Collections: 1, Documents: 3, Indexes: 2, Entries: 9}) {
				t.Errorf("%+v", sum)
			}
		})
	}
}
