package mongokit

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/kernel/tenant"
)

// TenantKey is the field that every row of a tenant's collection has and every index of one begins with.
const TenantKey = "websiteId"

// Query says how much of what a filter matches is wanted, and in which order.
type Query struct {
	Sort  bson.D
	Skip  int64
	Limit int64    // 0: all
	Bytes int64    // of BSON that are read at most; 0: MaxRead. One row is always read
	Short bool     // rows are known to have some 100 bytes: a batch has shortRows of them
	Omit  string   // a field to leave out
	Only  []string // the fields that are wanted, where not all are
}

// Collection is a tenant's rows of type T. T has a field tagged bson:"websiteId" of type tenant.ID. Errors are faults:
// NotFound with the collection's noun, Unavailable where the store is away; IsDuplicate tells the rest.
type Collection[T any] struct{ all Global[T] }

// Tenanted declares a tenant's collection. noun is what a row is called in an answer ("conversation").
func Tenanted[T any](db *DB, name, noun string, indexes ...Index) *Collection[T] {
	for i, ix := range indexes {
		indexes[i].Keys = append(bson.D{{Key: TenantKey, Value: 1}}, ix.Keys...)
	}
	db.tenanted[name] = true
	return &Collection[T]{*GlobalOf[T](db, name, noun, indexes...)}
}

func scoped(t tenant.ID, filter bson.D) bson.D {
	if t.IsZero() { // matches nothing: no row has the zero tenant, Insert refuses it
		return bson.D{{Key: TenantKey, Value: tenant.ID{}}}
	}
	return append(bson.D{{Key: TenantKey, Value: t}}, filter...)
}

// Get gives the row that filter matches, or the noun's NotFound.
func (c *Collection[T]) Get(ctx context.Context, t tenant.ID, filter bson.D) (T, error) {
	return c.all.Get(ctx, scoped(t, filter))
}

// List gives all rows that filter matches, up to q.Limit; ErrReadTooLarge if they are more than q.Bytes.
func (c *Collection[T]) List(ctx context.Context, t tenant.ID, filter bson.D, q Query) ([]T, error) {
	return c.all.List(ctx, scoped(t, filter), q)
}

// Part gives the first rows that filter matches, up to q.Limit and q.Bytes. cut reports that q.Bytes ended it: more rows
// follow, although there are fewer than q.Limit.
func (c *Collection[T]) Part(ctx context.Context, t tenant.ID, filter bson.D, q Query) (rows []T, cut bool, err error) {
	return c.all.Part(ctx, scoped(t, filter), q)
}

// Each gives the rows that filter matches to take, one by one, so that they may be many. It has no bound in bytes but
// that of a batch.
func (c *Collection[T]) Each(ctx context.Context, t tenant.ID, filter bson.D, q Query, take func(T)) error {
	return c.all.each(ctx, scoped(t, filter), q, take)
}

// Count gives how many rows filter matches.
func (c *Collection[T]) Count(ctx context.Context, t tenant.ID, filter bson.D) (int64, error) {
	return c.all.Count(ctx, scoped(t, filter))
}

// Insert stores rows, all or (inside a transaction) none. A row of another tenant is refused.
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

// Update changes the one row that filter matches and says whether there was one.
func (c *Collection[T]) Update(ctx context.Context, t tenant.ID, filter, update bson.D) (bool, error) {
	return c.all.Update(ctx, scoped(t, filter), update)
}

// UpdateAll changes every row that filter matches and gives their number.
func (c *Collection[T]) UpdateAll(ctx context.Context, t tenant.ID, filter, update bson.D) (int64, error) {
	start := time.Now()
	r, err := c.all.c.UpdateMany(ctx, scoped(t, filter), update)
	c.all.did(ctx, "update", start, err)
	if err != nil {
		return 0, translate(err, c.all.noun)
	}
	return r.MatchedCount, nil
}

// Modify changes the one row that filter matches and gives it as it is afterwards, or the noun's NotFound.
func (c *Collection[T]) Modify(ctx context.Context, t tenant.ID, filter, update bson.D) (T, error) {
	return c.all.Modify(ctx, scoped(t, filter), update, false)
}

// Upsert is Modify that makes the row where there is none, from filter's equalities and update.
func (c *Collection[T]) Upsert(ctx context.Context, t tenant.ID, filter, update bson.D) (T, error) {
	if t.IsZero() {
		var none T
		return none, fmt.Errorf("mongokit: an upsert into %s without a tenant", c.all.c.Name())
	}
	return c.all.Modify(ctx, scoped(t, filter), update, true)
}

// Increment adds to fields of the one row that filter's equalities name, which is made where there is none, without
// reading it: a path leads to a field ("a.b"), and what is missing on the way is made too.
func (c *Collection[T]) Increment(ctx context.Context, t tenant.ID, filter, by bson.D) error {
	if t.IsZero() {
		return fmt.Errorf("mongokit: an increment in %s without a tenant", c.all.c.Name())
	}
	start := time.Now()
	_, err := c.all.c.UpdateOne(ctx, scoped(t, filter), bson.D{{Key: "$inc", Value: by}}, options.UpdateOne().SetUpsert(true))
	c.all.did(ctx, "update", start, err)
	return translate(err, c.all.noun)
}

// Delete removes every row that filter matches and gives their number.
func (c *Collection[T]) Delete(ctx context.Context, t tenant.ID, filter bson.D) (int64, error) {
	return c.all.Delete(ctx, scoped(t, filter))
}

// DeleteSome removes up to limit of the rows that filter matches and gives their number: what could be many is removed
// in pieces of a bounded size.
func (c *Collection[T]) DeleteSome(ctx context.Context, t tenant.ID, filter bson.D, limit int64) (int64, error) {
	type named struct {
		ID any `bson:"_id"`
	}
	rows, _, err := (&Global[named]{c.all.db, c.all.c, c.all.noun}).Part(ctx, scoped(t, filter), Query{Only: []string{"_id"}, Limit: limit})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	ids := make(bson.A, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return c.Delete(ctx, t, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
}

// Global is rows of type T that belong to the installation, not to one tenant.
type Global[T any] struct {
	db   *DB
	c    *mongo.Collection
	noun string
}

// GlobalOf declares a collection of the installation's.
func GlobalOf[T any](db *DB, name, noun string, indexes ...Index) *Global[T] {
	db.indexes[name] = append(db.indexes[name], indexes...)
	return &Global[T]{db, db.db.Collection(name), noun}
}

// Get gives the row that filter matches, or the noun's NotFound.
func (g *Global[T]) Get(ctx context.Context, filter bson.D) (T, error) {
	start := time.Now()
	found := g.c.FindOne(ctx, filter)
	g.did(ctx, "find", start, found.Err())
	row, err := decodeOne[T](found)
	return row, translate(err, g.noun)
}

// Each gives the rows that filter matches to take, one by one, so that they may be many.
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
	if q.Skip > 0 {
		o.SetSkip(q.Skip)
	}
	if q.Limit > 0 {
		o.SetLimit(q.Limit)
	}
	if q.Short {
		o.SetBatchSize(shortRows)
	} else if q.Limit == 0 || q.Limit > firstBatch { // what fits into one batch comes in one answer, without a cursor
		o.SetBatchSize(firstBatch)
	}
	if q.Omit != "" {
		o.SetProjection(bson.D{{Key: q.Omit, Value: 0}})
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
	g.did(ctx, "find", start, err)
	return cursor, err
}

// Rows are read with bson.Unmarshal and not with the Decode and All of the driver's cursors and results, which make a
// reader with a buffer of 4 KiB for each document: a third of the processor time of a conversation with 20 messages.

func decodeOne[T any](found *mongo.SingleResult) (row T, err error) {
	raw, err := found.Raw()
	if err != nil {
		return row, err
	}
	return row, bson.Unmarshal(raw, &row)
}

// Count gives how many rows filter matches.
func (g *Global[T]) Count(ctx context.Context, filter bson.D) (int64, error) {
	start := time.Now()
	n, err := g.c.CountDocuments(ctx, filter)
	g.did(ctx, "aggregate", start, err)
	return n, translate(err, g.noun)
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
	g.did(ctx, "insert", start, err)
	return translate(err, g.noun)
}

// Update changes the one row that filter matches and says whether there was one.
func (g *Global[T]) Update(ctx context.Context, filter, update bson.D) (bool, error) {
	start := time.Now()
	r, err := g.c.UpdateOne(ctx, filter, update)
	g.did(ctx, "update", start, err)
	if err != nil {
		return false, translate(err, g.noun)
	}
	return r.MatchedCount == 1, nil
}

// Modify changes the one row that filter matches and gives it as it is afterwards; without one it makes it (upsert) or
// gives the noun's NotFound.
func (g *Global[T]) Modify(ctx context.Context, filter, update bson.D, upsert bool) (T, error) {
	o := options.FindOneAndUpdate().SetReturnDocument(options.After).SetUpsert(upsert)
	start := time.Now()
	found := g.c.FindOneAndUpdate(ctx, filter, update, o)
	g.did(ctx, "findAndModify", start, found.Err())
	row, err := decodeOne[T](found)
	return row, translate(err, g.noun)
}

// Delete removes every row that filter matches and gives their number.
func (g *Global[T]) Delete(ctx context.Context, filter bson.D) (int64, error) {
	start := time.Now()
	r, err := g.c.DeleteMany(ctx, filter)
	g.did(ctx, "delete", start, err)
	if err != nil {
		return 0, translate(err, g.noun)
	}
	return r.DeletedCount, nil
}

// RowUpdate sets fields of the row with one _id. The tenant leads to the shard that has it.
type RowUpdate struct {
	Tenant tenant.ID
	ID     any
	Set    bson.D
}

// SetEach applies many changes in one command.
func (g *Global[T]) SetEach(ctx context.Context, changes []RowUpdate) error {
	if len(changes) == 0 {
		return nil
	}
	models := make([]mongo.WriteModel, len(changes))
	for i, c := range changes {
		models[i] = mongo.NewUpdateOneModel().SetFilter(bson.D{{Key: TenantKey, Value: c.Tenant}, {Key: "_id", Value: c.ID}}).SetUpdate(bson.D{{Key: "$set", Value: c.Set}})
	}
	start := time.Now()
	_, err := g.c.BulkWrite(ctx, models)
	g.did(ctx, "update", start, err)
	return translate(err, g.noun)
}
