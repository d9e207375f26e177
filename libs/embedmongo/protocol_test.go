package embedmongo_test

import (
	"reflect"
	"testing"

	"fivechat.dev/libs/embedmongo"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	db := database(t)
	_, err := db.Collection("c").InsertOne(bg, d("_id", 1, "a", "text", "arr", bson.A{1}))
	ok(t, err)
	update := func(u any) bson.D {
		return d("update", "c", "updates", bson.A{d("q", d(), "u", u)})
	}
	find := func(pairs ...any) bson.D { return append(d("find", "c"), d(pairs...)...) }
	tests := []struct {
		name string
		cmd  bson.D
		code int
	}{
		{"command", d("mapReduce", "c"), 59},
		{"field", find("nonsense", 1), 40415},
		{"collation", find("collation", d("locale", "de")), 238},
		{"top operator", find("filter", d("$where", "1")), 2},
		{"operator", find("filter", d("a", d("$near", 1))), 2},
		{"regex", find("filter", d("a", d("$regex", "("))), 51091},
		{"in", find("filter", d("a", d("$in", 1))), 2},
		{"sort", find("sort", d("a", 2)), 2},
		{"sort meta", find("sort", d("a", d("$meta", "textScore"))), 2},
		{"projection", find("projection", d("a", 1, "b", 0)), 31254},
		{"projection operator", find("projection", d("a", d("$slice", 1))), 238},
		{"negative skip", find("skip", -1), 51024},
		{"filter type", find("filter", 5), 14},
		{"stage", d("aggregate", "c", "pipeline", bson.A{d("$lookup", d())}, "cursor", d()), 40324},
		{
			"expression",
			d("aggregate", "c", "pipeline", bson.A{d("$project", d("x", d("$concat", bson.A{"a"})))}, "cursor", d()),
			168,
		},
		{
			"accumulator",
			d(
				"aggregate", "c", "pipeline", bson.A{d("$group", d("_id", 1, "x", d("$stdDevPop", "$a")))},
				"cursor", d(),
			),
			15952,
		},
		{"no cursor", d("aggregate", "c", "pipeline", bson.A{}), 9},
		{"modifier", update(d("$rename", d("a", "b"))), 9},
		{"pipeline update", update(bson.A{d("$set", d("a", 1))}), 238},
		{"inc text", update(d("$inc", d("a", 1))), 14},
		{"inc by text", update(d("$inc", d("n", "x"))), 14},
		{"conflict", update(d("$set", d("a", 1), "$inc", d("a.b", 1))), 40},
		{"id", update(d("$set", d("_id", 2))), 66},
		{"path", update(d("$set", d("a.b", 1))), 28},
		{"push", update(d("$push", d("a", 1))), 2},
		{"positional", update(d("$set", d("arr.$", 1))), 238},
		{
			"index option",
			d("createIndexes", "c", "indexes", bson.A{d("key", d("x", 1), "name", "x", "wildcardProjection", d())}),
			197,
		},
		{"no such collection", d("listIndexes", "none"), 26},
		{"write concern", append(update(d("$set", d("z", 1))), bson.E{Key: "writeConcern", Value: d("w", 3)}), 100},
		{"bad namespace", d("insert", "a$b", "documents", bson.A{d("_id", 1)}), 73},
		{"array id", d("insert", "c", "documents", bson.A{d("_id", bson.A{1})}), 2},
		{"capped", d("create", "x", "capped", true), 238},
		{"lone commit", d("commitTransaction", 1), 125},
		{"empty batch", d("insert", "c", "documents", bson.A{}), 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var reply struct {
				WriteErrors []struct{ Code int }
			}
			err := db.RunCommand(bg, tt.cmd).Decode(&reply)
			if err == nil && len(reply.WriteErrors) == 1 {
				if reply.WriteErrors[0].Code != tt.code {
					t.Fatalf("write error %d, want %d", reply.WriteErrors[0].Code, tt.code)
				}
				return
			}
			wantCode(t, err, tt.code)
		})
	}
}

// session is a session id for commands sent by hand.
func sessionID(n byte) bson.D {
	id := make([]byte, 16)
	id[0] = n
	return d("id", bson.Binary{Subtype: 4, Data: id})
}

func TestRetryableWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := embedmongo.Start(bg, embedmongo.Options{Dir: dir})
	ok(t, err)
	c := dial(t, s.Addr())
	runIn := func(session byte, cmd bson.D, number int64) (bson.M, error) {
		cmd = append(append(bson.D{}, cmd...), d("lsid", sessionID(session), "txnNumber", number)...)
		return c.run(flat(cmd)...)
	}
	run := func(cmd bson.D, number int64) (bson.M, error) { return runIn(1, cmd, number) }
	insert := d("insert", "c", "documents", bson.A{d("_id", 1), d("_id", 2)})
	inc := d("update", "c", "updates", bson.A{d("q", d("_id", 1), "u", d("$inc", d("n", 1)))})
	modify := d("findAndModify", "c", "query", d("_id", 1), "update", d("$inc", d("n", 10)), "new", true)
	upsert := d("update", "c", "updates", bson.A{d("q", d("k", 1), "u", d("$inc", d("n", 1)), "upsert", true)})
	remove := d("delete", "c", "deletes", bson.A{d("q", d("_id", 2), "limit", 1)})
	for i, cmd := range []bson.D{insert, inc, modify, upsert, remove} {
		first, err := run(cmd, int64(i+1))
		ok(t, err)
		again, err := run(cmd, int64(i+1))
		ok(t, err)
		for _, reply := range []bson.M{first, again} {
			delete(reply, "operationTime")
			delete(reply, "$clusterTime")
		}
		if !reflect.DeepEqual(first, again) {
			t.Errorf("repeated %v: %v, first %v", cmd[0], again, first)
		}
	}
	_, err = run(inc, 1)
	wantCode(t, err, 225)
	docs := connect(t, s.URI()).Database("test").Collection("c")
	var doc struct{ N int }
	ok(t, docs.FindOne(bg, d("_id", 1)).Decode(&doc))
	if doc.N != 11 || count(t, bg, docs, d()) != 2 {
		t.Fatal(doc)
	}
	tx := bson.E{Key: "autocommit", Value: false}
	_, err = runIn(
		3,
		append(d("insert", "c", "documents", bson.A{d("_id", 9)}), tx, bson.E{Key: "startTransaction", Value: true}),
		9,
	)
	ok(t, err)
	commit := append(d("commitTransaction", 1), tx)
	_, err = runIn(3, commit, 9)
	ok(t, err)
	_, err = run(inc, 10)
	ok(t, err)
	ok(t, s.Close())

	// The records outlive the process.
	s = start(t, dir)
	c = dial(t, s.Addr())
	_, err = runIn(3, commit, 9)
	ok(t, err)
	_, err = run(inc, 10)
	ok(t, err)
	docs = connect(t, s.URI()).Database("test").Collection("c")
	ok(t, docs.FindOne(bg, d("_id", 1)).Decode(&doc))
	if doc.N != 12 {
		t.Fatal(doc)
	}
}

func flat(doc bson.D) []any {
	var out []any
	for _, e := range doc {
		out = append(out, e.Key, e.Value)
	}
	return out
}

func TestTransactionCommandsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c := dial(t, s.Addr())
	in := func(number int64, start bool, pairs ...any) error {
		pairs = append(pairs, "lsid", sessionID(2), "txnNumber", number, "autocommit", false)
		if start {
			pairs = append(pairs, "startTransaction", true)
		}
		_, err := c.run(pairs...)
		return err
	}
	wantTransient(t, in(1, false, "find", "c"), 251)
	ok(t, in(2, true, "find", "c"))
	wantCode(t, in(2, true, "find", "c"), 117)
	wantCode(t, in(2, false, "count", "c"), 263)
	wantCode(t, in(2, false, "createIndexes", "c", "indexes", bson.A{d("key", d("a", 1), "name", "a")}), 263)
	ok(t, in(2, false, "find", "c"))
	wantCode(t, in(1, true, "find", "c"), 225)
	ok(t, in(2, false, "commitTransaction", 1))
	wantCode(t, in(2, false, "abortTransaction", 1), 256)
	wantCode(t, in(2, false, "find", "c"), 256)
	ok(t, in(3, true, "insert", "c", "documents", bson.A{d("_id", 1)}))
	_, err := c.run("endSessions", bson.A{sessionID(2)})
	ok(t, err)
	wantTransient(t, in(3, false, "commitTransaction", 1), 251)

	// A lost connection ends its transaction and frees the locks.
	ok(t, in(4, true, "insert", "c", "documents", bson.A{d("_id", 1)}))
	ok(t, c.Close())
	c = dial(t, s.Addr())
	_, err = c.run("insert", "c", "documents", bson.A{d("_id", 1)})
	ok(t, err)
	wantTransient(t, in(4, false, "commitTransaction", 1), 251)
}
