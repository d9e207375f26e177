package embedmongo_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// changed is the row of an update of the document with the _id 1.
func changed(name string, doc, update bson.D, want string) answer {
	row := answer{name: name, docs: bson.A{append(d("_id", 1), doc...)}, want: want}
	row.cmd = d("update", "c", "updates", bson.A{d("q", d("_id", 1), "u", update)})
	return row
}

// unchanged is the row of an update that ends with an error.
func unchanged(name string, doc, update bson.D, code int) answer {
	row := changed(name, doc, update, "")
	row.code = code
	return row
}

// upserted is the row of an upsert into an empty collection.
func upserted(name string, filter, update bson.D, code int, want string) answer {
	cmd := d("update", "c", "updates", bson.A{d("q", filter, "u", update, "upsert", true)})
	return answer{name: name, cmd: cmd, code: code, want: want}
}

func TestAnswersToUpdates(t *testing.T) {
	t.Parallel()
	arr := d("a", bson.A{7, 8})
	const after = `[{"_id": {"$numberInt":"1"},`
	answers(t, []answer{
		changed("a position with a zero in front", arr, d("$set", d("a.01", 9)),
			`n:1 nModified:1 `+after+`"a": [{"$numberInt":"7"},{"$numberInt":"9"}]}]`),
		changed("a position of zeros", arr, d("$unset", d("a.00", "")),
			`n:1 nModified:1 `+after+`"a": [null,{"$numberInt":"8"}]}]`),
		changed("two such positions beyond the end", arr, d("$set", d("a.003", 3, "a.2", 2)),
			`n:1 nModified:1 `+after+`"a": [{"$numberInt":"7"},{"$numberInt":"8"},{"$numberInt":"2"},{"$numberInt":"3"}]}]`),
		unchanged("two paths to one position", arr, d("$set", d("a.01", 9, "a.1", 9)), 40),
		changed("a name with a zero in front", d("a", d("01", 1)), d("$set", d("a.01", 9)),
			`n:1 nModified:1 `+after+`"a": {"01": {"$numberInt":"9"}}}]`),
		changed("unset an element that is null", d("a", bson.A{nil}), d("$unset", d("a.0", "")),
			`n:1 nModified:1 `+after+`"a": [null]}]`),
		changed("set an element to what it is", d("a", bson.A{nil}), d("$set", d("a.0", nil)),
			`n:1 nModified:0 `+after+`"a": [null]}]`),
		unchanged("another type of _id", nil, d("$set", d("_id", 1.0)), 66),
		changed("the same _id", nil, d("$set", d("_id", 1)), `n:1 nModified:0 `+first),
		changed("no operators", nil, d("$set", d()), `n:1 nModified:0 `+first),
		changed("a reference", d("a", bson.A{}), d("$push", d("a", d("$ref", "x", "$id", 2))),
			`n:1 nModified:1 `+after+`"a": [{"$ref": "x","$id": {"$numberInt":"2"}}]}]`),
		unchanged("a modifier behind a field", arr, d("$push", d("a", d("x", 1, "$each", bson.A{1}))), 2),
		unchanged("push each of a number", arr, d("$push", d("a", d("$each", 1))), 2),
		unchanged("add each of a number", arr, d("$addToSet", d("a", d("$each", 1))), 14),
		unchanged("push an operator", arr, d("$push", d("a", d("$x", 1))), 52),
		unchanged("two _id in a replacement", nil, d("_id", 1, "_id", 1), 2),
		{
			name: "an update of many that fails in the middle", docs: bson.A{d("_id", 1, "a", 1), d("_id", 2, "a", "x")},
			cmd:  d("update", "c", "updates", bson.A{d("q", d(), "u", d("$inc", d("a", 1)), "multi", true)}),
			code: 14,
			want: `n:0 nModified:0 [{"_id": {"$numberInt":"1"},"a": {"$numberInt":"2"}},` +
				`{"_id": {"$numberInt":"2"},"a": "x"}]`,
		},
	})
}

func TestAnswersToPull(t *testing.T) {
	t.Parallel()
	docs := d("a", bson.A{d("b", 1), d("b", 2), 3, bson.A{5}})
	const after = `n:1 nModified:1 [{"_id": {"$numberInt":"1"},"a": `
	answers(t, []answer{
		changed("by alternatives", docs, d("$pull", d("a", d("$or", bson.A{d("b", 1), d("b", 2)}))),
			after+`[{"$numberInt":"3"},[{"$numberInt":"5"}]]}]`),
		changed("by neither", docs, d("$pull", d("a", d("$nor", bson.A{d("b", 1)}))),
			after+`[{"b": {"$numberInt":"1"}},{"$numberInt":"3"},[{"$numberInt":"5"}]]}]`),
		changed("by an operator that looks into arrays", docs, d("$pull", d("a", d("$gte", 3))),
			after+`[{"b": {"$numberInt":"1"}},{"b": {"$numberInt":"2"}}]}]`),
		unchanged("by $eq", docs, d("$pull", d("a", d("$eq", 3))), 2),
		unchanged("by $eq below", d("a", d("b", bson.A{1})), d("$pull", d("a.b", d("$eq", 1))), 2),
		unchanged("by $not", docs, d("$pull", d("a", d("$not", d("$gte", 3)))), 2),
		unchanged("below a number", d("a", 1), d("$pull", d("a.b", 1)), 28),
		changed("below nothing", nil, d("$pull", d("a.b", 1)), `n:1 nModified:0 `+first),
	})
}

func TestAnswersToUpserts(t *testing.T) {
	t.Parallel()
	answers(t, []answer{
		upserted("nothing equals all of nothing", d("_id", 1, "a", 2, "b", d("$all", bson.A{})),
			d("$set", d("_id", 1)), 0, `n:1 nModified:0 `+first),
		upserted("what the filter demands", d("_id", 1, "a", 2), d("$set", d("b", 1)), 0,
			`n:1 nModified:0 [{"_id": {"$numberInt":"1"},"a": {"$numberInt":"2"},"b": {"$numberInt":"1"}}]`),
		upserted("without its _id", d("_id", 1), d("$unset", d("_id", "")), 66, ""),
		upserted("an empty name", d("", 1), d("$set", d("a", 1)), 20, ""),
		upserted("a part of an _id", d("_id.x", 1), d("a", 1), 111, ""),
		upserted("a list as _id", d("_id", 1), d("$set", d("_id", bson.A{1})), 66, ""),
	})
}

func TestAnswersToInserts(t *testing.T) {
	t.Parallel()
	inserted := func(name string, doc bson.D, code int) answer {
		row := answer{name: name, cmd: d("insert", "c", "documents", bson.A{doc}), code: code}
		if code == 0 {
			row.want = "n:1 " + first
		}
		return row
	}
	answers(t, []answer{
		inserted("two _id", d("_id", 1, "a", 1, "_id", 2), 2),
		inserted("an operator in the _id", d("_id", d("a", d("$x", 1))), 52),
		inserted("an array as _id", d("_id", bson.A{1}), 2),
		inserted("an expression as _id", d("_id", bson.Regex{Pattern: "a"}), 2),
		inserted("no operator", d("_id", 1), 0),
	})
}

// TestAnswersToZeroTimestamps: fields that are a zero timestamp get the server's time, others don't.
func TestAnswersToZeroTimestamps(t *testing.T) {
	t.Parallel()
	c := database(t).Collection("c")
	zero := bson.Timestamp{}
	_, err := c.InsertOne(bg, d("_id", 1, "at", zero, "in", d("at", zero)))
	ok(t, err)
	_, err = c.InsertOne(bg, d("_id", 2))
	ok(t, err)
	_, err = c.ReplaceOne(bg, d("_id", 2), d("at", zero, "in", d("at", zero)))
	ok(t, err)
	_, err = c.InsertOne(bg, d("_id", 3))
	ok(t, err)
	_, err = c.UpdateByID(bg, 3, d("$set", d("at", zero, "in", d("at", zero))))
	ok(t, err)
	for id, stamped := range map[int]bool{1: true, 2: true, 3: false} {
		var doc struct {
			At bson.Timestamp
			In struct{ At bson.Timestamp }
		}
		ok(t, c.FindOne(bg, d("_id", id)).Decode(&doc))
		if doc.At.IsZero() == stamped || !doc.In.At.IsZero() {
			t.Errorf("document %d is %v", id, doc)
		}
	}
}

// TestAnswersToWriteConcerns: a write whose write concern can't be met is done, and the response says so.
func TestAnswersToWriteConcerns(t *testing.T) {
	t.Parallel()
	raw := dial(t, start(t, "").Addr())
	for i, tt := range []struct {
		w    any
		code any
	}{{2, int32(100)}, {"unknown", int32(79)}, {"majority", nil}, {1, nil}} {
		reply, err := raw.run("insert", "c", "documents", bson.A{d("_id", i)}, "writeConcern", d("w", tt.w))
		ok(t, err)
		failure, _ := reply["writeConcernError"].(bson.D)
		var code any
		for _, e := range failure {
			if e.Key == "code" {
				code = e.Value
			}
		}
		if code != tt.code {
			t.Errorf("w: %v responds %v", tt.w, reply)
		}
	}
	reply, err := raw.run("count", "c")
	ok(t, err)
	if reply["n"] != int32(4) {
		t.Errorf("%v documents of 4", reply["n"])
	}
}
