package sharding

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Question is what a router has to find the shards of.
type Question struct {
	Command, Collection string
	Filter              bson.Raw
	One                 bool // it changes one row, whichever of those that match
	Upsert              bool // it makes a row where there is none
}

// Questions reads what a command asks. One that rows are sent with, or that goes on where another began, asks nothing; one
// that is not known here is an error.
func Questions(c Command) ([]Question, error) {
	first, err := c.Body.IndexErr(0)
	if err != nil {
		return nil, fmt.Errorf("a command without a name: %w", err)
	}
	name := first.Key()
	collection, _ := first.Value().StringValueOK()
	q := Question{Command: name, Collection: collection}
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
	case "insert", "getMore", "killCursors", "hello", "isMaster", "ping", "endSessions", "commitTransaction", "abortTransaction",
		"createIndexes", "listIndexes", "listCollections", "dropDatabase", "purgeDeleted", "buildInfo":
		return nil, nil
	default:
		return nil, fmt.Errorf("nothing is known here of the command %s", name)
	}
	return []Question{q}, nil
}

// written reads the parts of an update or a delete.
func written(q Question, c Command) ([]Question, error) {
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
	var all []Question
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

// Targeted says whether a router finds the shard of a question. The first field of the key has to be given, by a value or
// by a few: of all but the largest tenants that is one shard. What changes one row has to be given the whole key, or its
// _id beside the first field; what may make one, the whole key.
func (q Question) Targeted(key bson.D) bool {
	value, few := q.given(key[0].Key)
	if !q.One && !q.Upsert {
		return value || few
	}
	whole := !slices.ContainsFunc(key, func(k bson.E) bool { value, _ := q.given(k.Key); return !value })
	id, _ := q.given("_id")
	return whole || value && id && !q.Upsert
}

// given says whether the filter holds a field to one value, or to a few.
func (q Question) given(field string) (value, few bool) {
	v, err := q.Filter.LookupErr(field)
	if err != nil {
		return false, false
	}
	operator := operator(v)
	return operator == "" || operator == "$eq", operator == "$in"
}

// operator is the first operator of a field's condition, "" where that is a value.
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

// String is the question without its values. Two of the same text are targeted alike.
func (q Question) String() string {
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
		text += " or a new one"
	}
	return text
}
