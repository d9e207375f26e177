package embedmongo_test

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func TestAnswersToSorts(t *testing.T) {
	t.Parallel()
	sorted := func(name string, sort bson.D, docs bson.A, want string) answer {
		return answer{name: name, docs: docs, cmd: d("find", "c", "sort", sort, "projection", d("_id", 1)), want: want}
	}
	fails := func(name string, sort bson.D, docs bson.A, code int) answer {
		return answer{name: name, docs: docs, cmd: d("find", "c", "sort", sort), code: code}
	}
	const inOrder, reversed = `[{"_id": {"$numberInt":"1"}},{"_id": {"$numberInt":"2"}}]`,
		`[{"_id": {"$numberInt":"2"}},{"_id": {"$numberInt":"1"}}]`
	answers(t, []answer{
		sorted("an empty array on the way is null", d("a.b", 1), bson.A{d("_id", 1), d("_id", 2, "a", bson.A{})}, inOrder),
		sorted("an empty array is less than null", d("a", 1), bson.A{d("_id", 1), d("_id", 2, "a", bson.A{})}, reversed),
		sorted("two fields of one array", d("a.b", 1, "a.c", 1), bson.A{
			d("_id", 1, "a", bson.A{d("b", 1, "c", 9), d("b", 2, "c", 0)}),
			d("_id", 2, "a", bson.A{d("b", 1, "c", 5)}),
		}, reversed),
		sorted("a fraction", d("_id", -1.5), bson.A{d("_id", 1), d("_id", 2)}, reversed),
		fails("half", d("_id", 0.5), bson.A{d("_id", 1)}, 2),
		fails("two arrays", d("a", 1, "b", 1), bson.A{d("_id", 1, "a", bson.A{1}, "b", bson.A{1})}, 2),
		fails("an ambiguous position", d("a.0", 1), bson.A{d("_id", 1, "a", bson.A{d("0", 1)})}, 16746),
		fails("a position and all", d("a.0", 1, "a.b", 1), bson.A{d("_id", 1, "a", bson.A{d("b", 1)})}, 238),
		{
			name: "a limit with a fraction", docs: bson.A{d("_id", 1), d("_id", 2)},
			cmd:  d("aggregate", "c", "cursor", d(), "pipeline", bson.A{d("$limit", 1.5)}),
			want: first,
		},
	})
}
