package command

import (
	"fivechat.dev/libs/embedmongo/internal/bsonraw"
	"fivechat.dev/libs/embedmongo/internal/keyenc"
	"fivechat.dev/libs/embedmongo/internal/mongoerr"
	"fivechat.dev/libs/embedmongo/internal/plan"
	"fivechat.dev/libs/embedmongo/internal/query"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

const findFields = "filter sort projection hint skip limit batchSize singleBatch " +
	"noCursorTimeout allowPartialResults allowDiskUse"

// notImplemented are the fields that MongoDB has and this server refuses.
var notImplemented = map[string]bool{
	"collation": true, "arrayFilters": true, "min": true, "max": true,
	"returnKey": true, "showRecordId": true, "tailable": true, "awaitData": true, "let": true, "c": true,
	"capped": true, "validator": true, "viewOn": true, "timeseries": true, "encryptedFields": true, "sampleRate": true,
}

// view returns the state that the command reads. The caller closes it.
func (r *request) view() *store.View {
	if r.tx != nil {
		return r.tx.View().Retain()
	}
	return r.s.engine.View()
}

// open plans a query and starts its walk; a missing collection is empty.
func (r *request) open(ns string, q plan.Query) (source, error) {
	v := r.view()
	defer v.Close()
	c := v.Catalog.Collection(ns)
	if c == nil {
		return &list{}, nil
	}
	p, err := plan.Make(c, r.logged(ns, q))
	if err != nil {
		return nil, err
	}
	return p.Open(v), nil
}

// filter reads a field that holds a filter.
func (r *request) filter(field string) (*query.Filter, error) {
	doc, err := r.document(field)
	if err != nil {
		return nil, err
	}
	return query.ParseFilter(doc)
}

func (r *request) findQuery() (q plan.Query, err error) {
	if q.Filter, err = r.filter("filter"); err != nil {
		return q, err
	}
	if v, ok := r.args["sort"]; ok {
		if it := bsonraw.NewIter(v.Data); it.Next() && string(it.Key) == "$natural" {
			q.Sort = plan.Natural(it.Value)
		} else {
			doc, err := r.document("sort")
			if err != nil {
				return q, err
			}
			if q.Sort, err = query.ParseSort(doc); err != nil {
				return q, err
			}
		}
	}
	if q.Skip, _, err = r.number("skip"); err != nil {
		return q, err
	}
	q.Limit, _, err = r.number("limit")
	q.Hint = r.args["hint"]
	return q, err
}

// projected applies a projection to the documents of another source.
type projected struct {
	source
	projection *query.Projection
}

func (p projected) Next(ctx ctx) (bsoncore.Document, error) {
	doc, err := p.source.Next(ctx)
	if doc == nil || err != nil {
		return nil, err
	}
	return p.projection.Apply(doc), nil
}

func (p projected) Exhausted() bool {
	last, ok := p.source.(interface{ Exhausted() bool })
	return ok && last.Exhausted()
}

func find(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	q, err := r.findQuery()
	if err != nil {
		return nil, err
	}
	fields, err := r.document("projection")
	if err != nil {
		return nil, err
	}
	projection, err := query.ParseProjection(fields)
	if err != nil {
		return nil, err
	}
	size, given, err := r.number("batchSize")
	if err != nil {
		return nil, err
	}
	if !given {
		size = firstBatch
	}
	src, err := r.open(ns, q)
	if err != nil {
		return nil, err
	}
	if projection != nil {
		src = projected{src, projection}
	}
	return r.batch(&cursor{ns: ns, source: src, tx: r.tx}, size, "firstBatch", bsonraw.Truthy(r.args["singleBatch"]))
}

func (r *request) countQuery() (q plan.Query, err error) {
	q = plan.Query{CountOnly: true, Hint: r.args["hint"]}
	if q.Filter, err = r.filter("query"); err != nil {
		return q, err
	}
	if limit, ok := bsonraw.Int64(r.args["limit"]); ok {
		q.Limit = max(limit, -limit)
	}
	q.Skip, _, err = r.number("skip")
	return q, err
}

func count(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	q, err := r.countQuery()
	if err != nil {
		return nil, err
	}
	src, err := r.open(ns, q)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	n := int64(0)
	for ; ; n++ {
		doc, err := src.Next(r.ctx)
		if err != nil {
			return nil, err
		}
		if doc == nil {
			break
		}
	}
	if n > 1<<31-1 {
		return bsonraw.NewBuilder().Int64("n", n), nil
	}
	return bsonraw.NewBuilder().Int32("n", int32(n)), nil
}

func distinct(r *request) (*bsonraw.Builder, error) {
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	key, ok := r.args["key"].StringValueOK()
	if !ok || key == "" {
		return nil, mongoerr.New(mongoerr.TypeMismatch, "distinct needs a key")
	}
	if err := query.CheckPath(key); err != nil {
		return nil, err
	}
	q := plan.Query{Hint: r.args["hint"]}
	if q.Filter, err = r.filter("query"); err != nil {
		return nil, err
	}
	src, err := r.open(ns, q)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	seen := map[string]bool{}
	var values []bsoncore.Value
	size := 0
	for {
		doc, err := src.Next(r.ctx)
		if err != nil {
			return nil, err
		}
		if doc == nil {
			return bsonraw.NewBuilder().Values("values", values), nil
		}
		for _, v := range query.Values(doc, key) {
			k := string(keyenc.Append(nil, v))
			if seen[k] {
				continue
			}
			if size += len(v.Data); size > maxBatchBytes {
				return nil, mongoerr.New(17217, "distinct too big, 16mb cap")
			}
			seen[k] = true
			values = append(values, bsonraw.Clone(v))
		}
	}
}

func aggregate(r *request) (*bsonraw.Builder, error) {
	if r.args["aggregate"].IsNumber() {
		return nil, mongoerr.New(mongoerr.NotImplemented, "aggregate without a collection is not supported")
	}
	ns, err := r.namespace()
	if err != nil {
		return nil, err
	}
	stages, ok := r.args["pipeline"]
	if !ok || stages.Type != bsoncore.TypeArray {
		return nil, mongoerr.New(mongoerr.TypeMismatch, "'pipeline' option must be specified as an array")
	}
	options, ok := r.args["cursor"]
	if !ok || options.Type != bsoncore.TypeEmbeddedDocument {
		return nil, mongoerr.New(
			mongoerr.FailedToParse,
			"The 'cursor' option is required, except for aggregate with the explain argument",
		)
	}
	size := int64(firstBatch)
	if v, ok := bsonraw.Lookup(options.Data, "batchSize"); ok {
		if size, ok = bsonraw.Int64(v); !ok || size < 0 {
			return nil, mongoerr.New(mongoerr.BadValue, "cursor.batchSize must be a non-negative number")
		}
	}
	p, err := query.ParsePipeline(bsonraw.Elements(stages.Data))
	if err != nil {
		return nil, err
	}
	src, err := r.open(
		ns,
		plan.Query{
			Filter:    p.Filter,
			Sort:      p.Sort,
			Skip:      p.Skip,
			Limit:     p.Limit,
			CountOnly: p.CountOnly,
			Hint:      r.args["hint"],
		},
	)
	if err != nil {
		return nil, err
	}
	if p.Empty {
		src.Close()
		src = &list{}
	}
	return r.batch(&cursor{ns: ns, source: p.Run(src), tx: r.tx}, size, "firstBatch", false)
}
