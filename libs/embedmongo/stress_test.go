package embedmongo_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"

	"fivechat.dev/libs/embedmongo"
	"fivechat.dev/libs/embedmongo/internal/store"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// expected reports whether an error can occur in this test.
func expected(err error) bool {
	if err == nil || mongo.IsDuplicateKeyError(err) {
		return true
	}
	var se mongo.ServerError
	return errors.As(err, &se) && (se.HasErrorLabel("TransientTransactionError") || se.HasErrorCode(27))
}

// TestIndexesAgreeAfterStress mixes all kinds of writes, transactions and
// index builds on few documents, and then compares indexes with documents.
func TestIndexesAgreeAfterStress(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := embedmongo.Start(bg, embedmongo.Options{Dir: dir})
	ok(t, err)
	c := connect(t, s.URI()).Database("test").Collection("docs")
	index(t, c, d("a", 1, "b", -1), nil)
	index(t, c, d("l", 1), nil)
	index(t, c, d("u", 1), options.Index().SetUnique(true).SetPartialFilterExpression(d("u", d("$exists", true))))
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for range 150 {
				if err := step(c, r); !expected(err) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			name, err := c.Indexes().CreateOne(bg, mongo.IndexModel{Keys: d("b", 1, "l", 1)})
			if err == nil {
				err = c.Indexes().DropOne(bg, name)
			}
			if !expected(err) {
				t.Error(err)
				return
			}
		}
		index(t, c, d("b", 1, "l", 1), nil)
	})
	wg.Wait()
	ok(t, s.Close())
	engine, err := store.Open(dir, slog.Default())
	ok(t, err)
	defer func() { ok(t, engine.Close()) }()
	ok(t, engine.Check())
}

// step makes one random write, or a transaction of a few.
func step(c *mongo.Collection, r *rand.Rand) error {
	if r.IntN(3) > 0 {
		return write(bg, c, r)
	}
	return c.Database().Client().UseSession(bg, func(ctx context.Context) error {
		s := mongo.SessionFromContext(ctx)
		if err := s.StartTransaction(txOptions); err != nil {
			return err
		}
		for range 1 + r.IntN(4) {
			if err := write(ctx, c, r); err != nil {
				_ = s.AbortTransaction(bg)
				return err
			}
		}
		if r.IntN(4) == 0 {
			return s.AbortTransaction(ctx)
		}
		return s.CommitTransaction(ctx)
	})
}

func write(ctx context.Context, c *mongo.Collection, r *rand.Rand) error {
	id := r.IntN(20)
	doc := d("_id", id, "a", r.IntN(5), "b", r.IntN(5))
	if r.IntN(2) == 0 {
		doc = append(doc, bson.E{Key: "l", Value: bson.A{r.IntN(5), fmt.Sprint(r.IntN(5))}})
	}
	if r.IntN(2) == 0 {
		doc = append(doc, bson.E{Key: "u", Value: r.IntN(30)})
	}
	var err error
	switch r.IntN(6) {
	case 0:
		_, err = c.InsertOne(ctx, doc)
	case 1:
		_, err = c.ReplaceOne(ctx, d("_id", id), doc, options.Replace().SetUpsert(true))
	case 2:
		_, err = c.UpdateOne(ctx, d("_id", id), d("$set", doc[1:], "$inc", d("n", 1)))
	case 3:
		_, err = c.UpdateMany(ctx, d("a", r.IntN(5)), d("$addToSet", d("m", r.IntN(9)), "$inc", d("b", 1)))
	case 4:
		_, err = c.DeleteMany(ctx, d("a", r.IntN(5), "b", d("$gt", 2)))
	case 5:
		_, err = c.UpdateOne(ctx, d("l", d("$in", bson.A{1, "2"})), d("$unset", d("u", 1), "$push", d("l", r.IntN(9))))
	}
	return err
}
