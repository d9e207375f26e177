package command

import (
	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

const findAndModifyFields = "query sort update remove new upsert fields hint bypassDocumentValidation stmtId"

// modifyRequest is a parsed findAndModify.
type modifyRequest struct {
	target     target
	update     *query.Update
	projection *query.Projection
	new        bool
	upsert     bool
}

func (r *request) parseFindAndModify() (modifyRequest, error) {
	m := modifyRequest{new: bsonraw.Truthy(r.args["new"]), upsert: bsonraw.Truthy(r.args["upsert"])}
	ns, err := r.namespace()
	if err != nil {
		return m, err
	}
	filter, ok := r.args["query"]
	if !ok {
		filter = bsonraw.DocValue(bsonraw.NewBuilder().Build())
	}
	if m.target, err = selection(ns, filter, r.args["hint"], r.args["sort"]); err != nil {
		return m, err
	}
	fields, err := r.document("fields")
	if err != nil {
		return m, err
	}
	if m.projection, err = query.ParseProjection(fields); err != nil {
		return m, err
	}
	u, hasUpdate := r.args["update"]
	remove := bsonraw.Truthy(r.args["remove"])
	switch {
	case hasUpdate == remove:
		return m, mongoerr.New(mongoerr.FailedToParse, "Either an update or remove=true must be specified")
	case remove && (m.new || m.upsert):
		return m, mongoerr.New(mongoerr.FailedToParse, "Cannot specify both new=true or upsert=true and remove=true")
	case hasUpdate:
		m.update, err = query.ParseUpdate(u)
	}
	return m, err
}

func findAndModify(r *request) (*bsonraw.Builder, error) {
	m, err := r.parseFindAndModify()
	if err != nil {
		return nil, err
	}
	if done, err := r.repeated(0); err != nil {
		return nil, err
	} else if done != nil {
		if _, ok := bsonraw.Lookup(done, "lastErrorObject"); !ok {
			return nil, errOtherStatement()
		}
		return modifyReply(done), nil
	}
	var o updated
	if m.update != nil {
		o, err = r.update(m.target, m.update, m.upsert, func(tx *store.Tx, o updated) {
			r.record(tx, 0, m.result(o))
		})
	} else {
		o.tally, err = r.eachMatch(m.target, deletion(func(tx *store.Tx, doc bsoncore.Document) {
			o.before = doc
			if r.tx == nil {
				r.record(tx, 0, m.result(updated{tally: tally{matched: 1}, before: doc}))
			}
		}))
	}
	if err != nil {
		return nil, err
	}
	return modifyReply(m.result(o)), r.sync()
}

// result is the reply without its ok field, as it is also recorded.
func (m modifyRequest) result(o updated) bsoncore.Document {
	last := bsonraw.NewBuilder()
	if o.upsertedID != nil {
		last.Int32("n", 1)
	} else {
		last.Int32("n", int32(o.matched))
	}
	if m.update != nil {
		last.Bool("updatedExisting", o.matched > 0)
	}
	if o.upsertedID != nil {
		last.Value("upserted", *o.upsertedID)
	}
	doc := o.before
	if m.new {
		doc = o.after
	}
	value := bsonraw.Null()
	if doc != nil {
		value = bsonraw.DocValue(m.projection.Apply(doc))
	}
	return bsonraw.NewBuilder().Doc("lastErrorObject", last.Build()).Value("value", value).Build()
}

func modifyReply(result bsoncore.Document) *bsonraw.Builder {
	b := bsonraw.NewBuilder()
	it := bsonraw.NewIter(result)
	for it.Next() {
		b.Value(string(it.Key), it.Value)
	}
	return b
}
