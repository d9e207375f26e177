package mongokit

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/kernel/tenant"
)

// TenantKey is the field that holds the tenant. Every row of a tenant's collection has it, and every index of such a
// collection begins with it.
const TenantKey = "websiteId"

// Query bounds, orders and projects the rows that a filter matches.
type Query struct {
	Sort      bson.D
	Skip      int64
	Limit     int64    // 0: no limit
	Bytes     int64    // the limit of BSON bytes that are read; 0: MaxRead. One row is always read
	Short     bool     // rows have about 100 bytes: a batch has shortRows of them
	Omit      string   // a field to leave out
	Only      []string // the fields to return; nil: all
	Index     bson.D   // the keys of the index to use, as they were declared, which is Needed; nil: the server chooses
	CountUpTo int64    // how many rows a list counts; 0: all
	Key       string   // the field by which a list is ordered; "": createdAt
}

// Collection holds a tenant's rows of type T. T has a field tagged bson:"websiteId" of type tenant.ID. Every method
// takes the tenant and adds it to the filter. Errors are faults: NotFound with the collection's noun, and Unavailable
// if the store doesn't respond. IsDuplicate recognises duplicates.
type Collection[T any] struct{ all Global[T] }

// Tenanted declares a tenant's collection. noun names a row in error messages ("conversation").
func Tenanted[T any](db *DB, name, noun string, indexes ...Index) *Collection[T] {
	for i, ix := range indexes {
		indexes[i].Keys = append(bson.D{{Key: TenantKey, Value: 1}}, ix.Keys...)
	}
	db.tenanted[name] = true
	return &Collection[T]{*GlobalOf[T](db, name, noun, indexes...)}
}

func scoped(t tenant.ID, filter bson.D) bson.D {
	if t.IsZero() { // matches nothing: Insert refuses the zero tenant, so no row has it
		return bson.D{{Key: TenantKey, Value: tenant.ID{}}}
	}
	return append(bson.D{{Key: TenantKey, Value: t}}, filter...)
}

// scoped adds the tenant to the index that a query names.
func (q Query) scoped() Query {
	q.Index = tenantIndex(q.Index)
	return q
}

func tenantIndex(keys bson.D) bson.D {
	if keys == nil {
		return nil
	}
	return append(bson.D{{Key: TenantKey, Value: 1}}, keys...)
}

// Get returns the row that filter matches, or the noun's NotFound.
func (c *Collection[T]) Get(ctx context.Context, t tenant.ID, filter bson.D) (T, error) {
	return c.all.Get(ctx, scoped(t, filter))
}

// List returns all rows that filter matches, up to q.Limit. It returns ErrReadTooLarge if they exceed q.Bytes.
func (c *Collection[T]) List(ctx context.Context, t tenant.ID, filter bson.D, q Query) ([]T, error) {
	return c.all.List(ctx, scoped(t, filter), q.scoped())
}

// Part returns the first rows that filter matches, up to q.Limit and q.Bytes. cut reports that q.Bytes was reached:
// more rows follow, although there are fewer than q.Limit.
func (c *Collection[T]) Part(ctx context.Context, t tenant.ID, filter bson.D, q Query) (rows []T, cut bool, err error) {
	return c.all.Part(ctx, scoped(t, filter), q.scoped())
}

// Each calls take for each row that filter matches. It holds one batch at a time, and has no other bound in bytes.
func (c *Collection[T]) Each(ctx context.Context, t tenant.ID, filter bson.D, q Query, take func(T)) error {
	return c.all.each(ctx, scoped(t, filter), q.scoped(), take)
}

// Insert stores rows; inside a transaction, all or none. It refuses rows of another tenant.
func (c *Collection[T]) Insert(ctx context.Context, t tenant.ID, rows ...T) error {
	raws := make([]any, len(rows))
	for i := range rows {
		raw, err := bson.Marshal(rows[i])
		if err != nil {
			return fmt.Errorf("mongokit: %w", err)
		}
		if id, ok := bson.Raw(raw).Lookup(TenantKey).Int64OK(); !ok || id != t.Int64() || t.IsZero() {
			return fmt.Errorf("mongokit: a row for %s carries the tenant %d, not %s", c.all.c.Name(), id, t)
		}
		raws[i] = bson.Raw(raw)
	}
	return c.all.insert(ctx, raws)
}

// Update changes the one row that filter matches. It reports whether there was one.
func (c *Collection[T]) Update(ctx context.Context, t tenant.ID, filter, update bson.D) (bool, error) {
	return c.all.Update(ctx, scoped(t, filter), update)
}

// UpdateAll changes every row that filter matches, and returns their number.
func (c *Collection[T]) UpdateAll(ctx context.Context, t tenant.ID, filter, update bson.D) (int64, error) {
	start := time.Now()
	r, err := c.all.c.UpdateMany(ctx, scoped(t, filter), update)
	c.all.observe(ctx, "update", start, err)
	if err != nil {
		return 0, translate(err, c.all.noun)
	}
	return r.MatchedCount, nil
}

// Change is an update of the one row that Filter matches.
type Change struct{ Filter, Update bson.D }

// UpdateEach makes many changes in one command, in their order.
func (c *Collection[T]) UpdateEach(ctx context.Context, t tenant.ID, changes []Change) error {
	scopedChanges := make([]Change, len(changes))
	for i, ch := range changes {
		scopedChanges[i] = Change{scoped(t, ch.Filter), ch.Update}
	}
	return c.all.updateEach(ctx, scopedChanges)
}

// Modify changes the one row that filter matches and returns its new state, or the noun's NotFound.
func (c *Collection[T]) Modify(ctx context.Context, t tenant.ID, filter, update bson.D) (T, error) {
	return c.all.Modify(ctx, scoped(t, filter), update, false)
}

// Exchange is like Modify, but returns the state before.
func (c *Collection[T]) Exchange(ctx context.Context, t tenant.ID, filter, update bson.D) (T, error) {
	return c.all.modify(ctx, scoped(t, filter), update, options.FindOneAndUpdate().SetReturnDocument(options.Before))
}

// Upsert is like Modify, but creates the row if there is none, from filter's equalities and update.
func (c *Collection[T]) Upsert(ctx context.Context, t tenant.ID, filter, update bson.D) (T, error) {
	if t.IsZero() {
		var none T
		return none, fmt.Errorf("mongokit: an upsert into %s without a tenant", c.all.c.Name())
	}
	return c.all.Modify(ctx, scoped(t, filter), update, true)
}

// Increment adds to fields of the one row that filter's equalities name, without reading it. A path leads to a nested
// field ("a.b"). The row and missing fields are created.
func (c *Collection[T]) Increment(ctx context.Context, t tenant.ID, filter, by bson.D) error {
	if t.IsZero() {
		return fmt.Errorf("mongokit: an increment in %s without a tenant", c.all.c.Name())
	}
	start := time.Now()
	_, err := c.all.c.UpdateOne(
		ctx,
		scoped(t, filter),
		bson.D{{Key: "$inc", Value: by}},
		options.UpdateOne().SetUpsert(true),
	)
	c.all.observe(ctx, "update", start, err)
	return translate(err, c.all.noun)
}

// Delete removes every row that filter matches, and returns their number.
func (c *Collection[T]) Delete(ctx context.Context, t tenant.ID, filter bson.D) (int64, error) {
	return c.all.Delete(ctx, scoped(t, filter))
}

// DeleteSome removes up to limit of the rows that filter matches, and returns their number. Use it to remove many rows
// in batches of a bounded size.
func (c *Collection[T]) DeleteSome(ctx context.Context, t tenant.ID, filter bson.D, limit int64) (int64, error) {
	type named struct {
		ID any `bson:"_id"`
	}
	rows, _, err := (&Global[named]{db: c.all.db, c: c.all.c, noun: c.all.noun}).Part(
		ctx,
		scoped(t, filter),
		Query{Only: []string{"_id"}, Limit: limit},
	)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	ids := make(bson.A, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return c.Delete(ctx, t, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
}

// Global holds rows of type T that belong to the installation, not to one tenant.
type Global[T any] struct {
	db     *DB
	c      *mongo.Collection
	noun   string
	hidden string // a field that is needed only for its index, so rows are read without it; "" for none
	above  *aboveLimit
}

// GlobalOf declares a collection of the installation.
func GlobalOf[T any](db *DB, name, noun string, indexes ...Index) *Global[T] {
	db.indexes[name] = slices.Clip(db.indexes[name]) // also if there are none
	for _, ix := range indexes {
		// MongoDB refuses an index that is twice in one command.
		declared := slices.ContainsFunc(db.indexes[name], func(have Index) bool { return reflect.DeepEqual(have, ix) })
		if !declared {
			db.indexes[name] = append(db.indexes[name], ix)
		}
	}
	return &Global[T]{db: db, c: db.db.Collection(name), noun: noun, above: newAboveLimit()}
}

// Get returns the row that filter matches, or the noun's NotFound.
func (g *Global[T]) Get(ctx context.Context, filter bson.D) (T, error) {
	start := time.Now()
	o := options.FindOne()
	if g.hidden != "" {
		o.SetProjection(without(g.hidden))
	}
	found := g.c.FindOne(ctx, filter, o)
	g.observe(ctx, "find", start, found.Err())
	row, err := decodeOne[T](found)
	return row, translate(err, g.noun)
}

// Each calls take for each row that filter matches. It is for many rows: it holds one batch at a time.
func (g *Global[T]) Each(ctx context.Context, filter bson.D, q Query, take func(T)) error {
	if filter == nil {
		filter = bson.D{}
	}
	return g.each(ctx, filter, q, take)
}

func (g *Global[T]) find(ctx context.Context, filter bson.D, q Query) (*mongo.Cursor, error) {
	o := options.Find()
	if q.Sort != nil {
		o.SetSort(q.Sort)
	}
	if q.Index != nil {
		o.SetHint(q.Index)
	}
	if q.Skip > 0 {
		o.SetSkip(q.Skip)
	}
	if q.Limit > 0 {
		o.SetLimit(q.Limit)
	}
	if q.Short {
		o.SetBatchSize(shortRows)
	} else if q.Limit == 0 || q.Limit > firstBatch { // a single batch needs no cursor on the server
		o.SetBatchSize(firstBatch)
	}
	if omit := cmp.Or(q.Omit, g.hidden); omit != "" {
		o.SetProjection(without(omit))
	}
	if len(q.Only) > 0 {
		fields := make(bson.D, len(q.Only))
		for i, name := range q.Only {
			fields[i] = bson.E{Key: name, Value: 1}
		}
		o.SetProjection(fields)
	}
	start := time.Now()
	cursor, err := g.c.Find(ctx, filter, o)
	g.observe(ctx, "find", start, err)
	return cursor, err
}

// Rows are decoded with bson.Unmarshal. Decode and All of the driver's cursors and results make a reader with a buffer
// of 4 KiB for each document, which took a third of the processor time of a conversation with 20 messages.

func decodeOne[T any](found *mongo.SingleResult) (row T, err error) {
	raw, err := found.Raw()
	if err != nil {
		return row, err
	}
	return row, bson.Unmarshal(raw, &row)
}

// Insert stores rows.
func (g *Global[T]) Insert(ctx context.Context, rows ...T) error {
	docs := make([]any, len(rows))
	for i := range rows {
		docs[i] = rows[i]
	}
	return g.insert(ctx, docs)
}

func (g *Global[T]) insert(ctx context.Context, docs []any) (err error) {
	start := time.Now()
	switch len(docs) {
	case 0:
		return nil
	case 1:
		_, err = g.c.InsertOne(ctx, docs[0])
	default:
		_, err = g.c.InsertMany(ctx, docs)
	}
	g.observe(ctx, "insert", start, err)
	return translate(err, g.noun)
}

// Update changes the one row that filter matches. It reports whether there was one.
func (g *Global[T]) Update(ctx context.Context, filter, update bson.D) (bool, error) {
	start := time.Now()
	r, err := g.c.UpdateOne(ctx, filter, update)
	g.observe(ctx, "update", start, err)
	if err != nil {
		return false, translate(err, g.noun)
	}
	return r.MatchedCount == 1, nil
}

// Modify changes the one row that filter matches and returns its new state. Without a match it creates the row
// (upsert) or returns the noun's NotFound.
func (g *Global[T]) Modify(ctx context.Context, filter, update bson.D, upsert bool) (T, error) {
	return g.modify(ctx, filter, update, options.FindOneAndUpdate().SetReturnDocument(options.After).SetUpsert(upsert))
}

func (g *Global[T]) modify(
	ctx context.Context, filter, update bson.D, o *options.FindOneAndUpdateOptionsBuilder,
) (T, error) {
	if g.hidden != "" {
		o.SetProjection(without(g.hidden))
	}
	start := time.Now()
	found := g.c.FindOneAndUpdate(ctx, filter, update, o)
	g.observe(ctx, "findAndModify", start, found.Err())
	row, err := decodeOne[T](found)
	return row, translate(err, g.noun)
}

// Delete removes every row that filter matches, and returns their number.
func (g *Global[T]) Delete(ctx context.Context, filter bson.D) (int64, error) {
	start := time.Now()
	r, err := g.c.DeleteMany(ctx, filter)
	g.observe(ctx, "delete", start, err)
	if err != nil {
		return 0, translate(err, g.noun)
	}
	return r.DeletedCount, nil
}

// RowUpdate sets fields of the row with an _id. The tenant determines the shard.
type RowUpdate struct {
	Tenant tenant.ID
	ID     any
	Set    bson.D
}

// SetEach applies many updates in one command.
func (g *Global[T]) SetEach(ctx context.Context, changes []RowUpdate) error {
	each := make([]Change, len(changes))
	for i, c := range changes {
		each[i] = Change{
			bson.D{{Key: TenantKey, Value: c.Tenant}, {Key: "_id", Value: c.ID}},
			bson.D{{Key: "$set", Value: c.Set}},
		}
	}
	return g.updateEach(ctx, each)
}

func (g *Global[T]) updateEach(ctx context.Context, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	models := make([]mongo.WriteModel, len(changes))
	for i, c := range changes {
		models[i] = mongo.NewUpdateOneModel().SetFilter(c.Filter).SetUpdate(c.Update)
	}
	start := time.Now()
	_, err := g.c.BulkWrite(ctx, models)
	g.observe(ctx, "update", start, err)
	return translate(err, g.noun)
}
