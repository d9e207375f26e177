package embedmongo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// randomDocs makes documents and conditions of few values of many types.
type randomDocs struct{ *rand.Rand }

var randomFields = []string{"a", "b", "c", "l", "s.x", "_id", "t.x", "t.y"}

func (r randomDocs) scalar() any {
	return []any{
		nil, 0, 1, 2, 3, int64(2), 2.5, "x", "y", "", true, bson.D{{Key: "x", Value: 1}}, time.UnixMilli(5),
	}[r.IntN(13)]
}

func (r randomDocs) document(id int) bson.D {
	doc := d("_id", id)
	for _, f := range []string{"a", "b", "c"} {
		if r.IntN(5) > 0 {
			doc = append(doc, bson.E{Key: f, Value: r.scalar()})
		}
	}
	if r.IntN(3) > 0 {
		list := bson.A{}
		for range r.IntN(4) {
			list = append(list, r.scalar())
		}
		doc = append(doc, bson.E{Key: "l", Value: list}, bson.E{Key: "s", Value: d("x", r.scalar())})
	}
	if r.IntN(2) > 0 {
		list := bson.A{}
		for range r.IntN(4) {
			list = append(
				list,
				[]any{
					d("x", r.scalar(), "y", r.scalar()), d("x", bson.A{r.scalar(), r.scalar()}), r.scalar(),
				}[r.IntN(3)],
			)
		}
		doc = append(doc, bson.E{Key: "t", Value: list})
	}
	return doc
}

func (r randomDocs) condition() any {
	switch op := []string{
		"$eq", "$gt", "$gte", "$lt", "$lte", "$in", "$exists", "$ne", "", "between", "$all",
	}[r.IntN(11)]; op {
	case "":
		return r.scalar()
	case "$in":
		return d("$in", bson.A{r.scalar(), r.scalar(), r.scalar()})
	case "$all":
		return d("$all", bson.A{r.scalar(), r.scalar()})
	case "$exists":
		return d("$exists", r.IntN(2) == 0)
	case "between":
		return d("$gte", r.scalar(), "$lt", r.scalar())
	default:
		return d(op, r.scalar())
	}
}

func (r randomDocs) filter() bson.D {
	f := bson.D{}
	for _, i := range r.Perm(len(randomFields))[:1+r.IntN(3)] {
		f = append(f, bson.E{Key: randomFields[i], Value: r.condition()})
	}
	return f
}

// compare runs random queries on two collections that hold the same.
func (r randomDocs) compare(t *testing.T, ctx context.Context, queries int, plain, indexed *mongo.Collection) {
	t.Helper()
	for range queries {
		filter := r.filter()
		if r.IntN(4) == 0 {
			filter = append(filter, bson.E{Key: "$or", Value: bson.A{r.filter(), r.filter()}})
		}
		sort := bson.D{}
		for _, i := range r.Perm(3)[:r.IntN(3)] {
			sort = append(sort, bson.E{Key: randomFields[i], Value: 1 - 2*r.IntN(2)})
		}
		sort = append(sort, bson.E{Key: "_id", Value: 1 - 2*r.IntN(2)})
		o := options.Find().SetSort(sort).SetSkip(int64(r.IntN(3))).SetLimit(int64(r.IntN(2) * 10))
		cur, err := plain.Find(ctx, filter, o)
		want := ids(t, cur, err)
		cur, err = indexed.Find(ctx, filter, o)
		if got := ids(t, cur, err); !reflect.DeepEqual(got, want) {
			t.Fatalf(
				"find %v sort %v: %v, want %v (%+v)",
				filter,
				sort,
				got,
				want,
				explainFind(t, indexed, d("filter", filter, "sort", sort)),
			)
		}
		if n, want := count(t, ctx, indexed, filter), count(t, ctx, plain, filter); n != want {
			t.Fatalf("count %v: %d, want %d", filter, n, want)
		}
	}
}

// TestIndexesChangeNoResult runs random queries on two copies of random
// documents, one with many indexes and one without, and compares the answers;
// the second time inside a transaction that has changed many of them.
func TestIndexesChangeNoResult(t *testing.T) {
	t.Parallel()
	db := database(t)
	plain, indexed := db.Collection("plain"), db.Collection("indexed")
	for i, keys := range []bson.D{
		d("a", 1), d("a", 1, "b", -1), d(
			"b", -1, "c", 1, "_id", -1,
		), d("l", 1), d("a", 1, "l", -1), d("s.x", 1, "a", -1),
		d("t.x", 1, "t.y", -1), d("a", 1, "t.y", 1, "t.x", 1), d("t", 1, "t.x", 1),
	} {
		index(t, indexed, keys, options.Index().SetName(fmt.Sprint("i", i)))
	}
	index(t, indexed, d("b", 1), options.Index().SetSparse(true))
	index(t, indexed, d("c", 1, "a", 1), options.Index().SetPartialFilterExpression(d("c", d("$gt", 1))))
	r := randomDocs{rand.New(rand.NewPCG(7, 7))}
	insert := func(ctx context.Context, from, to int) {
		for i := from; i < to; i++ {
			doc := r.document(i)
			for _, c := range []*mongo.Collection{plain, indexed} {
				_, err := c.InsertOne(ctx, doc)
				ok(t, err)
			}
		}
	}
	insert(bg, 0, 250)
	r.compare(t, bg, 1000, plain, indexed)
	s, tx := begin(t, db.Client())
	insert(tx, 250, 350)
	for range 50 {
		id, doc, filter := r.IntN(350), r.document(0), d("_id", r.IntN(350))
		for _, c := range []*mongo.Collection{plain, indexed} {
			_, err := c.ReplaceOne(tx, d("_id", id), doc[1:])
			ok(t, err)
			_, err = c.DeleteMany(tx, filter)
			ok(t, err)
		}
	}
	r.compare(t, tx, 500, plain, indexed)
	ok(t, s.CommitTransaction(bg))
	r.compare(t, bg, 200, plain, indexed)
}

func TestAggregate(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("sales")
	_, err := c.InsertMany(bg, []any{
		d("_id", 1, "site", 1, "day", "mon", "n", 2, "tags", bson.A{"a", "b"}),
		d("_id", 2, "site", 1, "day", "tue", "n", 3.5),
		d("_id", 3, "site", 2, "day", "mon", "n", int64(4), "tags", bson.A{"b"}),
		d("_id", 4, "site", 1, "day", "mon", "tags", bson.A{}),
	})
	ok(t, err)
	tests := []struct {
		name     string
		pipeline bson.A
		want     []bson.D
	}{
		{
			"sums",
			bson.A{
				d("$match", d("site", 1)),
				d("$group", d(
					"_id", "$day", "sum", d("$sum", "$n"), "docs", d("$sum", 1), "avg", d("$avg", "$n"),
					"most", d("$max", "$n"), "least", d("$min", "$_id"), "first", d("$first", "$_id"),
					"last", d("$last", "$_id"), "all", d("$push", "$_id"),
				)),
				d("$sort", d("_id", 1)),
			},
			[]bson.D{
				d(
					"_id", "mon", "sum", int32(2), "docs", int32(2), "avg", 2.0, "most", int32(2), "least", int32(1),
					"first", int32(1), "last", int32(4), "all", bson.A{int32(1), int32(4)},
				),
				d(
					"_id", "tue", "sum", 3.5, "docs", int32(1), "avg", 3.5, "most", 3.5, "least", int32(2),
					"first", int32(2), "last", int32(2), "all", bson.A{int32(2)},
				),
			},
		},
		{
			"compound id",
			bson.A{
				d("$group", d("_id", d("s", "$site", "d", "$day"), "n", d("$sum", 1))),
				d("$match", d("n", d("$gt", 1))),
			},
			[]bson.D{d("_id", d("s", int32(1), "d", "mon"), "n", int32(2))},
		},
		{
			"conditional",
			bson.A{
				d("$group", d(
					"_id", nil, "mondays", d("$sum", d("$cond", bson.A{d("$eq", bson.A{"$day", "mon"}), 1, 0})),
					"n", d("$sum", d("$ifNull", bson.A{"$n", 10})),
				)),
			},
			[]bson.D{d("_id", nil, "mondays", int32(3), "n", 19.5)},
		},
		{
			"unwind",
			bson.A{
				d("$unwind", "$tags"),
				d("$group", d("_id", "$tags", "n", d("$sum", 1))),
				d("$sort", d("n", -1)),
				d("$limit", 1),
			},
			[]bson.D{d("_id", "b", "n", int32(2))},
		},
		{
			"unwind all",
			bson.A{d("$unwind", d("path", "$tags", "preserveNullAndEmptyArrays", true)), d("$count", "n")},
			[]bson.D{d("n", int32(5))},
		},
		{
			"project",
			bson.A{
				d("$sort", d("_id", -1)),
				d("$skip", 1),
				d("$limit", 1),
				d("$project", d("day", 1, "twice", d("$add", bson.A{"$n", "$n"}))),
			},
			[]bson.D{d("_id", int32(3), "day", "mon", "twice", int64(8))},
		},
		{"count none", bson.A{d("$match", d("site", 9)), d("$count", "n")}, nil},
	}
	for _, tt := range tests {
		cur, err := c.Aggregate(bg, tt.pipeline)
		ok(t, err)
		var got []bson.D
		ok(t, cur.All(bg, &got))
		if len(got)+len(tt.want) > 0 && !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	var days []string
	ok(t, c.Distinct(bg, "day", d("site", 1)).Decode(&days))
	if !reflect.DeepEqual(days, []string{"mon", "tue"}) {
		t.Error(days)
	}
}

func TestSortAcrossTypes(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("mixed")
	_, err := c.InsertMany(bg, []any{
		d("_id", 1, "v", "text"), d("_id", 2, "v", 5), d("_id", 3), d(
			"_id", 4, "v", bson.A{9, 1},
		), d("_id", 5, "v", true),
		d("_id", 6, "v", 2.5), d(
			"_id", 7, "v", time.UnixMilli(1),
		), d("_id", 8, "v", bson.A{}), d("_id", 9, "v", bson.D{}),
	})
	ok(t, err)
	for range 2 {
		cur, err := c.Find(bg, d(), options.Find().SetSort(d("v", 1)))
		if got := fmt.Sprint(ids(t, cur, err)); got != "[8 3 4 6 2 1 9 5 7]" {
			t.Error("ascending:", got)
		}
		cur, err = c.Find(bg, d(), options.Find().SetSort(d("v", -1)))
		if got := fmt.Sprint(ids(t, cur, err)); got != "[7 5 9 1 4 2 6 3 8]" {
			t.Error("descending:", got)
		}
		index(t, c, d("v", 1), nil)
	}
}

func TestSortByPositionAndNaturally(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("lists")
	_, err := c.InsertMany(bg, []any{
		d(
			"_id", 1, "v", bson.A{3, 1},
		), d("_id", 2, "v", bson.A{1, 9}), d("_id", 3, "v", bson.A{}), d("_id", 4, "v", bson.A{2, 0}),
	})
	ok(t, err)
	for _, tt := range []struct {
		o    *options.FindOptionsBuilder
		want string
	}{
		{options.Find().SetSort(d("v.0", 1)), "[3 2 4 1]"},
		{options.Find().SetSort(d("v.1", -1)), "[2 1 4 3]"},
		{options.Find().SetSort(d("$natural", 1)), "[1 2 3 4]"},
		{options.Find().SetSort(d("$natural", -1)), "[4 3 2 1]"},
		{options.Find().SetHint(d("$natural", -1)), "[4 3 2 1]"},
	} {
		cur, err := c.Find(bg, d(), tt.o)
		if got := fmt.Sprint(ids(t, cur, err)); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
	cur, err := c.Find(
		bg,
		d("$or", bson.A{d("v", d("$in", bson.A{9, bson.Regex{Pattern: "x"}})), d("v", d("$size", 0))}),
	)
	if got := fmt.Sprint(ids(t, cur, err)); got != "[2 3]" {
		t.Error(got)
	}
}
