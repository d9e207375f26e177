package sharding

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Query is the part of a command for which a router has to find the shards.
type Query struct {
	Command, Collection string
	Filter              bson.Raw
	One                 bool // it changes one of the matching rows
	Upsert              bool // it inserts a row if none matches
}

// Queries returns the queries in a command. A command that inserts rows or continues a cursor has none; an unknown
// command is an error.
func Queries(c Command) ([]Query, error) {
	first, err := c.Body.IndexErr(0)
	if err != nil {
		return nil, fmt.Errorf("command without a name: %w", err)
	}
	name := first.Key()
	collection, _ := first.Value().StringValueOK()
	q := Query{Command: name, Collection: collection}
	switch name {
	case "find":
		q.Filter, _ = c.Body.Lookup("filter").DocumentOK()
	case "count", "distinct":
		q.Filter, _ = c.Body.Lookup("query").DocumentOK()
	case "aggregate":
		q.Filter, _ = c.Body.Lookup("pipeline", "0", "$match").DocumentOK()
	case "findAndModify":
		q.Filter, _ = c.Body.Lookup("query").DocumentOK()
		q.One = true
		q.Upsert, _ = c.Body.Lookup("upsert").BooleanOK()
	case "update", "delete":
		return written(q, c)
	case "insert", "getMore", "killCursors", "hello", "isMaster", "ping", "endSessions", "commitTransaction",
		"abortTransaction",
		"createIndexes", "listIndexes", "listCollections", "dropDatabase", "purgeDeleted", "buildInfo":
		return nil, nil
	default:
		return nil, fmt.Errorf("unknown command %s", name)
	}
	return []Query{q}, nil
}

// written returns the queries of an update or a delete.
func written(q Query, c Command) ([]Query, error) {
	member := q.Command + "s"
	parts := c.Also[member]
	if list, ok := c.Body.Lookup(member).ArrayOK(); ok {
		values, err := list.Values()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member, err)
		}
		for _, v := range values {
			parts = append(parts, v.Document())
		}
	}
	var all []Query
	for _, p := range parts {
		part := q
		part.Filter, _ = p.Lookup("q").DocumentOK()
		if q.Command == "update" {
			multi, _ := p.Lookup("multi").BooleanOK()
			part.One = !multi
			part.Upsert, _ = p.Lookup("upsert").BooleanOK()
		} else {
			limit, _ := p.Lookup("limit").AsInt64OK()
			part.One = limit == 1
		}
		all = append(all, part)
	}
	return all, nil
}

// Targeted reports whether a router finds the shard of a query. The first field of the key must have one value or a
// few: except for the largest tenants, that is one shard. A change of one row needs the whole key, or its _id beside
// the first field. An upsert needs the whole key.
func (q Query) Targeted(key bson.D) bool {
	value, few := q.given(key[0].Key)
	if !q.One && !q.Upsert {
		return value || few
	}
	whole := !slices.ContainsFunc(key, func(k bson.E) bool { value, _ := q.given(k.Key); return !value })
	id, _ := q.given("_id")
	return whole || value && id && !q.Upsert
}

// given reports whether the filter restricts a field to one value, or to a few.
func (q Query) given(field string) (value, few bool) {
	v, err := q.Filter.LookupErr(field)
	if err != nil {
		return false, false
	}
	operator := operator(v)
	return operator == "" || operator == "$eq", operator == "$in"
}

// operator returns the first operator of a field's condition, or "" if the condition is a value.
func operator(v bson.RawValue) string {
	doc, is := v.DocumentOK()
	if !is {
		return ""
	}
	if first, err := doc.IndexErr(0); err == nil && strings.HasPrefix(first.Key(), "$") {
		return first.Key()
	}
	return ""
}

// String is the query without its values. Two queries with the same text have the same target.
func (q Query) String() string {
	var fields []string
	elements, _ := q.Filter.Elements()
	for _, e := range elements {
		fields = append(fields, strings.TrimSpace(e.Key()+" "+operator(e.Value())))
	}
	if len(fields) == 0 {
		fields = []string{"nothing"}
	}
	text := fmt.Sprintf("%s %s by %s", q.Command, q.Collection, strings.Join(fields, ", "))
	if q.One {
		text += ": one"
	}
	if q.Upsert {
		text += " or insert"
	}
	return text
}
