package query

import (
	"math"
	"testing"
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

type m = bson.M

func raw(t testing.TB, v any) bsoncore.Document {
	t.Helper()
	b, err := bson.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// js reads extended JSON, which keeps the order of fields.
func js(t testing.TB, s string) bsoncore.Document {
	t.Helper()
	var d bson.D
	if err := bson.UnmarshalExtJSON([]byte(s), false, &d); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return raw(t, d)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		filter, doc string
		want        bool
	}{
		{`{}`, `{"a":1}`, true},
		{`{"a":1}`, `{"a":{"$numberDouble":"1"}}`, true},
		{`{"a":1}`, `{"a":[3,1]}`, true},
		{`{"a":[3,1]}`, `{"a":[3,1]}`, true},
		{`{"a":[3,1]}`, `{"a":[[3,1],2]}`, true},
		{`{"a":[1,3]}`, `{"a":[3,1]}`, false},
		{`{"a":null}`, `{}`, true},
		{`{"a":null}`, `{"a":null}`, true},
		{`{"a":null}`, `{"a":0}`, false},
		{`{"a.b":1}`, `{"a":{"b":1}}`, true},
		{`{"a.b":1}`, `{"a":[{"b":2},{"b":1}]}`, true},
		{`{"a.b":null}`, `{"a":[{"b":2},{}]}`, true},
		{`{"a.b":null}`, `{"a":5}`, true},
		{`{"a.1":2}`, `{"a":[1,2]}`, true},
		{`{"a.0.b":1}`, `{"a":[{"b":1}]}`, true},
		{`{"a":{"b":1,"c":2}}`, `{"a":{"b":1,"c":2}}`, true},
		{`{"a":{"b":1,"c":2}}`, `{"a":{"c":2,"b":1}}`, false},
		{`{"a":{"$ne":1}}`, `{"a":[1,2]}`, false},
		{`{"a":{"$ne":1}}`, `{}`, true},
		{`{"a":{"$gt":1}}`, `{"a":"x"}`, false},
		{`{"a":{"$gt":1}}`, `{"a":{"$numberLong":"9007199254740993"}}`, true},
		{`{"a":{"$lt":5}}`, `{"a":{"$numberDouble":"NaN"}}`, false},
		{`{"a":{"$gte":null}}`, `{}`, true},
		{`{"a":{"$gt":""}}`, `{"a":"x"}`, true},
		{`{"a":{"$gt":""}}`, `{}`, false},
		{`{"a":{"$gt":1,"$lt":3}}`, `{"a":[0,5]}`, true},
		{`{"a":{"$elemMatch":{"$gt":1,"$lt":3}}}`, `{"a":[0,5]}`, false},
		{`{"a":{"$elemMatch":{"b":1,"c":2}}}`, `{"a":[{"b":1},{"c":2}]}`, false},
		{`{"a":{"$elemMatch":{"b":1,"c":2}}}`, `{"a":[{"b":1,"c":2}]}`, true},
		{`{"a":{"$in":[1,null]}}`, `{}`, true},
		{`{"a":{"$in":[1,2,3,4,5,6,7,8,9,10]}}`, `{"a":[11,10]}`, true},
		{`{"a":{"$nin":[1,2]}}`, `{"a":[3,2]}`, false},
		{`{"a":{"$exists":true}}`, `{"a":null}`, true},
		{`{"a":{"$exists":false}}`, `{"a":null}`, false},
		{`{"a":{"$all":["x","y"]}}`, `{"a":["y","z","x"]}`, true},
		{`{"a":{"$all":["x","q"]}}`, `{"a":["y","z","x"]}`, false},
		{`{"a":{"$all":[]}}`, `{"a":[]}`, false},
		{`{"a":{"$size":2}}`, `{"a":[1,2]}`, true},
		{`{"a":{"$regex":"^he","$options":"i"}}`, `{"a":"Hello"}`, true},
		{`{"a":{"$not":{"$gt":5}}}`, `{"a":3}`, true},
		{`{"a":{"$not":{"$gt":5}}}`, `{}`, true},
		{`{"a":{"$type":"number"}}`, `{"a":1.5}`, true},
		{`{"a":{"$type":["string","null"]}}`, `{"a":1}`, false},
		{`{"$or":[{"a":1},{"b":1}]}`, `{"b":1}`, true},
		{`{"$nor":[{"a":1},{"b":1}]}`, `{"b":1}`, false},
		{`{"$and":[{"a":{"$gt":0}},{"a":{"$lt":2}}]}`, `{"a":1}`, true},
		{`{"a":{"$gte":{"$minKey":1}}}`, `{"a":"x"}`, true},
	}
	for _, tt := range tests {
		f, err := ParseFilter(js(t, tt.filter))
		if err != nil {
			t.Fatal(tt.filter, err)
		}
		if got := f.Match(js(t, tt.doc)); got != tt.want {
			t.Errorf("%s on %s: %v", tt.filter, tt.doc, got)
		}
	}
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	tests := []struct{ update, doc, want string }{
		{`{"$set":{"b":2,"a.c.d":1}}`, `{"_id":1}`, `{"_id":1,"a":{"c":{"d":1}},"b":2}`},
		{`{"$set":{"a.1":9}}`, `{"_id":1,"a":[1]}`, `{"_id":1,"a":[1,9]}`},
		{`{"$set":{"a.2.x":9}}`, `{"_id":1,"a":[1]}`, `{"_id":1,"a":[1,null,{"x":9}]}`},
		{
			`{"$unset":{"a":1,"b.c":1,"q.r":1,"d.0":1}}`,
			`{"_id":1,"a":1,"b":{"c":1,"d":2},"d":[1,2]}`,
			`{"_id":1,"b":{"d":2},"d":[null,2]}`,
		},
		{`{"$inc":{"a":2147483647}}`, `{"_id":1,"a":1}`, `{"_id":1,"a":{"$numberLong":"2147483648"}}`},
		{`{"$inc":{"a":0.5}}`, `{"_id":1,"a":1}`, `{"_id":1,"a":1.5}`},
		{`{"$mul":{"a":3,"b":2}}`, `{"_id":1,"a":2}`, `{"_id":1,"a":6,"b":0}`},
		{`{"$min":{"a":2},"$max":{"b":2}}`, `{"_id":1,"a":3,"b":3}`, `{"_id":1,"a":2,"b":3}`},
		{`{"$push":{"a":1}}`, `{"_id":1}`, `{"_id":1,"a":[1]}`},
		{`{"$push":{"a":{"$each":[3,4],"$slice":-3}}}`, `{"_id":1,"a":[1,2]}`, `{"_id":1,"a":[2,3,4]}`},
		{`{"$push":{"a":{"$each":[0],"$position":0}}}`, `{"_id":1,"a":[1]}`, `{"_id":1,"a":[0,1]}`},
		{`{"$addToSet":{"a":{"$each":[1,2,2]}}}`, `{"_id":1,"a":[1]}`, `{"_id":1,"a":[1,2]}`},
		{`{"$addToSet":{"a":{"x":1}}}`, `{"_id":1,"a":[{"x":1}]}`, `{"_id":1,"a":[{"x":1}]}`},
		{`{"$pull":{"a":{"$gte":2}}}`, `{"_id":1,"a":[1,2,3]}`, `{"_id":1,"a":[1]}`},
		{`{"$pull":{"a":{"x":1}}}`, `{"_id":1,"a":[{"x":1,"y":2},{"x":2}]}`, `{"_id":1,"a":[{"x":2}]}`},
		{`{"$pull":{"a":2,"z":1}}`, `{"_id":1,"a":[1,2]}`, `{"_id":1,"a":[1]}`},
		{`{"$setOnInsert":{"a":1}}`, `{"_id":1}`, `{"_id":1}`},
		{`{"x":1}`, `{"_id":1,"a":1}`, `{"_id":1,"x":1}`},
		{`{"$set":{}}`, `{"_id":1,"a":1}`, `{"_id":1,"a":1}`},
	}
	for _, tt := range tests {
		u, err := ParseUpdate(bsonraw.DocValue(js(t, tt.update)))
		if err != nil {
			t.Fatal(tt.update, err)
		}
		got, _, err := u.Apply(js(t, tt.doc))
		if err != nil || string(got) != string(js(t, tt.want)) {
			t.Errorf("%s on %s: %v %v, want %s", tt.update, tt.doc, got, err, tt.want)
		}
	}
	u, err := ParseUpdate(bsonraw.DocValue(js(t, `{"$currentDate":{"at":true}}`)))
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := u.Apply(js(t, `{"_id":1}`))
	if err != nil || time.Since(got.Lookup("at").Time()) > time.Minute {
		t.Error(got, err)
	}
}

func TestProjection(t *testing.T) {
	t.Parallel()
	doc := `{"_id":1,"a":{"b":1,"c":2},"l":[{"b":1,"c":2},5,[{"b":3}]],"z":0}`
	tests := []struct{ projection, want string }{
		{`{"a":1}`, `{"_id":1,"a":{"b":1,"c":2}}`},
		{`{"a.b":1,"_id":0}`, `{"a":{"b":1}}`},
		{`{"l.b":1}`, `{"_id":1,"l":[{"b":1},[{"b":3}]]}`},
		{`{"a":0,"l.c":0}`, `{"_id":1,"l":[{"b":1},5,[{"b":3}]],"z":0}`},
		{`{"_id":0}`, `{"a":{"b":1,"c":2},"l":[{"b":1,"c":2},5,[{"b":3}]],"z":0}`},
		{`{"_id":1}`, `{"_id":1}`},
		{`{"none.x":1}`, `{"_id":1}`},
	}
	for _, tt := range tests {
		p, err := ParseProjection(js(t, tt.projection))
		if err != nil {
			t.Fatal(tt.projection, err)
		}
		if got := p.Apply(js(t, doc)); string(got) != string(js(t, tt.want)) {
			t.Errorf("%s: %v, want %s", tt.projection, got, tt.want)
		}
	}
}

// ordered are values in MongoDB's order, each less than the next.
func ordered() []any {
	return []any{
		bson.MinKey{},
		nil, math.NaN(), math.Inf(-1), int64(math.MinInt64), -1e18, int64(-1 << 53), -2.5, int32(-2), 0,
		0.5, 1, int64(2), 2.5, math.MaxInt32, int64(1<<53 - 1), int64(1 << 53), int64(1<<53 + 1), float64(1<<53 + 2),
		int64(math.MaxInt64 - 1), int64(math.MaxInt64), float64(1 << 63), math.Inf(1),
		"", "\x00", "a", "a\x00", "a\x00b", "aa", "b",
		bson.D{},
		bson.D{{Key: "a", Value: 1}},
		bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}},
		bson.D{{Key: "a", Value: 2}},
		bson.D{{Key: "b", Value: 1}},
		bson.D{{Key: "a", Value: "x"}},
		bson.A{},
		bson.A{1},
		bson.A{1, 2},
		bson.A{2},
		bson.Binary{Data: []byte{9}},
		bson.Binary{Data: []byte{1, 2}},
		bson.ObjectID{1},
		bson.ObjectID{2},
		false, true, bson.DateTime(-5), bson.DateTime(5),
		bson.Timestamp{T: 1, I: 2},
		bson.Timestamp{T: 2, I: 1},
		bson.Regex{Pattern: "a"},
		bson.MaxKey{},
	}
}

func TestCompareOrder(t *testing.T) {
	t.Parallel()
	values := ordered()
	at := func(i int) bsoncore.Value { return raw(t, m{"v": values[i]}).Lookup("v") }
	for i := range values {
		for j := range values {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := Compare(at(i), at(j)); got != want {
				t.Errorf("Compare(%v, %v) = %d, want %d", values[i], values[j], got, want)
			}
		}
	}
}
