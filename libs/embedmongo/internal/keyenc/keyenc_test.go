package keyenc

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

func value(t testing.TB, v any) bsoncore.Value {
	t.Helper()
	b, err := bson.Marshal(bson.M{"v": v})
	if err != nil {
		t.Fatal(err)
	}
	return bsoncore.Document(b).Lookup("v")
}

// groups holds equal values together, in ascending order.
var groups = [][]any{
	{
		bson.MinKey{},
	},
	{nil},
	{math.NaN()},
	{math.Inf(-1)},
	{-math.MaxFloat64},
	{int64(math.MinInt64), float64(math.MinInt64)},
	{
		int64(math.MinInt64 + 1),
	},
	{-1.5},
	{int32(-1), int64(-1), -1.0},
	{0, int64(0), 0.0, math.Copysign(0, -1)},
	{math.SmallestNonzeroFloat64},
	{
		1,
		1.0,
	},
	{int64(1<<53 - 1)},
	{int64(1 << 53), float64(1 << 53)},
	{int64(1<<53 + 1)},
	{
		int64(1<<53 + 2), float64(1<<53 + 2),
	},
	{int64(1<<62 - 1)},
	{int64(1 << 62), float64(1 << 62)},
	{int64(math.MaxInt64)},
	{float64(1 << 63)},
	{math.Inf(1)},
	{""},
	{"\x00"},
	{"\x00\x01"},
	{"\x01"},
	{"a"},
	{"a\x00"},
	{"a\x00\xff"},
	{"ab"},
	{"\xff"},
	{
		bson.D{},
	},
	{
		bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "a", Value: 1.0}},
	},
	{bson.D{{Key: "a", Value: 1}, {Key: "a", Value: 1}}},
	{bson.A{}},
	{bson.A{nil}},
	{bson.A{1}},
	{bson.A{1, bson.A{}}},
	{bson.A{"x"}},
	{false},
	{true},
	{bson.DateTime(math.MinInt64)},
	{bson.DateTime(0)},
	{bson.MaxKey{}},
}

func TestOrder(t *testing.T) {
	t.Parallel()
	for _, descending := range []bool{false, true} {
		var last []byte
		for i, group := range groups {
			first := AppendField(nil, value(t, group[0]), descending)
			for _, same := range group[1:] {
				if got := AppendField(nil, value(t, same), descending); !bytes.Equal(got, first) {
					t.Errorf("%v and %v differ", group[0], same)
				}
			}
			// What follows in a compound key must not change the order.
			for _, tails := range [][2]string{{"", ""}, {"\xff\xff", "\x00"}, {"\x00", "\xff\xff"}} {
				a, b := append(bytes.Clone(last), tails[0]...), append(bytes.Clone(first), tails[1]...)
				if i > 0 && (bytes.Compare(a, b) < 0) == descending {
					t.Errorf("%v and %v are in wrong order (descending %v)", groups[i-1], group, descending)
				}
			}
			last = first
		}
	}
}

func TestRandomNumbers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		a := int64(r.Uint64()) >> r.IntN(64)
		b := a + r.Int64N(5) - 2
		ka, kb := Append(nil, value(t, a)), Append(nil, value(t, b))
		if c := bytes.Compare(ka, kb); (c < 0) != (a < b) || (c == 0) != (a == b) {
			t.Fatalf("%d and %d compare as %d", a, b, c)
		}
		f := float64(a)
		if c := bytes.Compare(Append(nil, value(t, f)), Append(nil, value(t, math.Nextafter(f, math.Inf(1))))); c >= 0 {
			t.Fatalf("%v and its successor compare as %d", f, c)
		}
	}
}

func TestSuccessor(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a": "b", "a\xff": "b", "a\x00": "a\x01"} {
		if got := Successor([]byte(in)); string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if Successor([]byte{0xff}) != nil {
		t.Error("0xff has a successor")
	}
}
