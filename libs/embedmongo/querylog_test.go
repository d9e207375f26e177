package embedmongo_test

import (
	"context"
	"sync"
	"testing"

	"fivechat.dev/libs/embedmongo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// TestQueryLogReportsEveryCommand: each command that looks for documents reports its index, keys and rows.
func TestQueryLogReportsEveryCommand(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var log []embedmongo.ExecutedQuery
	s, err := embedmongo.Start(context.Background(), embedmongo.Options{QueryLog: func(q embedmongo.ExecutedQuery) {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, q)
	}})
	ok(t, err)
	t.Cleanup(func() { ok(t, s.Close()) })
	c := connect(t, s.URI()).Database("test").Collection("c")
	index(t, c, d("a", 1, "b", -1), nil)
	var docs []any
	for i := range 20 {
		docs = append(docs, d("_id", i, "a", i%2, "b", i, "c", i))
	}
	_, err = c.InsertMany(bg, docs)
	ok(t, err)
	set := d("$set", d("c", 0))
	all := func(cur *mongo.Cursor, err error) {
		t.Helper()
		ok(t, err)
		var rows []bson.D
		ok(t, cur.All(bg, &rows))
	}
	by := func(command, filter, index string, keys, matched int64) embedmongo.ExecutedQuery {
		return embedmongo.ExecutedQuery{
			Command: command, Namespace: "test.c", Filter: filter, Stage: "IXSCAN", Index: index, Keys: keys, Matched: matched,
		}
	}
	scan := by("find", "(c = or not (c in)), c exists", "", 20, 19)
	scan.Stage, scan.Sort, scan.SortsRows = "COLLSCAN", "c -1, a 1", true
	sorted := by("find", "a =", "a_1_b_-1", 5, 5)
	sorted.Sort = "b 1"
	one := by("findAndModify", "_id =", "", 1, 1)
	one.Stage = "IDHACK"
	for _, step := range []struct {
		do   func()
		want embedmongo.ExecutedQuery
	}{
		{func() { all(c.Find(bg, d("a", 1, "b", d("$gt", 15)))) }, by("find", "a =, b >", "a_1_b_-1", 2, 2)},
		{func() {
			all(c.Find(bg, d("a", 1), options.Find().SetSort(d("b", 1)).SetSkip(2).SetLimit(3).SetBatchSize(2)))
		}, sorted},
		{func() {
			all(c.Find(bg, d("$or", bson.A{d("c", 1), d("c", d("$nin", bson.A{5}))}, "c", d("$exists", true)),
				options.Find().SetSort(d("c", -1, "a", 1))))
		}, scan},
		{func() {
			_, err := c.CountDocuments(bg, d("a", 1))
			ok(t, err)
		}, by("aggregate", "a =", "a_1_b_-1", 10, 10)},
		{func() {
			ok(t, c.Database().RunCommand(bg, d("count", "c", "query", d("a", 1, "c", 3))).Err())
		}, by("count", "a =, c =", "a_1_b_-1", 10, 1)},
		{
			func() { ok(t, c.Distinct(bg, "b", d("a", d("$in", bson.A{0, 7}))).Err()) },
			by("distinct", "a in", "a_1_b_-1", 10, 10),
		},
		{func() {
			_, err := c.UpdateMany(bg, d("a", 0, "b", d("$lt", 4)), set)
			ok(t, err)
		}, by("update", "a =, b <", "a_1_b_-1", 2, 2)},
		{func() { ok(t, c.FindOneAndUpdate(bg, d("_id", 3), set).Err()) }, one},
		{func() {
			_, err := c.DeleteMany(bg, d("_id", d("$in", bson.A{1, 2, 99})))
			ok(t, err)
		}, by("delete", "_id in", "_id_", 2, 2)},
	} {
		step.do()
		mu.Lock()
		if len(log) != 1 || log[0] != step.want {
			t.Errorf("log has %+v, want %+v", log, step.want)
		}
		log = nil
		mu.Unlock()
	}
}
