package embedmongo_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

var bg = context.Background()

func TestInsertFindUpdateDelete(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("things")
	_, err := c.InsertOne(bg, d("_id", 1, "name", "one", "tags", bson.A{"a", "b"}))
	ok(t, err)
	_, err = c.InsertMany(bg, []any{d("_id", 2, "name", "two"), d("_id", 3, "name", "three")})
	ok(t, err)
	_, err = c.InsertOne(bg, d("_id", int64(1)))
	wantCode(t, err, 11000)

	var got bson.M
	ok(t, c.FindOne(bg, d("name", "two")).Decode(&got))
	if got["_id"] != int32(2) {
		t.Fatal(got)
	}
	u, err := c.UpdateOne(bg, d("_id", 2), d("$set", d("a.b", 5), "$inc", d("n", 1)))
	ok(t, err)
	if u.MatchedCount != 1 || u.ModifiedCount != 1 {
		t.Fatal(u)
	}
	u, err = c.UpdateMany(bg, d("_id", d("$gte", 2)), d("$set", d("seen", true)))
	ok(t, err)
	if u.MatchedCount != 2 {
		t.Fatal(u)
	}
	n, err := c.CountDocuments(bg, d("seen", true))
	ok(t, err)
	if n != 2 {
		t.Fatal(n)
	}
	r, err := c.DeleteOne(bg, d("_id", 3))
	ok(t, err)
	if r.DeletedCount != 1 {
		t.Fatal(r)
	}
	if err := c.FindOne(bg, d("_id", 3)).Err(); !errors.Is(err, mongo.ErrNoDocuments) {
		t.Fatal(err)
	}
	n, err = c.EstimatedDocumentCount(bg)
	ok(t, err)
	if n != 2 {
		t.Fatal(n)
	}
	u, err = c.ReplaceOne(bg, d("_id", 1), d("x", 1))
	ok(t, err)
	ok(t, c.FindOne(bg, d("_id", 1)).Decode(&got))
	if u.ModifiedCount != 1 || !reflect.DeepEqual(got["x"], int32(1)) {
		t.Fatal(u, got)
	}
}

func TestUpsert(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("things")
	u, err := c.UpdateOne(
		bg,
		d("_id", "k", "kind", "x"),
		d("$inc", d("n", 5), "$setOnInsert", d("fresh", true)),
		options.UpdateOne().SetUpsert(true),
	)
	ok(t, err)
	if u.UpsertedID != "k" || u.UpsertedCount != 1 || u.MatchedCount != 0 {
		t.Fatalf("%+v", u)
	}
	u, err = c.UpdateOne(
		bg,
		d("_id", "k"),
		d("$inc", d("n", 5), "$setOnInsert", d("other", true)),
		options.UpdateOne().SetUpsert(true),
	)
	ok(t, err)
	var got bson.D
	ok(t, c.FindOne(bg, d()).Decode(&got))
	want := d("_id", "k", "kind", "x", "fresh", true, "n", int32(10))
	if u.MatchedCount != 1 || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	u, err = c.ReplaceOne(bg, d("name", "y"), d("z", 1), options.Replace().SetUpsert(true))
	ok(t, err)
	if _, isID := u.UpsertedID.(bson.ObjectID); !isID {
		t.Fatalf("%+v", u)
	}
}

func TestFindAndModify(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("seq")
	after := options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)
	for want := int64(100); want <= 300; want += 100 {
		var got struct{ N int64 }
		ok(t, c.FindOneAndUpdate(bg, d("_id", "message"), d("$inc", d("n", int64(100))), after).Decode(&got))
		if got.N != want {
			t.Fatal(got, want)
		}
	}
	_, err := c.InsertMany(bg, []any{d("_id", 1, "p", 3), d("_id", 2, "p", 1), d("_id", 3, "p", 2)})
	ok(t, err)
	var got bson.M
	first := options.FindOneAndDelete().SetSort(d("p", 1)).SetProjection(d("p", 1))
	ok(t, c.FindOneAndDelete(bg, d("p", d("$gt", 0)), first).Decode(&got))
	if got["_id"] != int32(2) {
		t.Fatal(got)
	}
	ok(t, c.FindOneAndReplace(bg, d("_id", 1), d("q", 1)).Decode(&got))
	if got["p"] != int32(3) {
		t.Fatal(got)
	}
	err = c.FindOneAndUpdate(bg, d("_id", "none"), d("$set", d("a", 1))).Err()
	if !errors.Is(err, mongo.ErrNoDocuments) {
		t.Fatal(err)
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("many")
	docs := make([]any, 1000)
	for i := range docs {
		docs[i] = d("_id", i, "text", fmt.Sprintf("%0500d", i))
	}
	_, err := c.InsertMany(bg, docs)
	ok(t, err)
	cur, err := c.Find(bg, d(), options.Find().SetBatchSize(7).SetSort(d("_id", 1)))
	got := ids(t, cur, err)
	for i, id := range got {
		if i != id {
			t.Fatal(i, id)
		}
	}
	if len(got) != 1000 {
		t.Fatal(len(got))
	}
	cur, err = c.Find(bg, d(), options.Find().SetBatchSize(10))
	ok(t, err)
	id := cur.ID()
	if id == 0 || !cur.Next(bg) {
		t.Fatal("no open cursor")
	}
	ok(t, cur.Close(bg))
	err = c.Database().RunCommand(bg, d("getMore", id, "collection", "many")).Err()
	wantCode(t, err, 43)
	cur, err = c.Find(bg, d(), options.Find().SetLimit(5).SetSkip(990).SetSort(d("_id", -1)))
	if got := ids(t, cur, err); !reflect.DeepEqual(got, []int{9, 8, 7, 6, 5}) {
		t.Fatal(got)
	}
}

func TestBulkWrite(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("bulk")
	models := func() []mongo.WriteModel {
		return []mongo.WriteModel{
			mongo.NewInsertOneModel().SetDocument(d("_id", 1)),
			mongo.NewInsertOneModel().SetDocument(d("_id", 1)),
			mongo.NewInsertOneModel().SetDocument(d("_id", 2)),
			mongo.NewUpdateOneModel().SetFilter(d("_id", 2)).SetUpdate(d("$set", d("x", 1))),
			mongo.NewDeleteOneModel().SetFilter(d("_id", 1)),
		}
	}
	res, err := c.BulkWrite(bg, models())
	var be mongo.BulkWriteException
	if !errors.As(err, &be) || len(be.WriteErrors) != 1 || be.WriteErrors[0].Index != 1 ||
		be.WriteErrors[0].Code != 11000 {
		t.Fatal(err)
	}
	if res.InsertedCount != 1 {
		t.Fatalf("%+v", res)
	}
	ok(t, c.Drop(bg))
	res, err = c.BulkWrite(bg, models(), options.BulkWrite().SetOrdered(false))
	if !errors.As(err, &be) || len(be.WriteErrors) != 1 || be.WriteErrors[0].Index != 1 {
		t.Fatal(err)
	}
	if res.InsertedCount != 2 || res.ModifiedCount != 1 || res.DeletedCount != 1 {
		t.Fatalf("%+v", res)
	}
}
