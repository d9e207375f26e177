package embedmongo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// sizes are the numbers of documents among which the operations are measured. The largest takes long to build, so it
// runs on request only.
func sizes() []int {
	if os.Getenv("EMBEDMONGO_BENCH_LARGE") == "1" {
		return []int{10000, 100000, 1000000}
	}
	return []int{10000, 100000}
}

// clients runs an operation from this many clients at once and reports how many complete in a second.
func clients(b *testing.B, n int, operation func() error) {
	b.Run(fmt.Sprint("clients=", n), func(b *testing.B) {
		b.SetParallelism(max(1, n/runtime.GOMAXPROCS(0)))
		if n == 1 {
			for b.Loop() {
				ok(b, operation())
			}
		} else {
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := operation(); err != nil {
						b.Error(err)
					}
				}
			})
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
	})
}

// BenchmarkSizes measures the operations among growing numbers of documents,
// on disk with every write synced; the server and its clients share the
// processors.
func BenchmarkSizes(b *testing.B) {
	for _, size := range sizes() {
		b.Run(fmt.Sprint("docs=", size), func(b *testing.B) {
			c, n := messages(b, size), int64(size)
			var next atomic.Int64
			next.Store(n)
			run := func(name string, operation func() error, counts ...int) {
				b.Run(name, func(b *testing.B) {
					for _, count := range counts {
						clients(b, count, operation)
					}
				})
			}
			run("pointRead", func() error { return c.FindOne(bg, d("_id", rand.Int64N(n))).Err() }, 1, 16)
			run("page", func() error { return page(c, n) }, 1, 16)
			run("findOneAndUpdate", func() error {
				return c.FindOneAndUpdate(bg, d("_id", rand.Int64N(n)), d("$inc", d("n", 1))).Err()
			}, 1)
			run("insert", func() error {
				_, err := c.InsertOne(bg, message1(next.Add(1)))
				return err
			}, 1, 32)
			run("transaction", func() error { return twoDocuments(c, n, next.Add(1)) }, 1, 16)
		})
	}
}

// page reads 20 messages of a website before a moment, newest first.
func page(c *mongo.Collection, n int64) error {
	before := time.UnixMilli(1700000000000 + (200+rand.Int64N(n-200))*1000)
	o := options.Find().SetSort(d("createdAt", -1, "_id", -1)).SetLimit(20)
	cur, err := c.Find(bg, d("websiteId", rand.Int64N(10), "createdAt", d("$lt", before)), o)
	if err != nil {
		return err
	}
	var out []bson.Raw
	if err := cur.All(bg, &out); err != nil {
		return err
	}
	if len(out) != 20 {
		return fmt.Errorf("%d messages in a page", len(out))
	}
	return nil
}

// twoDocuments changes one message and adds another in one transaction.
func twoDocuments(c *mongo.Collection, n, id int64) error {
	s, err := c.Database().Client().StartSession()
	if err != nil {
		return err
	}
	defer s.EndSession(bg)
	_, err = s.WithTransaction(bg, func(ctx context.Context) (any, error) {
		if _, err := c.UpdateOne(ctx, d("_id", rand.Int64N(n)), d("$inc", d("n", 1))); err != nil {
			return nil, err
		}
		return c.InsertOne(ctx, message1(id))
	}, txOptions)
	return err
}
