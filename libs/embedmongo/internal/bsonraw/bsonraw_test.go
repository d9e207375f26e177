package bsonraw_test

import (
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
)

// TestBuilderWritesTheDriversBSON: the driver reads what Builder wrote.
func TestBuilderWritesTheDriversBSON(t *testing.T) {
	t.Parallel()
	inner := bsonraw.NewBuilder().String("s", "x").Build()
	b := bsonraw.NewBuilder().Int32("i", 1).Int64("l", 2).Double("d", 1.5).Bool("b", true).String("s", "ä").Doc("o", inner)
	b.Array("docs", []bsoncore.Document{inner, inner})
	b.Values("values", []bsoncore.Value{bsonraw.Int32Value(7), bsonraw.BoolValue(true), bsonraw.Null()})
	start := b.Begin(bsoncore.TypeEmbeddedDocument, "nested")
	b.Double("x", 2)
	b.End(start)
	doc := b.Build()
	if err := bsonraw.Validate(doc); err != nil {
		t.Fatal(err)
	}
	var got bson.D
	if err := bson.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	s := bson.D{{Key: "s", Value: "x"}}
	want := bson.D{
		{Key: "i", Value: int32(1)},
		{Key: "l", Value: int64(2)},
		{Key: "d", Value: 1.5},
		{Key: "b", Value: true},
		{Key: "s", Value: "ä"},
		{Key: "o", Value: s},
		{Key: "docs", Value: bson.A{s, s}},
		{Key: "values", Value: bson.A{int32(7), true, nil}},
		{Key: "nested", Value: bson.D{{Key: "x", Value: 2.0}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if v, ok := bsonraw.Lookup(doc, "s"); !ok || string(bsonraw.String(v)) != "ä" {
		t.Errorf("Lookup finds %v, %t", v, ok)
	}
	if _, ok := bsonraw.Lookup(doc, "x"); ok {
		t.Error("Lookup finds a member of a nested document")
	}
	if v, _ := bsonraw.Lookup(doc, "docs"); bsonraw.Depth(v) != 2 || len(bsonraw.Elements(v.Data)) != 2 {
		t.Errorf("an array of documents has depth %d", bsonraw.Depth(v))
	}
}

// TestValidateRefusesEveryTruncation: no prefix of a document is a document, nor is one with a changed length.
func TestValidateRefusesEveryTruncation(t *testing.T) {
	t.Parallel()
	doc, err := bson.Marshal(bson.D{
		{Key: "a", Value: bson.A{1, "x", bson.D{{Key: "b", Value: true}}}}, {Key: "c", Value: bson.Binary{Data: []byte{1}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc {
		if bsonraw.Validate(doc[:n]) == nil {
			t.Errorf("%d of %d bytes are accepted", n, len(doc))
		}
		longer := append([]byte(nil), doc...)
		longer[0] = byte(n)
		if bsonraw.Validate(longer) == nil {
			t.Errorf("a length of %d is accepted for %d bytes", n, len(doc))
		}
	}
	if bsonraw.Validate(append(doc, 0)) == nil {
		t.Error("a byte after the document is accepted")
	}
}

func TestValidateRefusesDepthAndTypes(t *testing.T) {
	t.Parallel()
	deep := bsonraw.NewBuilder().Build()
	for range 1_000 {
		deep = bsonraw.NewBuilder().Doc("a", deep).Build()
	}
	if err := bsonraw.Validate(deep); !mongoerr.Is(err, mongoerr.Overflow) {
		t.Errorf("1,000 levels: %v", err)
	}
	doc, err := bson.Marshal(bson.D{{Key: "a", Value: bson.NewDecimal128(1, 2)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := bsonraw.Validate(doc); !mongoerr.Is(err, mongoerr.NotImplemented) {
		t.Errorf("a Decimal128: %v", err)
	}
}

func TestNumbersAndFlagsFollowMongoDB(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value  bsoncore.Value
		whole  bool
		truthy bool
	}{
		"int32": {bsonraw.Int32Value(3), true, true}, "int64": {bsonraw.Int64Value(3), true, true},
		"a whole double": {bsonraw.DoubleValue(3), true, true}, "a fraction": {bsonraw.DoubleValue(0.5), false, true},
		"zero": {bsonraw.Int32Value(0), true, false}, "a double zero": {bsonraw.DoubleValue(0), true, false},
		"2^63": {bsonraw.DoubleValue(1 << 63), false, true}, "null": {bsonraw.Null(), false, false},
		"false": {bsonraw.BoolValue(false), false, false}, "true": {bsonraw.BoolValue(true), false, true},
	} {
		if _, whole := bsonraw.Int64(c.value); whole != c.whole {
			t.Errorf("%s: whole is %t", name, whole)
		}
		if truthy := bsonraw.Truthy(c.value); truthy != c.truthy {
			t.Errorf("%s: truthy is %t", name, truthy)
		}
	}
}
