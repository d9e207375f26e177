package mongokit

import (
	"regexp"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
)

// minPrefix is the shortest beginning of a word that is searched, in bytes. Too many words begin with one letter.
const minPrefix = 2

// noTerm is a term that no row has.
const noTerm = ""

// Matching returns the conditions of a query, for $and: of its words on a field with the terms of searchterms.Of, and
// of its tags and times on tags and createdAt. Each that isn't negative can use an index that begins with its field.
// Phrases need further checks. The conditions are apart from others, because a cursor puts conditions on createdAt too.
func Matching(field string, q searchquery.Query) bson.A {
	all := words(field, q)
	add := func(key, operator string, value any) {
		all = append(all, bson.D{{Key: key, Value: bson.D{{Key: operator, Value: value}}}})
	}
	if len(q.Tags) > 0 {
		add("tags", "$all", q.Tags)
	}
	if len(q.WithoutTags) > 0 {
		add("tags", "$nin", q.WithoutTags)
	}
	if !q.CreatedFrom.IsZero() {
		add("createdAt", "$gte", q.CreatedFrom)
	}
	if !q.CreatedBefore.IsZero() {
		add("createdAt", "$lt", q.CreatedBefore)
	}
	return all
}

// words returns the conditions of the words.
func words(field string, q searchquery.Query) (all bson.A) {
	for _, c := range q.Clauses {
		all = append(all, matching(field, c)...)
	}
	for _, group := range q.Without {
		var has bson.A
		for _, c := range group {
			has = append(has, matching(field, c)...)
		}
		all = append(all, bson.D{{Key: "$nor", Value: bson.A{bson.D{{Key: "$and", Value: has}}}}})
	}
	return all
}

// matching returns the conditions of one clause.
func matching(field string, c searchterms.Clause) bson.A {
	gram, exact := searchterms.Gram(c.Prefix)
	begins := bson.D{{Key: field, Value: bson.D{{Key: "$regex", Value: "^" + regexp.QuoteMeta(c.Prefix)}}}}
	switch {
	case len(c.Prefix) < minPrefix:
		return bson.A{oneOf(field, c.Terms...)}
	case gram == "":
		return bson.A{begins}
	case exact:
		return bson.A{oneOf(field, append(c.Terms[:len(c.Terms):len(c.Terms)], gram)...)}
	}
	// The first condition finds the rows by an index, the second checks them.
	first := oneOf(field, append(c.Terms[:len(c.Terms):len(c.Terms)], gram)...)
	return bson.A{first, bson.D{{Key: "$or", Value: bson.A{oneOf(field, c.Terms...), begins}}}}
}

func oneOf(field string, terms ...string) bson.D {
	if len(terms) == 0 {
		terms = []string{noTerm}
	}
	return bson.D{OneOf(field, terms)}
}

// OneOf returns the condition that a field has one of values, which aren't empty.
func OneOf[V any](field string, values []V) bson.E {
	if len(values) == 1 {
		return bson.E{Key: field, Value: values[0]}
	}
	return bson.E{Key: field, Value: bson.D{{Key: "$in", Value: values}}}
}

// Hiding makes all reads leave out a field that is needed only for its index. A query that omits another field has it.
func (c *Collection[T]) Hiding(field string) *Collection[T] {
	c.all.hidden = field
	return c
}

func without(field string) bson.D { return bson.D{{Key: field, Value: 0}} }
