package embedmongo_test

import (
	"encoding/binary"
	"io"
	"reflect"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// nested is a document of so many levels.
func nested(levels int) bson.D {
	doc := bson.D{}
	for range levels - 1 {
		doc = d("a", doc)
	}
	return doc
}

// writeError is the code of the only write error in a reply.
func writeError(t *testing.T, out bson.M) int32 {
	t.Helper()
	list, _ := out["writeErrors"].(bson.A)
	if len(list) != 1 {
		t.Fatal(out)
	}
	for _, e := range list[0].(bson.D) {
		if e.Key == "code" {
			return e.Value.(int32)
		}
	}
	return 0
}

func TestNestingLimit(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	raw, c := dial(t, s.Addr()), connect(t, s.URI()).Database("test").Collection("c")
	_, err := c.InsertOne(bg, append(d("_id", 1), nested(100)...))
	ok(t, err)
	out, err := raw.run("insert", "c", "documents", bson.A{append(d("_id", 2), nested(100)...)})
	ok(t, err)
	if out["n"] != int32(1) {
		t.Fatal(out)
	}
	_, err = c.InsertOne(bg, nested(101))
	wantCode(t, err, 15)
	if out, err = raw.run("insert", "c", "documents", bson.A{nested(101)}); err != nil || writeError(t, out) != 15 {
		t.Fatal(out, err)
	}
	_, err = raw.run("insert", "c", "documents", bson.A{nested(201)})
	wantCode(t, err, 15)
	_, err = raw.run("find", "c", "filter", nested(201))
	wantCode(t, err, 15)

	_, err = c.UpdateOne(bg, d("_id", 1), d("$set", d("b", nested(100))))
	wantCode(t, err, 15)
	_, err = c.UpdateOne(bg, d("_id", 1), d("$set", d(strings.Repeat("x.", 100)+"x", 1)))
	wantCode(t, err, 15)
	_, err = c.UpdateOne(bg, d("_id", 1), d("$push", d("l", nested(99))))
	wantCode(t, err, 15)
	_, err = c.UpdateOne(bg, d("_id", 1), d("$push", d("l", nested(98))))
	ok(t, err)
	_, err = c.ReplaceOne(bg, d("_id", 1), nested(101))
	wantCode(t, err, 15)
	if n := count(t, bg, c, d()); n != 2 {
		t.Fatal(n)
	}
}

func TestSizeLimits(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	raw, c := dial(t, s.Addr()), connect(t, s.URI()).Database("test").Collection("c")
	const most = 16 << 20
	sized := func(id, size int) bson.D {
		empty, err := bson.Marshal(d("_id", id, "x", bson.Binary{}))
		ok(t, err)
		return d("_id", id, "x", bson.Binary{Data: make([]byte, size-len(empty))})
	}
	_, err := c.InsertOne(bg, sized(1, most))
	ok(t, err)
	var got bson.Raw
	if ok(t, c.FindOne(bg, d("_id", 1)).Decode(&got)); len(got) != most {
		t.Fatal(len(got))
	}
	out, err := raw.run("insert", "c", "documents", bson.A{sized(2, most+1)})
	if err != nil || writeError(t, out) != 10334 {
		t.Fatal(out, err)
	}
	_, err = raw.run("insert", "c", "documents", bson.A{sized(2, most+20<<10)})
	wantCode(t, err, 10334)

	_, err = c.UpdateOne(bg, d("_id", 1), d("$set", d("y", "more")))
	wantCode(t, err, 17419)
	_, err = c.UpdateOne(bg, d("_id", 1), d("$set", d("l.1000000", 1, "m.1000000", 1)))
	wantCode(t, err, 17419)
	half := strings.Repeat("x", most/2)
	_, err = c.InsertOne(bg, d("_id", 3, "a", half))
	ok(t, err)
	_, err = c.UpdateOne(bg, d("_id", 3), d("$set", d("b", half)))
	wantCode(t, err, 17419)
	_, err = c.Aggregate(bg, bson.A{d("$match", d("_id", 3)), d("$project", d("x", "$a", "y", "$a", "z", "$a"))})
	wantCode(t, err, 10334)
	_, err = raw.run("ping", 1)
	ok(t, err)

	// A message too large ends the connection, as MongoDB ends it.
	head := message(2013, nil)
	binary.LittleEndian.PutUint32(head, 48000001)
	_, err = raw.Write(head)
	ok(t, err)
	if n, _ := io.Copy(io.Discard, raw); n != 0 {
		t.Error("answered")
	}
}

func TestCollStats(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("c")
	index(t, c, d("a", 1), nil)
	_, err := c.InsertMany(bg, []any{d("_id", 1, "a", bson.A{1, 2}), d("_id", 2, "a", 3)})
	ok(t, err)
	var got struct {
		NS                      string
		Count, Size, Nindexes   int
		AvgObjSize, StorageSize int
		TotalIndexSize          int
		IndexSizes              map[string]int
	}
	ok(t, db.RunCommand(bg, d("collStats", "c")).Decode(&got))
	if got.NS != "test.c" || got.Count != 2 || got.Size != 36+21 || got.AvgObjSize != 28 || got.Nindexes != 2 ||
		got.IndexSizes["a_1"] == 0 || got.IndexSizes["_id_"]+got.IndexSizes["a_1"] != got.TotalIndexSize {
		t.Errorf("%+v", got)
	}
	ok(t, db.RunCommand(bg, d("collStats", "none")).Decode(&got))
	if got.Count != 0 || got.Nindexes != 0 {
		t.Errorf("%+v", got)
	}
	wantCode(t, db.RunCommand(bg, d("collStats", "c", "scale", 0)).Err(), 51024)
}

func TestExplainNamesTheIndex(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("c")
	index(t, c, d("a", 1), nil)
	_, err := c.InsertMany(bg, []any{d("_id", 1, "a", 1), d("_id", 2, "a", 1)})
	ok(t, err)
	for _, tt := range []struct {
		cmd  bson.D
		docs int64
	}{
		{d("find", "c", "filter", d("a", 1)), 2},
		{d("count", "c", "query", d("a", 1)), 0},
		{d("distinct", "c", "key", "b", "query", d("a", 1)), 2},
		{d("update", "c", "updates", bson.A{d("q", d("a", 1), "u", d("$set", d("b", 1)), "multi", true)}), 2},
		{d("delete", "c", "deletes", bson.A{d("q", d("a", 1), "limit", 1)}), 1},
		{d("findAndModify", "c", "query", d("a", 1), "update", d("$set", d("b", 1))), 1},
	} {
		raw, err := db.RunCommand(bg, d("explain", tt.cmd)).Raw()
		ok(t, err)
		plan := raw.Lookup("queryPlanner", "winningPlan")
		name, err := plan.Document().LookupErr("inputStage", "indexName")
		if err != nil {
			name = plan.Document().Lookup("indexName")
		}
		if name.StringValue() != "a_1" || raw.Lookup("executionStats", "totalDocsExamined").AsInt64() != tt.docs {
			t.Errorf("%v: %v", tt.cmd, raw)
		}
	}
	wantCode(t, db.RunCommand(bg, d("explain", d("insert", "c", "documents", bson.A{d()}))).Err(), 238)
	var doc bson.M
	ok(t, c.FindOne(bg, d("_id", 1)).Decode(&doc))
	if !reflect.DeepEqual(doc, bson.M{"_id": int32(1), "a": int32(1)}) || count(t, bg, c, d()) != 2 {
		t.Error("explain changed something:", doc)
	}
}

// TestRarestWordBoundsTheScan: if documents must have several words, the rarest word bounds the scan, whatever its
// position in the query. The index alone counts the documents with one word.
func TestRarestWordBoundsTheScan(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("c")
	index(t, c, bson.D{{Key: "site", Value: 1}, {Key: "words", Value: 1}, {Key: "at", Value: -1}}, nil)
	var docs []any
	for i := range 300 {
		words := bson.A{"common", "usual"}
		if i%100 == 7 {
			words = bson.A{"rare", "common", "usual", "usual"}
		}
		docs = append(docs, d("_id", i, "site", 1, "words", words, "at", i))
	}
	docs = append(
		docs,
		d("_id", 1000, "site", 2, "words", bson.A{"rare", "common"}, "at", 1),
		d("_id", 1001, "site", 1, "words", "rare", "at", 1),
	)
	_, err := c.InsertMany(bg, docs)
	ok(t, err)
	for _, tt := range []struct {
		words            bson.A
		found            int64
		mostKeys, mostOf int64 // keys, and documents of those that are counted
	}{
		{bson.A{"common", "usual", "rare"}, 3, 4, 4},
		{bson.A{"rare", "common"}, 3, 4, 4},
		{bson.A{"common", "usual"}, 300, 300, 300},
		{bson.A{"common", "nobody"}, 0, 0, 0},
		{bson.A{"common"}, 300, 300, 0},
		{bson.A{"rare"}, 4, 4, 0},
	} {
		filter := d("site", 1, "words", d("$all", tt.words))
		raw, err := db.RunCommand(bg, d("explain", d("count", "c", "query", filter))).Raw()
		ok(t, err)
		stats := raw.Lookup("executionStats").Document()
		if n := stats.Lookup("nReturned").AsInt64(); n != tt.found ||
			stats.Lookup("totalKeysExamined").AsInt64() > tt.mostKeys ||
			stats.Lookup("totalDocsExamined").AsInt64() > tt.mostOf {
			t.Errorf("%v: %v", tt.words, stats)
		}
		cursor, err := c.Find(bg, filter, options.Find().SetSort(d("at", -1)))
		ok(t, err)
		var rows []struct{ At int }
		ok(t, cursor.All(bg, &rows))
		for i := range rows {
			if i > 0 && rows[i].At >= rows[i-1].At {
				t.Errorf("%v: %d follows %d", tt.words, rows[i].At, rows[i-1].At)
			}
		}
		if len(rows) != int(tt.found) {
			t.Errorf("%v finds %d, not %d", tt.words, len(rows), tt.found)
		}
	}
}

// TestRarestAlternativesBoundTheScan: the same for conditions with several words each, and if a hint names the index. A
// document that has several of the words counts once, and isn't read.
func TestRarestAlternativesBoundTheScan(t *testing.T) {
	t.Parallel()
	db := database(t)
	c := db.Collection("c")
	keys := bson.D{{Key: "site", Value: 1}, {Key: "words", Value: 1}, {Key: "at", Value: -1}}
	index(t, c, keys, nil)
	var docs []any
	for i := range 300 {
		words := bson.A{"common", "usual"}
		if i%100 == 7 {
			words = append(words, "rare")
		}
		docs = append(docs, d("_id", i, "site", 1, "words", words, "at", i))
	}
	_, err := c.InsertMany(bg, docs)
	ok(t, err)
	oneOf := func(words ...string) bson.D { return d("words", d("$in", words)) }
	for _, tt := range []struct {
		all              bson.A
		found            int64
		mostKeys, mostOf int64 // keys, and documents of those that are counted
	}{
		{bson.A{oneOf("common", "usual"), oneOf("rare", "never")}, 3, 3, 3},
		{bson.A{oneOf("rare"), oneOf("common", "usual")}, 3, 3, 3},
		{bson.A{oneOf("common"), oneOf("never", "not")}, 0, 0, 0},
		{bson.A{oneOf("common", "rare")}, 300, 303, 0},
		{bson.A{oneOf("common", "usual"), d("at", d("$ne", 5))}, 299, 600, 300},
	} {
		for _, hint := range []any{nil, keys} {
			query := d("count", "c", "query", d("site", 1, "$and", tt.all))
			if hint != nil {
				query = append(query, bson.E{Key: "hint", Value: hint})
			}
			raw, err := db.RunCommand(bg, d("explain", query)).Raw()
			ok(t, err)
			stats := raw.Lookup("executionStats").Document()
			if n := stats.Lookup("nReturned").AsInt64(); n != tt.found ||
				stats.Lookup("totalKeysExamined").AsInt64() > tt.mostKeys ||
				stats.Lookup("totalDocsExamined").AsInt64() > tt.mostOf {
				t.Errorf("%v, hint %v: %v", tt.all, hint, stats)
			}
		}
	}
}
