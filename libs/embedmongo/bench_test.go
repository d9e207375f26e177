package embedmongo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// messages is a durable collection with two compound indexes.
func messages(b *testing.B, docs int) *mongo.Collection {
	b.Helper()
	c := connect(b, start(b, b.TempDir()).URI()).Database("bench").Collection("messages")
	index(b, c, d("websiteId", 1, "conversationId", 1, "_id", -1), nil)
	index(b, c, d("websiteId", 1, "createdAt", -1, "_id", -1), nil)
	for from := 0; from < docs; from += 4000 {
		_, err := c.InsertMany(bg, batch(int64(from), min(4000, docs-from)))
		ok(b, err)
	}
	return c
}

var text = strings.Repeat("lorem ipsum ", 16)

func message1(id int64) bson.D {
	return d("_id", id, "websiteId", id%10, "conversationId", id/20, "createdAt", time.UnixMilli(1700000000000+id*1000),
		"text", text, "from", "visitor", "read", false)
}

func batch(from int64, n int) []any {
	docs := make([]any, n)
	for i := range docs {
		docs[i] = message1(from + int64(i))
	}
	return docs
}

func BenchmarkPointRead(b *testing.B) {
	c := messages(b, 100000)
	for b.Loop() {
		if err := c.FindOne(bg, d("_id", rand.Int64N(100000))).Err(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	c := messages(b, 100000)
	o := options.Find().SetSort(d("createdAt", -1, "_id", -1)).SetLimit(20)
	for b.Loop() {
		before := time.UnixMilli(1700000000000 + rand.Int64N(100000)*1000)
		cur, err := c.Find(bg, d("websiteId", rand.Int64N(10), "createdAt", d("$lt", before)), o)
		if err != nil {
			b.Fatal(err)
		}
		var out []bson.Raw
		ok(b, cur.All(bg, &out))
	}
}

func BenchmarkCount(b *testing.B) {
	c := messages(b, 100000)
	for b.Loop() {
		if n := count(b, bg, c, d("websiteId", 3)); n != 10000 {
			b.Fatal(n)
		}
	}
}

func BenchmarkFindOneAndUpdate(b *testing.B) {
	c := messages(b, 1000)
	for b.Loop() {
		if err := c.FindOneAndUpdate(bg, d("_id", rand.Int64N(1000)), d("$inc", d("n", 1))).Err(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInsert(b *testing.B) {
	for _, clients := range []int{1, 32} {
		b.Run(fmt.Sprint("clients=", clients), func(b *testing.B) {
			c := messages(b, 0)
			var next atomic.Int64
			insert := func() {
				if _, err := c.InsertOne(bg, message1(next.Add(1))); err != nil {
					b.Fatal(err)
				}
			}
			if clients == 1 {
				for b.Loop() {
					insert()
				}
				return
			}
			b.SetParallelism(clients / 2)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					insert()
				}
			})
		})
	}
}

func BenchmarkBulkInsertTransaction(b *testing.B) {
	c := messages(b, 0)
	s, err := c.Database().Client().StartSession()
	ok(b, err)
	defer s.EndSession(bg)
	from := int64(0)
	for b.Loop() {
		docs := batch(from, 4000)
		from += 4000
		_, err := s.WithTransaction(
			bg,
			func(ctx context.Context) (any, error) { return c.InsertMany(ctx, docs) },
			txOptions,
		)
		ok(b, err)
	}
	b.ReportMetric(4000*float64(b.N)/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkHotTransaction has 64 clients that all change one conversation and add a message and an event, each in a
// durable transaction.
func BenchmarkHotTransaction(b *testing.B) {
	c := messages(b, 0)
	hot, events := c.Database().Collection("hot"), c.Database().Collection("events")
	_, err := hot.InsertOne(bg, d("_id", 1, "n", int64(0)))
	ok(b, err)
	var tries, next atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			id := next.Add(1)
			s, err := c.Database().Client().StartSession()
			ok(b, err)
			_, err = s.WithTransaction(bg, func(ctx context.Context) (any, error) {
				tries.Add(1)
				if _, err := hot.UpdateOne(ctx, d("_id", 1), d("$inc", d("n", int64(1)))); err != nil {
					return nil, err
				}
				if _, err := c.InsertOne(ctx, message1(id)); err != nil {
					return nil, err
				}
				return events.InsertOne(ctx, d("_id", id, "kind", "message"))
			}, txOptions)
			s.EndSession(bg)
			if err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(tries.Load())/float64(b.N), "tries/op")
}
