package embedmongo_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// index creates an index from alternating names and directions.
func index(t testing.TB, c *mongo.Collection, keys bson.D, o *options.IndexOptionsBuilder) {
	t.Helper()
	_, err := c.Indexes().CreateOne(bg, mongo.IndexModel{Keys: keys, Options: o})
	ok(t, err)
}

// explained is what explain says about a find.
type explained struct {
	stages, index  string
	keys, returned int64
	docs           int64
}

func explainFind(t testing.TB, c *mongo.Collection, find bson.D) explained {
	t.Helper()
	var res struct {
		QueryPlanner   struct{ WinningPlan bson.M }
		ExecutionStats struct{ NReturned, TotalKeysExamined, TotalDocsExamined int64 }
	}
	find = append(d("find", c.Name()), find...)
	ok(t, c.Database().RunCommand(bg, d("explain", find, "verbosity", "executionStats")).Decode(&res))
	e := explained{
		keys:     res.ExecutionStats.TotalKeysExamined,
		docs:     res.ExecutionStats.TotalDocsExamined,
		returned: res.ExecutionStats.NReturned,
	}
	var walk func(p any)
	walk = func(p any) {
		get := func(k string) any {
			switch p := p.(type) {
			case bson.M:
				return p[k]
			case bson.D:
				for _, x := range p {
					if x.Key == k {
						return x.Value
					}
				}
			}
			return nil
		}
		e.stages += " " + get("stage").(string)
		if n, ok := get("indexName").(string); ok {
			e.index = n
		}
		if in := get("inputStage"); in != nil {
			walk(in)
		}
	}
	walk(res.QueryPlanner.WinningPlan)
	e.stages = e.stages[1:]
	return e
}

func TestPageFromIndex(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("conversations")
	index(t, c, d("websiteId", 1, "createdAt", -1, "_id", -1), nil)
	index(t, c, d("websiteId", 1, "status", 1, "createdAt", -1, "_id", -1), nil)
	const total = 20000
	base := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	var docs []any
	for i := range total {
		docs = append(
			docs,
			d("_id", int64(i), "websiteId", int64(i%2), "status", []string{"open", "closed", "spam"}[i%3],
				"createdAt", base.Add(time.Duration(i/4)*time.Second)),
		)
	}
	_, err := c.InsertMany(bg, docs)
	ok(t, err)
	sort := d("createdAt", -1, "_id", -1)
	at := base.Add(3000 * time.Second)
	tests := []struct {
		name  string
		find  bson.D
		index string
		stage string
		first int64
	}{
		{"by website", d("filter", d("websiteId", 1)), "websiteId_1_createdAt_-1__id_-1", "FETCH IXSCAN", 19999},
		{
			"by status",
			d("filter", d("websiteId", 1, "status", "open")),
			"websiteId_1_status_1_createdAt_-1__id_-1",
			"FETCH IXSCAN",
			19995,
		},
		{
			"merged",
			d("filter", d("websiteId", 0, "status", d("$in", bson.A{"open", "spam"}))),
			"websiteId_1_status_1_createdAt_-1__id_-1",
			"FETCH IXSCAN",
			19998,
		},
		{
			"range",
			d("filter", d("websiteId", 0, "createdAt", d("$lt", at))),
			"websiteId_1_createdAt_-1__id_-1",
			"FETCH IXSCAN",
			11998,
		},
		{
			"keyset page",
			d("filter", d(
				"websiteId", 0, "$or", bson.A{d("createdAt", d("$lt", at)), d("createdAt", at, "_id", d("$lt", 12001))},
			)),
			"websiteId_1_createdAt_-1__id_-1",
			"FETCH IXSCAN",
			12000,
		},
	}
	for _, tt := range tests {
		e := explainFind(t, c, append(tt.find, d("sort", sort, "limit", 20)...))
		if e.index != tt.index || e.stages != tt.stage || e.returned != 20 || e.docs > 22 || e.keys > 24 {
			t.Errorf("%s: %+v", tt.name, e)
		}
		var got struct {
			ID int64 `bson:"_id"`
		}
		ok(t, c.FindOne(bg, tt.find[0].Value, options.FindOne().SetSort(sort)).Decode(&got))
		if got.ID != tt.first {
			t.Errorf("%s: first is %d, want %d", tt.name, got.ID, tt.first)
		}
	}
	back := d("createdAt", 1, "_id", 1)
	e := explainFind(t, c, d("filter", d("websiteId", 0), "sort", back, "skip", 100, "limit", 5))
	if e.docs != 5 || e.keys != 105 {
		t.Errorf("skip over keys: %+v", e)
	}
	e = explainFind(t, c, d("filter", d("_id", int64(77))))
	if e.stages != "IDHACK" || e.docs != 1 {
		t.Errorf("by _id: %+v", e)
	}
	e = explainFind(t, c, d("filter", d("status", "open")))
	if e.stages != "COLLSCAN" || e.docs != total {
		t.Errorf("without index: %+v", e)
	}
	e = explainFind(
		t,
		c,
		d("filter", d("websiteId", 1), "hint", "websiteId_1_status_1_createdAt_-1__id_-1", "sort", sort, "limit", 3),
	)
	if e.stages != "SORT FETCH IXSCAN" {
		t.Errorf("hint: %+v", e)
	}
	_, err = c.Find(bg, d(), options.Find().SetHint("none"))
	wantCode(t, err, 2)
}

func TestMultikey(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("terms")
	index(t, c, d("websiteId", 1, "terms", 1), nil)
	_, err := c.InsertMany(bg, []any{
		d("_id", 1, "websiteId", 1, "terms", bson.A{"red", "green", "red"}),
		d("_id", 2, "websiteId", 1, "terms", bson.A{"red"}),
		d("_id", 3, "websiteId", 1, "terms", "green"),
		d("_id", 4, "websiteId", 1, "terms", bson.A{}),
		d("_id", 5, "websiteId", 1),
		d("_id", 6, "websiteId", 2, "terms", bson.A{"red", "green"}),
	})
	ok(t, err)
	tests := []struct {
		filter bson.D
		want   []int
	}{
		{d("terms", d("$all", bson.A{"red", "green"})), []int{1}},
		{d("terms", "red"), []int{1, 2}},
		{d("terms", d("$in", bson.A{"red", "green"})), []int{1, 2, 3}},
		{d("terms", d("$gte", "a", "$lt", "h")), []int{1, 3}},
		{d("terms", nil), []int{5}},
		{d("terms", d("$size", 0)), []int{4}},
		{d("terms", bson.A{}), []int{4}},
		{d("terms", d("$ne", "red")), []int{3, 4, 5}},
	}
	for _, tt := range tests {
		filter := append(d("websiteId", 1), tt.filter...)
		cur, err := c.Find(bg, filter, options.Find().SetSort(d("_id", 1)))
		if got := ids(t, cur, err); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.filter, got, tt.want)
		}
		n, err := c.CountDocuments(bg, filter)
		ok(t, err)
		if int(n) != len(tt.want) {
			t.Errorf("%v: counted %d", tt.filter, n)
		}
		if e := explainFind(t, c, d("filter", filter)); e.index == "" {
			t.Errorf("%v: no index: %+v", tt.filter, e)
		}
	}
}

func TestFieldsOfOneArray(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("orders")
	index(t, c, d("lines.sku", 1, "lines.n", 1), options.Index().SetUnique(true))
	_, err := c.InsertMany(bg, []any{
		d("_id", 1, "lines", bson.A{d("sku", "a", "n", 1), d("sku", "b", "n", 2), d("sku", "a", "n", 1)}),
		d("_id", 2, "lines", bson.A{d("sku", "a", "n", 2)}),
	})
	ok(t, err)
	_, err = c.InsertOne(bg, d("_id", 3, "lines", bson.A{d("sku", "c"), d("sku", "b", "n", 2)}))
	wantCode(t, err, 11000)
	_, err = c.InsertOne(bg, d("_id", 3, "lines", d("sku", bson.A{1}, "n", bson.A{2})))
	wantCode(t, err, 171)
	// Two lines of the first order satisfy one condition each.
	cur, err := c.Find(bg, d("lines.sku", "a", "lines.n", 2), options.Find().SetSort(d("_id", 1)))
	if got := ids(t, cur, err); !reflect.DeepEqual(got, []int{1, 2}) {
		t.Error(got)
	}
	_, err = c.UpdateOne(bg, d("_id", 1), d("$pull", d("lines", d("sku", "b"))))
	ok(t, err)
	_, err = c.InsertOne(bg, d("_id", 3, "lines", bson.A{d("sku", "b", "n", 2)}))
	ok(t, err)
}

func TestUnique(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("messages")
	index(t, c, d("websiteId", 1, "token", 1), options.Index().SetUnique(true))
	index(t, c, d("websiteId", 1, "clientMessageId", 1), options.Index().SetUnique(true).
		SetPartialFilterExpression(d("clientMessageId", d("$exists", true))).SetName("client"))
	_, err := c.InsertMany(bg, []any{
		d("_id", 1, "websiteId", 1, "token", "a", "clientMessageId", "x"),
		d("_id", 2, "websiteId", 1, "token", "b"),
		d("_id", 3, "websiteId", 1, "token", "c"),
	})
	ok(t, err)
	_, err = c.InsertOne(bg, d("websiteId", 1.0, "token", "a"))
	wantCode(t, err, 11000)
	_, err = c.InsertOne(bg, d("websiteId", 1, "token", "d", "clientMessageId", "x"))
	wantCode(t, err, 11000)
	var we mongo.WriteException
	if !errors.As(err, &we) || len(we.WriteErrors) != 1 {
		t.Fatal(err)
	}
	var details struct {
		KeyPattern, KeyValue bson.D
	}
	ok(t, bson.Unmarshal(we.WriteErrors[0].Raw, &details))
	if !reflect.DeepEqual(details.KeyPattern, d("websiteId", int32(1), "clientMessageId", int32(1))) ||
		!reflect.DeepEqual(details.KeyValue, d("websiteId", int32(1), "clientMessageId", "x")) {
		t.Fatal(details)
	}
	_, err = c.UpdateOne(bg, d("_id", 2), d("$set", d("token", "a")))
	wantCode(t, err, 11000)
	_, err = c.UpdateOne(bg, d("_id", 1), d("$set", d("token", "z")))
	ok(t, err)
	_, err = c.UpdateOne(bg, d("_id", 2), d("$set", d("token", "a")))
	ok(t, err)
	_, err = c.DeleteOne(bg, d("_id", 1))
	ok(t, err)
	_, err = c.InsertOne(bg, d("_id", 9, "websiteId", 1, "token", "z", "clientMessageId", "x"))
	ok(t, err)
	if e := explainFind(t, c, d("filter", d("websiteId", 1, "clientMessageId", "x"))); e.index != "client" ||
		e.docs != 1 {
		t.Errorf("%+v", e)
	}
	if e := explainFind(t, c, d("filter", d("websiteId", 1, "clientMessageId", nil))); e.index == "client" {
		t.Errorf("a partial index answers for documents it does not hold: %+v", e)
	}
	_, err = c.Indexes().
		CreateOne(bg, mongo.IndexModel{Keys: d("websiteId", 1), Options: options.Index().SetUnique(true)})
	wantCode(t, err, 11000)
	n, err := c.CountDocuments(bg, d("websiteId", 1))
	ok(t, err)
	if n != 3 {
		t.Fatal(n)
	}
}

func TestIndexAdministration(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("things")
	for i := range 300 {
		_, err := c.InsertOne(bg, d("_id", i, "a", i%7, "b", bson.A{i, i + 1}))
		ok(t, err)
	}
	index(t, c, d("a", 1, "b", -1), options.Index().SetName("ab"))
	index(t, c, d("a", 1, "b", -1), options.Index().SetName("ab"))
	_, err := c.Indexes().
		CreateOne(bg, mongo.IndexModel{Keys: d("a", 1, "b", -1), Options: options.Index().SetName("other")})
	wantCode(t, err, 85)
	_, err = c.Indexes().CreateOne(bg, mongo.IndexModel{Keys: d("a", -1), Options: options.Index().SetName("ab")})
	wantCode(t, err, 86)
	_, err = c.Indexes().CreateOne(bg, mongo.IndexModel{Keys: d("a", "text")})
	wantCode(t, err, 67)
	err = db.RunCommand(bg, d(
		"createIndexes", "things", "indexes", bson.A{d("key", d("q", 1), "name", "q", "weird", 1)},
	)).
		Err()
	wantCode(t, err, 197)
	cur, err := c.Find(bg, d("a", 3, "b", 4), options.Find().SetSort(d("_id", 1)))
	if got := ids(t, cur, err); !reflect.DeepEqual(got, []int{3}) {
		t.Fatal(got)
	}
	specs, err := c.Indexes().ListSpecifications(bg)
	ok(t, err)
	if len(specs) != 2 || specs[0].Name != "_id_" || specs[1].Name != "ab" {
		t.Fatal(specs)
	}
	ok(t, c.Indexes().DropOne(bg, "ab"))
	wantCode(t, c.Indexes().DropOne(bg, "ab"), 27)
	names, err := db.ListCollectionNames(bg, d())
	ok(t, err)
	if !reflect.DeepEqual(names, []string{"things"}) {
		t.Fatal(names)
	}
	dbs, err := db.Client().ListDatabaseNames(bg, d())
	ok(t, err)
	if !reflect.DeepEqual(dbs, []string{"test"}) {
		t.Fatal(dbs)
	}
	ok(t, db.Drop(bg))
	names, err = db.ListCollectionNames(bg, d())
	ok(t, err)
	if len(names) != 0 {
		t.Fatal(names)
	}
	_, err = c.InsertOne(bg, d("_id", 1))
	ok(t, err)
	n, err := c.CountDocuments(bg, d())
	ok(t, err)
	if n != 1 {
		t.Fatal(fmt.Sprint("dropped documents came back: ", n))
	}
}
