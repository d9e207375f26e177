package command

import (
	"slices"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// upsertAttempts bounds how often an upsert that lost a race is retried.
const upsertAttempts = 10

// statement reads one statement of a write command against its known fields.
func statement(kind string, doc bsoncore.Document, fields ...string) (map[string]bsoncore.Value, error) {
	out := map[string]bsoncore.Value{}
	it := bsonraw.NewIter(doc)
	for it.Next() {
		name := string(it.Key)
		switch {
		case slices.Contains(fields, name):
			out[name] = it.Value
		case notImplemented[name]:
			return nil, mongoerr.New(mongoerr.NotImplemented, "'%s.%s' is not supported", kind, name)
		default:
			return nil, mongoerr.New(mongoerr.UnknownField, "BSON field '%s.%s' is an unknown field.", kind, name)
		}
	}
	return out, nil
}

// selection builds a target from a statement's filter, hint and sort.
func selection(ns string, filter, hint, sort bsoncore.Value) (target, error) {
	t := target{ns: ns}
	if filter.Type != bsoncore.TypeEmbeddedDocument {
		return t, mongoerr.New(mongoerr.TypeMismatch, "a write needs a filter document")
	}
	var err error
	if t.query.Filter, err = query.ParseFilter(filter.Data); err != nil {
		return t, err
	}
	if sort.Type != 0 {
		if t.query.Sort, err = query.ParseSort(sort.Data); err != nil {
			return t, err
		}
	}
	t.query.Hint = hint
	return t, nil
}

// updated is the result of one update statement.
type updated struct {
	tally
	upsertedID    *bsoncore.Value
	before, after bsoncore.Document
}

func update(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	docs, err := r.documents("updates")
	if err != nil {
		return nil, err
	}
	var n, modified int64
	var upserted []bsoncore.Document
	failures, err := r.statements(len(docs), func(i int) error {
		u, err := r.updateStatement(ns, docs[i], i)
		if err != nil {
			return err // the rows that were changed before the error aren't counted
		}
		n += u.matched
		modified += u.modified
		if u.upsertedID != nil {
			n++
			upserted = append(
				upserted,
				bsonraw.NewBuilder().Int32("index", int32(i)).Value("_id", *u.upsertedID).Build(),
			)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	b := bsonraw.NewBuilder().Int32("n", int32(n)).Int32("nModified", int32(modified))
	if len(upserted) > 0 {
		b.Array("upserted", upserted)
	}
	return writeReply(b, failures), nil
}

func (r *request) updateStatement(ns string, doc bsoncore.Document, i int) (updated, error) {
	f, err := statement("update.updates", doc, "q", "u", "multi", "upsert", "hint", "sort")
	if err != nil {
		return updated{}, err
	}
	t, err := selection(ns, f["q"], f["hint"], f["sort"])
	if err != nil {
		return updated{}, err
	}
	u, err := query.ParseUpdate(f["u"])
	if err != nil {
		return updated{}, err
	}
	t.multi = bsonraw.Truthy(f["multi"])
	if t.multi && u.IsReplacement() {
		return updated{}, mongoerr.New(
			mongoerr.FailedToParse,
			"multi update is not supported for replacement-style update",
		)
	}
	if t.multi && r.sess != nil && r.tx == nil {
		return updated{}, mongoerr.New(
			mongoerr.InvalidOptions,
			"Cannot use (or request) retryable writes with multi=true",
		)
	}
	if t.multi && t.query.Sort != nil {
		return updated{}, mongoerr.New(mongoerr.FailedToParse, "Cannot specify sort with multi=true")
	}
	if done, err := r.repeated(i); err != nil {
		return updated{}, err
	} else if done != nil {
		return recordedUpdate(done)
	}
	return r.update(t, u, bsonraw.Truthy(f["upsert"]), func(tx *store.Tx, o updated) {
		r.record(tx, i, o.encode())
	})
}

func (o updated) encode() bsoncore.Document {
	b := bsonraw.NewBuilder().Int64("n", o.matched).Int64("nModified", o.modified)
	if o.upsertedID != nil {
		b.Value("upserted", *o.upsertedID)
	}
	return b.Build()
}

// recordedUpdate reads the result of an update, of a deletion or of a findAndModify that is repeated as one of the two.
func recordedUpdate(doc bsoncore.Document) (updated, error) {
	if doc == nil {
		return updated{}, nil
	}
	if last, ok := bsonraw.Lookup(doc, "lastErrorObject"); ok {
		doc = last.Data
	}
	n, _ := bsonraw.Lookup(doc, "n")
	m, counted := bsonraw.Lookup(doc, "nModified")
	_, existing := bsonraw.Lookup(doc, "updatedExisting")
	if !counted && !existing {
		return updated{}, errOtherStatement()
	}
	var o updated
	o.matched, _ = bsonraw.Int64(n)
	o.modified, _ = bsonraw.Int64(m)
	if id, ok := bsonraw.Lookup(doc, "upserted"); ok {
		o.upsertedID, o.tally = &id, tally{}
	} else if existing {
		o.modified = o.matched
	}
	return o, nil
}

// errOtherStatement is the response to a statement that repeats the number of another kind of statement.
func errOtherStatement() error {
	return mongoerr.New(40606, "the transaction number was used for another kind of statement")
}

// update applies an update to a target, inserting a document when nothing
// matched and upsert is set. record is called in the unit of each change.
func (r *request) update(t target, u *query.Update, upsert bool, record func(*store.Tx, updated)) (updated, error) {
	var err error
	for range upsertAttempts {
		var o updated
		o.tally, err = r.eachMatch(t, change{
			apply: u.Apply,
			then: func(tx *store.Tx, doc, next bsoncore.Document, changed bool) {
				o.before, o.after = doc, next
				if r.tx != nil {
					return
				}
				one := updated{before: doc, after: next}
				one.add(changed)
				record(tx, one)
			},
		})
		if err != nil || o.matched > 0 || !upsert {
			return o, err
		}
		o, err = r.upsert(t, u, record)
		if !mongoerr.Is(err, mongoerr.DuplicateKey) || r.tx != nil {
			return o, err
		}
		// Another client may have inserted the document: update that one.
	}
	return updated{}, err
}

func (r *request) upsert(t target, u *query.Update, record func(*store.Tx, updated)) (updated, error) {
	doc, err := u.Upsert(t.query.Filter)
	if err != nil {
		return updated{}, err
	}
	if err := checkDocument(doc); err != nil {
		return updated{}, err
	}
	id, _ := bsonraw.Lookup(doc, "_id")
	o := updated{upsertedID: &id, after: doc}
	put := func(tx *store.Tx) error {
		c, err := tx.UseCollection(t.ns)
		if err != nil {
			return err
		}
		if r.tx == nil {
			record(tx, o)
		}
		return tx.Insert(r.ctx, c, doc)
	}
	if r.tx != nil {
		err = put(r.tx)
	} else {
		err = r.single(put)
	}
	if err != nil {
		return updated{}, err
	}
	return o, nil
}

func deleteDocuments(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	docs, err := r.documents("deletes")
	if err != nil {
		return nil, err
	}
	var n int64
	failures, err := r.statements(len(docs), func(i int) error {
		deleted, err := r.deleteStatement(ns, docs[i], i)
		if err == nil {
			n += deleted
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return writeReply(bsonraw.NewBuilder().Int32("n", int32(n)), failures), nil
}

func (r *request) deleteStatement(ns string, doc bsoncore.Document, i int) (int64, error) {
	f, err := statement("delete.deletes", doc, "q", "limit", "hint")
	if err != nil {
		return 0, err
	}
	t, err := selection(ns, f["q"], f["hint"], bsoncore.Value{})
	if err != nil {
		return 0, err
	}
	limit, ok := bsonraw.Int64(f["limit"])
	if !ok || limit != 0 && limit != 1 {
		return 0, mongoerr.New(
			mongoerr.FailedToParse,
			"The limit field in delete objects must be 0 or 1. Got %d",
			limit,
		)
	}
	t.multi = limit == 0
	if t.multi && r.sess != nil && r.tx == nil {
		return 0, mongoerr.New(mongoerr.InvalidOptions, "Cannot use (or request) retryable writes with limit=0")
	}
	if done, err := r.repeated(i); err != nil {
		return 0, err
	} else if done != nil {
		o, err := recordedUpdate(done)
		return o.matched, err
	}
	n, err := r.eachMatch(t, deletion(func(tx *store.Tx, _ bsoncore.Document) {
		if r.tx == nil {
			r.record(tx, i, updated{tally: tally{matched: 1}}.encode())
		}
	}))
	return n.matched, err
}

// deletion deletes each document; then runs in the unit of each deletion.
func deletion(then func(tx *store.Tx, doc bsoncore.Document)) change {
	return change{
		apply: func(bsoncore.Document) (bsoncore.Document, bool, error) { return nil, true, nil },
		then:  func(tx *store.Tx, doc, _ bsoncore.Document, _ bool) { then(tx, doc) },
	}
}
