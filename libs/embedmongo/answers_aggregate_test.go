package embedmongo_test

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// piped is the row of an aggregation over documents.
func piped(name string, docs bson.A, want string, stages ...any) answer {
	return answer{name: name, docs: docs, want: want, cmd: d("aggregate", "c", "cursor", d(), "pipeline", bson.A(stages))}
}

// computed is the row of an expression over one document.
func computed(name string, doc bson.D, expression any, want string) answer {
	return piped(name, bson.A{append(bson.D{}, doc...)}, want, d("$project", d("_id", 0, "r", expression)))
}

func invalid(name string, doc bson.D, expression any, code int) answer {
	row := computed(name, doc, expression, "")
	row.code = code
	return row
}

func TestAnswersToGroups(t *testing.T) {
	t.Parallel()
	var numbers bson.A
	for _, f := range []float64{0.1, 0.2, 0.3, 1e16, 1, -1e16} {
		numbers = append(numbers, d("x", f))
	}
	longs := bson.A{d("x", int64(1<<62)), d("x", int64(1<<62)), d("x", int64(-1<<62))}
	grouped := func(op string) any { return d("$group", d("_id", nil, "r", d(op, "$x"))) }
	answers(t, []answer{
		piped("a missing part of an _id", bson.A{d("_id", 1)}, `[{"_id": {"b": null}}]`,
			d("$group", d("_id", d("b", "$b")))),
		piped("a compensated sum", numbers, `[{"_id": null,"r": {"$numberDouble":"1.6"}}]`, grouped("$sum")),
		piped("a sum beyond an int64 on the way", longs,
			`[{"_id": null,"r": {"$numberLong":"4611686018427387904"}}]`, grouped("$sum")),
		piped("a sum beyond an int32", bson.A{d("x", int32(1<<30)), d("x", int32(1<<30))},
			`[{"_id": null,"r": {"$numberLong":"2147483648"}}]`, grouped("$sum")),
		{
			name: "one name twice", code: 16406,
			cmd: d("aggregate", "c", "cursor", d(), "pipeline", bson.A{
				d("$group", d("_id", nil, "r", d("$sum", 1), "r", d("$sum", 2))),
			}),
		},
	})
}

func TestAnswersToExpressions(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1000)
	answers(t, []answer{
		computed("below nested arrays", d("a", bson.A{bson.A{}}), "$a.a", `[{"r": []}]`),
		computed("below an array", d("a", bson.A{d("a", 1), 2}), "$a.a", `[{"r": [{"$numberInt":"1"}]}]`),
		computed("the sum of nothing", nil, d("$add", bson.A{}), `[{"r": {"$numberInt":"0"}}]`),
		computed("the sum of one", d("x", 5), d("$add", "$x"), `[{"r": {"$numberInt":"5"}}]`),
		computed("the sum of three", d("x", 5), d("$add", bson.A{"$x", 1, int64(2)}), `[{"r": {"$numberLong":"8"}}]`),
		computed("a date and numbers", d("x", at), d("$add", bson.A{1, "$x", 2}),
			`[{"r": {"$date":{"$numberLong":"1003"}}}]`),
		computed("the sum with a null", nil, d("$add", bson.A{1, nil}), `[{"r": null}]`),
		computed("between dates", d("x", at), d("$subtract", bson.A{"$x", "$x"}), `[{"r": {"$numberLong":"0"}}]`),
		computed("less a missing value", nil, d("$subtract", bson.A{1, "$x"}), `[{"r": null}]`),
		invalid("the sum of a string", d("x", "s"), d("$add", bson.A{"$x", 1}), 16554),
		invalid("the sum of two dates", d("x", at), d("$add", bson.A{"$x", "$x"}), 16612),
		invalid("less a string", d("x", "s"), d("$subtract", bson.A{1, "$x"}), 16556),
		invalid("a number less a date", d("x", at), d("$subtract", bson.A{1, "$x"}), 16556),
		invalid("a date less a string", d("x", at), d("$subtract", bson.A{"$x", "s"}), 16613),
		invalid("a path without a name", nil, "$", 16872),
		invalid("a path that ends with a dot", nil, "$x.", 40353),
		invalid("a path with an empty name", nil, "$x..y", 15998),
		invalid("an unknown part of $cond", nil, d("$cond", d("if", 1, "then", 2, "else", 3, "or", 4)), 17083),
		invalid("$cond without a condition", nil, d("$cond", d("then", 2, "else", 3)), 17080),
		invalid("$cond without then", nil, d("$cond", d("if", 1, "else", 3)), 17081),
		invalid("$cond without else", nil, d("$cond", d("if", 1, "then", 3)), 17082),
		invalid("one operand", nil, d("$eq", "$x"), 16020),
		invalid("a document", nil, d("a.b", "$x"), 238),
		invalid("one name twice", nil, d("$ifNull", bson.A{nil, d("x", 1, "x", 2)}), 16406),
		invalid("a dotted name", nil, d("$ifNull", bson.A{nil, d("x.y", 1)}), 16412),
	})
}

func TestAnswersToProjections(t *testing.T) {
	t.Parallel()
	project := func(name string, projection bson.D, code int) answer {
		return answer{name: name, code: code, cmd: d("find", "c", "projection", projection)}
	}
	answers(t, []answer{
		project("the _id twice", d("_id", 1, "_id", 0), 31250),
		project("a field twice", d("a", 1, "a", 1), 31250),
		project("a field and one below", d("a", 1, "a.b", 1), 31249),
		project("a field and one above", d("a.b", 1, "a", 1), 31250),
		project("inclusion, then exclusion", d("a", 1, "b", 0), 31254),
		project("exclusion, then inclusion", d("a", 0, "b", 1), 31253),
		piped("a computed field instead of the document's", bson.A{d("_id", 1, "a", 1, "b", 2)},
			`[{"_id": {"$numberInt":"1"},"a": {"$numberInt":"2"}}]`, d("$project", d("a", "$b"))),
	})
}
