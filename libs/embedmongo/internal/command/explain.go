package command

import (
	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/plan"
	"fivechat.dev/libs/embedmongo/internal/wire"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// explainable maps the commands that explain supports to the query that each runs.
var explainable = map[string]func(*request) (plan.Query, error){
	"find":     (*request).findQuery,
	"count":    (*request).countQuery,
	"distinct": func(r *request) (plan.Query, error) { return r.writeQuery(r.args["query"], r.args["hint"], true) },
	"update": func(r *request) (plan.Query, error) {
		return r.statementQuery("updates", bsonraw.Truthy, "multi")
	},
	"delete": func(r *request) (plan.Query, error) {
		return r.statementQuery("deletes", func(v bsoncore.Value) bool { return !bsonraw.Truthy(v) }, "limit")
	},
	"findAndModify": func(r *request) (plan.Query, error) {
		m, err := r.parseFindAndModify()
		m.target.query.Limit = 1
		return m.target.query, err
	},
}

// writeQuery selects all documents of a filter, or the first.
func (r *request) writeQuery(filter, hint bsoncore.Value, all bool) (plan.Query, error) {
	if filter.Type == 0 {
		filter = bsonraw.DocValue(bsonraw.NewBuilder().Build())
	}
	t, err := selection("", filter, hint, bsoncore.Value{})
	if !all {
		t.query.Limit = 1
	}
	return t.query, err
}

// statementQuery is the query of a write command with one statement.
func (r *request) statementQuery(list string, all func(bsoncore.Value) bool, field string) (plan.Query, error) {
	docs, err := r.documents(list)
	if err != nil {
		return plan.Query{}, err
	}
	if len(docs) != 1 {
		return plan.Query{}, mongoerr.New(mongoerr.InvalidLength, "explained write batches must be of size 1")
	}
	filter, _ := bsonraw.Lookup(docs[0], "q")
	hint, _ := bsonraw.Lookup(docs[0], "hint")
	many, _ := bsonraw.Lookup(docs[0], field)
	return r.writeQuery(filter, hint, all(many))
}

// explained reads the command inside an explain.
func (r *request) explained() (*request, plan.Query, error) {
	inner, err := r.document("explain")
	if err != nil {
		return nil, plan.Query{}, err
	}
	it := bsonraw.NewIter(inner)
	it.Next()
	name := string(it.Key)
	query, ok := explainable[name]
	if !ok {
		return nil, plan.Query{}, mongoerr.New(mongoerr.NotImplemented, "explain of '%s' is not supported", name)
	}
	sub := &request{
		ctx:  r.ctx,
		s:    r.s,
		name: name,
		db:   r.db,
		msg:  &wire.Message{},
		args: map[string]bsoncore.Value{name: it.Value},
	}
	for it.Next() {
		key := string(it.Key)
		if !commonFields[key] && !fieldOf(handlers[name].fields, key) {
			return nil, plan.Query{}, mongoerr.New(
				mongoerr.UnknownField,
				"BSON field '%s.%s' is an unknown field.",
				name,
				key,
			)
		}
		sub.args[key] = it.Value
	}
	q, err := query(sub)
	return sub, q, err
}

// explain shows the plan of a command, and what reading its documents examined.
// It changes nothing.
func explain(r *request) (*bsonraw.Builder, error) {
	sub, q, err := r.explained()
	if err != nil {
		return nil, err
	}
	ns, err := sub.namespace()
	if err != nil {
		return nil, err
	}
	src, err := sub.open(ns, q)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	cur, ok := src.(*plan.Cursor)
	if !ok {
		eof := bsonraw.NewBuilder().String("stage", "EOF").Build()
		return bsonraw.NewBuilder().Doc("queryPlanner", bsonraw.NewBuilder().Doc("winningPlan", eof).Build()), nil
	}
	n := int64(0)
	for {
		doc, err := cur.Next(r.ctx)
		if err != nil {
			return nil, err
		}
		if doc == nil {
			break
		}
		n++
	}
	planner := bsonraw.NewBuilder().String("namespace", ns).Doc("winningPlan", cur.Plan().Explain())
	stats := bsonraw.NewBuilder().Bool("executionSuccess", true).Int64("nReturned", n).
		Int64("totalKeysExamined", cur.KeysExamined).Int64("totalDocsExamined", cur.DocsExamined)
	return bsonraw.NewBuilder().Doc("queryPlanner", planner.Build()).Doc("executionStats", stats.Build()), nil
}
