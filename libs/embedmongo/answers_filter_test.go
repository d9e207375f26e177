package embedmongo_test

import (
	"math"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// found is the row of a find whose filter matches the documents with these ids.
func found(name string, docs bson.A, filter bson.D, want string) answer {
	return answer{name: name, docs: docs, cmd: d("find", "c", "filter", filter, "projection", d("_id", 1)), want: want}
}

func refused(name string, filter bson.D, code int) answer {
	return answer{name: name, cmd: d("find", "c", "filter", filter), code: code}
}

const (
	none  = `[]`
	first = `[{"_id": {"$numberInt":"1"}}]`
)

// one is a collection of one document with a field a.
func one(a any) bson.A { return bson.A{d("_id", 1, "a", a)} }

func TestAnswersToFiltersOnArrays(t *testing.T) {
	t.Parallel()
	scalars, nested := one(bson.A{1}), one(bson.A{bson.A{1}})
	answers(t, []answer{
		found("null below a scalar element", scalars, d("a.0.b", nil), none),
		found("$in null below a scalar element", scalars, d("a.0.b", d("$in", bson.A{nil})), none),
		found("$nin null below a scalar element", scalars, d("a.0.b", d("$nin", bson.A{nil})), first),
		found("null below a document element", one(bson.A{d("c", 1)}), d("a.0.b", nil), first),
		found("a position isn't looked into", nested, d("a.0", 1), none),
		found("a position equals an array", nested, d("a.0", bson.A{1}), first),
		found("a position of a position", one(bson.A{bson.A{bson.A{3}}}), d("a.0.0", d("$gte", 3)), none),
		found("an array below a position", one(bson.A{d("b", bson.A{1})}), d("a.0.b", 1), first),
		found("the size of a position", nested, d("a.0", d("$size", 1)), first),
		found("$elemMatch isn't looked into: $in", nested, d("a", d("$elemMatch", d("$in", bson.A{1}))), none),
		found("$elemMatch isn't looked into: $eq", nested, d("a", d("$elemMatch", d("$eq", 1))), none),
		found("$elemMatch isn't looked into: $gte", nested, d("a", d("$elemMatch", d("$gte", 1))), none),
		found("$elemMatch of an array", nested, d("a", d("$elemMatch", d("$eq", bson.A{1}))), first),
		{
			name: "distinct positions", docs: one(bson.A{d("1", d())}),
			cmd: d("distinct", "c", "key", "a.1"), want: none,
		},
		{
			name: "distinct of elements", docs: one(bson.A{0, bson.A{5}}), cmd: d("distinct", "c", "key", "a.1"),
			want: `[{"$numberInt":"5"}]`,
		},
	})
}

func TestAnswersToFiltersOfTypes(t *testing.T) {
	t.Parallel()
	missing := bson.A{d("_id", 1)}
	reference := d("$ref", "other", "$id", 7)
	answers(t, []answer{
		found("a missing field above the least", missing, d("a", d("$gt", bson.MinKey{})), first),
		found("a missing field below the greatest", missing, d("a", d("$lte", bson.MaxKey{})), first),
		found("a missing field below the least", missing, d("a", d("$lt", bson.MinKey{})), none),
		found("NaN above the least", one(math.NaN()), d("a", d("$gt", bson.MinKey{})), first),
		found("NaN above a number", one(math.NaN()), d("a", d("$gt", 1)), none),
		found("a symbol", one(bson.Symbol("s")), d("a", d("$type", "symbol")), first),
		found("JavaScript", one(bson.JavaScript("s")), d("a", d("$type", "javascript")), first),
		found("no decimal", one(1), d("a", d("$type", "decimal")), none),
		found("no pointer", one(1), d("a", d("$type", "dbPointer")), none),
		refused("an unknown type", d("a", d("$type", 20)), 2),
		found("a reference", one(reference), d("a", reference), first),
		found("another reference", one(reference), d("a", d("$ref", "other", "$id", 8)), none),
		found("a reference among others", one(reference), d("a", d("$in", bson.A{reference})), first),
		found("a field of a reference", one(bson.A{reference}), d("a", d("$elemMatch", d("$id", 7))), first),
		refused("a negative size", d("a", d("$size", -1)), 2),
		refused("$all of elements and values", d("a", d("$all", bson.A{d("$elemMatch", d("b", 1)), 1})), 2),
		refused("$all of values and elements", d("a", d("$all", bson.A{1, d("$elemMatch", d("b", 1))})), 2),
	})
}

func TestAnswersToRegularExpressions(t *testing.T) {
	t.Parallel()
	match := func(name, text, pattern, options, want string) answer {
		return found(name, one(text), d("a", d("$regex", pattern, "$options", options)), want)
	}
	unsupported := func(name, pattern, options string) answer {
		return refused(name, d("a", d("$regex", pattern, "$options", options)), 51091)
	}
	answers(t, []answer{
		match("the end before a final newline", "xa\n", "a$", "", first),
		match("the end before two newlines", "xa\n\n", "a$", "", none),
		match("an empty text before a newline", "\n", "^$", "", first),
		match("the end in an alternative", "b\n", "(a|b$)", "", first),
		match("the end of all lines", "a\nb", "a$", "m", first),
		match("the very end", "a\n", `a\z`, "", none),
		match("a vertical tab is a space", "\v", `^\s$`, "", first),
		match("a vertical tab is no other character", "\v", `^\S$`, "", none),
		match("a vertical tab in a class", "\v", `^[\sx]$`, "", first),
		match("vertical space", "\r", `^\v$`, "", first),
		match("vertical space in a class", "\u2028", `^[a\v]$`, "", first),
		match("a quoted dollar", "a$\n", `\Qa$\E$`, "", first),
		match("a dollar in a class", "$", `^[$]`, "", first),
		match("a line begins with a character", "\na", "^a", "m", first),
		unsupported("a line begins with nothing", "^a?", "m"),
		unsupported("the end in the middle", "a$\nb", ""),
		unsupported("the end repeated", "(a$)*", ""),
		unsupported("a word without case", `^\w$`, "i"),
		unsupported("a word without case inside", `(?i)^\w$`, ""),
		unsupported("a named class without case", `^[[:alpha:]]$`, "i"),
		unsupported("a property without case", `^\p{Lu}$`, "i"),
		unsupported("a class without spaces", `^[\S]$`, ""),
		unsupported("look-ahead", `a(?=b)`, ""),
	})
}
