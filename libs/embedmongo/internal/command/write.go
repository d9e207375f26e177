package command

import (
	"time"

	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/plan"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// retryFor bounds how long a single write is retried after conflicts.
const retryFor = 70 * time.Second

// statements runs the statements of a write command one after the other and
// collects their errors as MongoDB does. A conflict inside a transaction fails
// the whole command.
func (r *request) statements(n int, run func(i int) error) ([]bsoncore.Document, error) {
	if n == 0 || n > maxWriteBatch {
		return nil, mongoerr.New(
			mongoerr.InvalidLength,
			"Write batch sizes must be between 1 and %d. Got %d operations.",
			maxWriteBatch,
			n,
		)
	}
	ordered := true
	if v, ok := r.args["ordered"]; ok {
		ordered = bsonraw.Truthy(v)
	}
	var failures []bsoncore.Document
	for i := range n {
		err := run(i)
		if err == nil {
			continue
		}
		e := mongoerr.As(err)
		if r.tx != nil && e.Code == mongoerr.WriteConflict || e.Code == mongoerr.MaxTimeMSExpired {
			return nil, err
		}
		b := bsonraw.NewBuilder().Int32("index", int32(i)).Int32("code", int32(e.Code)).String("errmsg", e.Msg)
		if e.KeyPattern != nil {
			b.Doc("keyPattern", e.KeyPattern).Doc("keyValue", e.KeyValue)
		}
		failures = append(failures, b.Build())
		if r.tx != nil {
			r.endsTx = true
			break
		}
		if ordered {
			break
		}
	}
	return failures, r.sync()
}

// single runs fn as one atomic change, and retries after a conflict.
func (r *request) single(fn func(*store.Tx) error) error {
	attempt := func() error {
		tx := r.s.engine.Single()
		defer tx.Abort()
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Commit()
	}
	err := attempt()
	for started := time.Now(); mongoerr.Is(err, mongoerr.WriteConflict) && r.ctx.Err() == nil &&
		time.Since(started) < retryFor; {
		err = attempt()
	}
	return err
}

func insert(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	docs, err := r.documents("documents")
	if err != nil {
		return nil, err
	}
	inserted := int32(0)
	failures, err := r.statements(len(docs), func(i int) error {
		err := r.insertOne(ns, docs[i], i)
		if err == nil {
			inserted++
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return writeReply(bsonraw.NewBuilder().Int32("n", inserted), failures), nil
}

func writeReply(b *bsonraw.Builder, failures []bsoncore.Document) *bsonraw.Builder {
	if len(failures) > 0 {
		b.Array("writeErrors", failures)
	}
	return b
}

func (r *request) insertOne(ns string, doc bsoncore.Document, statement int) error {
	doc, err := query.Insertable(doc)
	if err != nil {
		return err
	}
	if err := checkDocument(doc); err != nil {
		return err
	}
	if err := query.CheckDepth(doc); err != nil {
		return err
	}
	if done, err := r.repeated(statement); err != nil {
		return err
	} else if done != nil {
		if _, only := bsonraw.Lookup(done, "n"); !only || len(bsonraw.Elements(done)) > 1 {
			return errOtherStatement()
		}
		return nil
	}
	put := func(tx *store.Tx) error {
		c, err := tx.UseCollection(ns)
		if err != nil {
			return err
		}
		if r.tx == nil {
			r.record(tx, statement, bsonraw.NewBuilder().Int32("n", 1).Build())
		}
		return tx.Insert(r.ctx, c, doc)
	}
	if r.tx != nil {
		return put(r.tx)
	}
	return r.single(put)
}

func checkDocument(doc bsoncore.Document) error {
	if len(doc) > bsonraw.MaxDocument {
		return mongoerr.New(
			mongoerr.ObjectTooLarge,
			"object to insert too large. size in bytes: %d, max size: %d",
			len(doc),
			bsonraw.MaxDocument,
		)
	}
	id, _ := bsonraw.Lookup(doc, "_id")
	return query.CheckID(id)
}

// target is the selection of a write.
type target struct {
	ns    string
	query plan.Query
	multi bool
}

// change is what a write does to each document that satisfies its target's filter.
type change struct {
	// apply returns the new version of a document, nil to delete it, and whether that is a change. It may run again
	// after a conflict.
	apply func(doc bsoncore.Document) (next bsoncore.Document, changed bool, err error)
	// then runs in the unit of each change; it may be nil.
	then func(tx *store.Tx, doc, next bsoncore.Document, changed bool)
}

// run changes one locked document, and reports whether the new version differs.
func (ch change) run(ctx ctx, tx *store.Tx, c *store.Collection, idKey []byte, doc bsoncore.Document) (bool, error) {
	next, changed, err := ch.apply(doc)
	if err != nil {
		return false, err
	}
	if changed && next == nil {
		err = tx.Delete(ctx, c, idKey, doc)
	} else if changed {
		err = tx.Replace(ctx, c, idKey, doc, next)
	}
	if ch.then != nil {
		ch.then(tx, doc, next, changed)
	}
	return changed, err
}

// tally counts the documents that a write matched and those that it changed.
type tally struct{ matched, modified int64 }

func (n *tally) add(modified bool) {
	n.matched++
	if modified {
		n.modified++
	}
}

// eachMatch applies change to the documents a target selects, each atomically
// or all in the open transaction.
func (r *request) eachMatch(t target, ch change) (tally, error) {
	if r.tx != nil {
		return r.eachMatchInTx(t, ch)
	}
	for started := time.Now(); ; {
		n, raced, err := r.pass(t, ch)
		if err != nil || n.matched > 0 || !raced || t.multi || time.Since(started) > retryFor {
			return n, err
		}
		// Other clients changed every candidate: query again.
	}
}

// matches opens the cursor over a target's documents; nil when the collection
// does not exist.
func (r *request) matches(v *store.View, t target) (*plan.Cursor, error) {
	c := v.Catalog.Collection(t.ns)
	if c == nil {
		return nil, nil
	}
	p, err := plan.Make(c, r.logged(t.ns, t.query))
	if err != nil {
		return nil, err
	}
	return p.Open(v), nil
}

func idKeyOf(doc bsoncore.Document) []byte {
	id, _ := bsonraw.Lookup(doc, "_id")
	return store.IDKey(id)
}

func (r *request) eachMatchInTx(t target, ch change) (n tally, err error) {
	cur, err := r.matches(r.tx.View(), t)
	if cur == nil || err != nil {
		return n, err
	}
	// The ids are collected first, so that changes don't match their own results.
	var ids [][]byte
	for {
		doc, err := cur.Next(r.ctx)
		if err != nil {
			cur.Close()
			return n, err
		}
		if doc == nil {
			break
		}
		next, changed, err := ch.apply(doc)
		if err != nil {
			cur.Close()
			return n, err
		}
		if changed {
			ids = append(ids, idKeyOf(doc))
		} else if n.add(false); ch.then != nil { // what stays as it is isn't locked
			ch.then(r.tx, doc, next, false)
		}
		if !t.multi {
			break
		}
	}
	cur.Close()
	c := r.tx.View().Catalog.Collection(t.ns)
	for _, idKey := range ids {
		doc, err := r.tx.LockDocument(r.ctx, c, idKey)
		if err != nil {
			return n, err
		}
		modified, err := ch.run(r.ctx, r.tx, c, idKey, doc)
		if err != nil {
			return n, err
		}
		n.add(modified)
	}
	return n, nil
}

// pass goes once over the candidates of a snapshot, changing those that still
// match in their latest version. raced reports that some no longer did.
func (r *request) pass(t target, ch change) (n tally, raced bool, err error) {
	v := r.s.engine.View()
	defer v.Close()
	cur, err := r.matches(v, t)
	if cur == nil || err != nil {
		return n, false, err
	}
	defer cur.Close()
	for {
		candidate, err := cur.Next(r.ctx)
		if candidate == nil || err != nil {
			return n, raced, err
		}
		idKey, matched, modified := idKeyOf(candidate), false, false
		err = r.single(func(tx *store.Tx) error {
			c := r.s.engine.Catalog().Collection(t.ns)
			if c == nil {
				matched = false
				return nil
			}
			doc, err := tx.LockDocument(r.ctx, c, idKey)
			if err != nil {
				return err
			}
			if matched = doc != nil && t.query.Filter.Match(doc); !matched {
				return nil
			}
			modified, err = ch.run(r.ctx, tx, c, idKey, doc)
			return err
		})
		if err != nil {
			return n, raced, err
		}
		if !matched {
			raced = true
			continue
		}
		if n.add(modified); !t.multi {
			return n, raced, nil
		}
	}
}
