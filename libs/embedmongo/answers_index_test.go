package embedmongo_test

import (
	"errors"
	"math"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// spec is an index specification with options.
func spec(name string, keys bson.D, options ...any) bson.D {
	return append(d("key", keys, "name", name), d(options...)...)
}

// created is the row of a createIndexes on a collection with some indexes.
func created(name string, have, wanted bson.A, code int) answer {
	row := answer{name: name, indexes: have, cmd: d("createIndexes", "c", "indexes", wanted), code: code}
	if code == 0 {
		row.want = none
	}
	return row
}

func TestAnswersToCreateIndexes(t *testing.T) {
	t.Parallel()
	on := func(keys bson.D, options ...any) bson.A { return bson.A{spec("i", keys, options...)} }
	a := on(d("a", 1))
	answers(t, []answer{
		created("one index twice", nil, bson.A{spec("i", d("a", 1)), spec("i", d("a", 1))}, 68),
		created("one key twice", nil, bson.A{spec("i", d("a", 1)), spec("j", d("a", 1))}, 85),
		created("again", a, on(d("a", 1)), 0),
		created("by the same name, unique", a, on(d("a", 1), "unique", true), 85),
		created("by another name, unique", a, bson.A{spec("j", d("a", 1), "unique", true)}, 0),
		created("by another name", a, bson.A{spec("j", d("a", 1))}, 85),
		created("with another number by the same name", a, on(d("a", 2)), 86),
		created("with another number", a, bson.A{spec("j", d("a", 2))}, 0),
		created("an equal number", a, on(d("a", 1.0)), 0),
		created("other keys by the same name", a, on(d("b", 1)), 86),
		created("NaN", nil, on(d("a", math.NaN())), 67),
		created("an unknown version", nil, on(d("a", 1), "v", 3), 67),
		created("the first version", nil, on(d("a", 1), "v", 1), 0),
		created("a reserved name", nil, bson.A{spec("_id_", d("a", 1))}, 2),
		created("a descending _id", nil, on(d("_id", -1)), 2),
		created("a unique _id", nil, on(d("_id", 1), "unique", true), 197),
		created("an expiring _id", nil, on(d("_id", 1), "expireAfterSeconds", 1), 197),
		created("the _id", nil, on(d("_id", 1)), 0),
		created("a list in a partial index", nil,
			on(d("a", 1), "partialFilterExpression", d("a", d("$in", bson.A{1}))), 67),
		created("a position", nil, on(d("a.0", 1)), 67),
		{name: "drop the index of _id", indexes: a, cmd: d("dropIndexes", "c", "index", d("_id", 1)), code: 72},
	})
}

// TestFailedCreateIndexesLeavesNoCollection: neither the collection nor a part of the indexes stays.
func TestFailedCreateIndexesLeavesNoCollection(t *testing.T) {
	t.Parallel()
	db := database(t)
	twice := bson.A{spec("i", d("a", 1)), spec("i", d("b", 1))}
	wantCode(t, db.RunCommand(bg, d("createIndexes", "c", "indexes", twice)).Err(), 86)
	names, err := db.ListCollectionNames(bg, d())
	ok(t, err)
	if len(names) != 0 {
		t.Errorf("collections %q", names)
	}
	ok(t, db.RunCommand(bg, d("createIndexes", "c", "indexes", twice[:1])).Err())
	names, err = db.ListCollectionNames(bg, d())
	ok(t, err)
	if len(names) != 1 {
		t.Errorf("collections %q", names)
	}
}

func TestAnswersToKeysOfArrays(t *testing.T) {
	t.Parallel()
	unique := func(path string) bson.A { return bson.A{spec("i", d(path, 1), "unique", true)} }
	insert := func(name string, indexes, docs bson.A, code int) answer {
		return answer{name: name, indexes: indexes, cmd: d("insert", "c", "documents", docs), code: code}
	}
	answers(t, []answer{
		insert("nothing and an empty array on the way", unique("a.b"),
			bson.A{d("_id", 1), d("_id", 2, "a", bson.A{})}, 11000),
		insert("two empty arrays side by side", bson.A{spec("i", d("a", 1, "c", 1))},
			bson.A{d("_id", 1, "a", bson.A{}, "c", bson.A{})}, 171),
		{
			name: "nothing and an empty array", indexes: unique("a"), docs: bson.A{d("_id", 1)},
			cmd:  d("insert", "c", "documents", bson.A{d("_id", 2, "a", bson.A{})}),
			want: `n:1 [{"_id": {"$numberInt":"1"}},{"_id": {"$numberInt":"2"},"a": []}]`,
		},
		{
			name: "a hint of a sparse index", indexes: bson.A{spec("i", d("a", 1), "sparse", true)},
			docs: bson.A{d("_id", 1, "a", 1), d("_id", 2)},
			cmd:  d("find", "c", "hint", "i", "projection", d("_id", 1)), want: first,
		},
		{
			name:    "a hint of a partial index",
			indexes: bson.A{spec("i", d("a", 1), "partialFilterExpression", d("b", d("$exists", true)))},
			docs:    bson.A{d("_id", 1, "a", 1, "b", 1), d("_id", 2, "a", 1)},
			cmd:     d("find", "c", "hint", "i", "filter", d("a", 1), "projection", d("_id", 1)), want: first,
		},
		{
			name: "all of a value and null in a sparse index", indexes: bson.A{spec("i", d("a", 1), "sparse", true)},
			docs: bson.A{d("_id", 1, "a", bson.A{1, nil}), d("_id", 2, "a", bson.A{1, 2})},
			cmd:  d("find", "c", "filter", d("a", d("$all", bson.A{1, nil})), "projection", d("_id", 1)), want: first,
		},
	})
}

// TestDuplicateKeyNamesTheCollidingElement: the error has the values of the key that exists, not the whole array.
func TestDuplicateKeyNamesTheCollidingElement(t *testing.T) {
	t.Parallel()
	db := database(t)
	for i, tt := range []struct {
		doc, again bson.D
		value      string
	}{
		{d("a", nil), d("a", bson.A{7, nil}), `{"a": null}`},
		{d("a", d("b", 1)), d("a", bson.A{d("b", 1)}), `{"a": {"b": {"$numberInt":"1"}}}`},
		{d("a", bson.A{}), d("a", bson.A{}), `{"a": {"$undefined":true}}`},
	} {
		c := db.Collection(string(rune('a' + i)))
		ok(t, db.RunCommand(bg, d("createIndexes", c.Name(), "indexes", bson.A{spec("i", d("a", 1), "unique", true)})).Err())
		_, err := c.InsertOne(bg, tt.doc)
		ok(t, err)
		_, err = c.InsertOne(bg, tt.again)
		wantCode(t, err, 11000)
		var failed mongo.WriteException
		if errors.As(err, &failed); len(failed.WriteErrors) != 1 {
			t.Fatal(err)
		}
		if got := failed.WriteErrors[0].Raw.Lookup("keyValue").String(); got != tt.value {
			t.Errorf("the value of the key is %s, want %s", got, tt.value)
		}
	}
}
