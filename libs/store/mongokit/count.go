package mongokit

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"fivechat.dev/libs/kernel/tenant"
)

// Count returns the number of rows that filter matches.
func (c *Collection[T]) Count(ctx context.Context, t tenant.ID, filter bson.D) (int64, error) {
	return c.all.Count(ctx, scoped(t, filter))
}

// CountBy is like Count, but names the index to use, as Query.Index does.
func (c *Collection[T]) CountBy(ctx context.Context, t tenant.ID, filter, index bson.D) (int64, error) {
	return c.all.count(ctx, scoped(t, filter), tenantIndex(index), 0)
}

// CountUpTo is like CountBy, but counts no further than most+1. That there are more is remembered for ten seconds: rows
// deleted in between don't lower the result before.
func (c *Collection[T]) CountUpTo(
	ctx context.Context, t tenant.ID, filter, index bson.D, most int64,
) (int64, error) {
	return c.all.count(ctx, scoped(t, filter), tenantIndex(index), most)
}

// Count returns the number of rows that filter matches.
func (g *Global[T]) Count(ctx context.Context, filter bson.D) (int64, error) {
	return g.count(ctx, filter, nil, 0)
}

// count counts the rows that filter matches, and stops beyond most unless that is 0.
func (g *Global[T]) count(ctx context.Context, filter, index bson.D, most int64) (int64, error) {
	o := options.Count()
	if index != nil {
		o.SetHint(index)
	}
	var query countQuery
	if most > 0 {
		o.SetLimit(most + 1)
		var err error
		if query, err = countQueryOf(filter, index, most); err != nil {
			return 0, err
		}
		if g.above.holds(query) {
			return most + 1, nil
		}
	}
	start := time.Now()
	n, err := g.c.CountDocuments(ctx, filter, o)
	g.observe(ctx, "aggregate", start, err)
	if most > 0 && n > most {
		g.above.add(query)
	}
	return n, translate(err, g.noun)
}

const (
	aboveFor = 10 * time.Second
	maxAbove = 1_000 // queries of a collection that are remembered: 100 KB
)

// countQuery is the hash of a count's filter, which includes the tenant, its index and its limit.
type countQuery [sha256.Size]byte

func countQueryOf(filter, index bson.D, most int64) (countQuery, error) {
	raw, err := bson.Marshal(bson.D{{Key: "f", Value: filter}, {Key: "i", Value: index}, {Key: "n", Value: most}})
	if err != nil {
		return countQuery{}, fmt.Errorf("mongokit: count: %w", err)
	}
	return sha256.Sum256(raw), nil
}

// aboveLimit remembers for aboveFor which counts exceeded their limit. A count up to 10,000 is the dearest part of a
// search for a common word, and its result changes only if rows are deleted.
type aboveLimit struct {
	since *lru.Cache[countQuery, time.Time]
}

func newAboveLimit() *aboveLimit {
	since, _ := lru.New[countQuery, time.Time](maxAbove) // the error is for a size below 1
	return &aboveLimit{since}
}

func (a *aboveLimit) holds(q countQuery) bool {
	since, found := a.since.Get(q)
	return found && time.Since(since) < aboveFor
}

func (a *aboveLimit) add(q countQuery) { a.since.Add(q, time.Now()) }
