package mongokit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"fivechat.dev/libs/kernel/largeread"
)

// MaxRead is how many bytes of BSON one List or Part reads where its Query names no other bound.
const MaxRead = 4 << 20

// The bounds of a batch, which driver and server hold whole. A server's batch could have 16 MiB.
const (
	firstBatch = 32       // rows; with rows of 64 KiB that are 2 MiB
	mostBatch  = 128      // rows of a later one: each has twice as many as the one before, while rows are short
	shortBatch = 64 << 10 // bytes up to which the rows of a batch count as short
	shortRows  = 1_000    // rows of each batch of a query that says that its rows are short
)

// ErrReadTooLarge is List's error if rows have more bytes than its Query allows. Whoever needs them all reads parts.
var ErrReadTooLarge = errors.New("mongokit: the rows have more bytes than one read may take")

// List gives all rows that filter matches, up to q.Limit; ErrReadTooLarge if they are more than q.Bytes.
func (g *Global[T]) List(ctx context.Context, filter bson.D, q Query) ([]T, error) {
	rows, cut, err := g.Part(ctx, filter, q)
	if err == nil && cut {
		err = fmt.Errorf("%s: %w", g.c.Name(), ErrReadTooLarge)
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Part gives the first rows that filter matches, up to q.Limit and q.Bytes. cut reports that q.Bytes ended it: more rows
// follow, although there are fewer than q.Limit.
func (g *Global[T]) Part(ctx context.Context, filter bson.D, q Query) (rows []T, cut bool, err error) {
	left := q.Bytes
	if left == 0 {
		left = MaxRead
	}
	uncharged := int64(0)
	err = g.read(ctx, filter, q, func(raw bson.Raw) (more bool, err error) {
		if left -= int64(len(raw)); left < 0 && len(rows) > 0 {
			cut = true
			return false, nil
		}
		if uncharged += int64(len(raw)); uncharged >= shortBatch {
			if err := charge(ctx, uncharged); err != nil {
				return false, err
			}
			uncharged = 0
		}
		rows = append(rows, *new(T))
		return true, bson.Unmarshal(raw, &rows[len(rows)-1])
	})
	return rows, cut, err
}

func (g *Global[T]) each(ctx context.Context, filter bson.D, q Query, take func(T)) error {
	return g.read(ctx, filter, q, func(raw bson.Raw) (more bool, err error) {
		var row T
		if err = bson.Unmarshal(raw, &row); err == nil {
			take(row)
		}
		return true, err
	})
}

// read gives the rows that filter matches to take, in batches of bounded size, until take wants no more.
func (g *Global[T]) read(ctx context.Context, filter bson.D, q Query, take func(bson.Raw) (more bool, err error)) error {
	cursor, err := g.find(ctx, filter, q)
	if err != nil {
		return translate(err, g.noun)
	}
	defer func() { _ = cursor.Close(ctx) }() // the error that counts has been returned
	b := batch{cursor: cursor, size: firstBatch, short: q.Short}
	for {
		if !b.next(ctx, g.did) {
			return translate(cursor.Err(), g.noun)
		}
		if more, err := take(cursor.Current); err != nil || !more {
			return translate(err, g.noun)
		}
	}
}

// charge counts bytes that a request holds. A transaction doesn't wait, as others wait for it.
func charge(ctx context.Context, bytes int64) error {
	if mongo.SessionFromContext(ctx) != nil {
		return nil
	}
	return largeread.Charge(ctx, bytes)
}

// batch walks over a cursor and sets the size of its batches.
type batch struct {
	cursor *mongo.Cursor
	size   int32 // rows
	short  bool  // each has shortRows
	bytes  int   // of the rows of the present one so far
}

func (b *batch) next(ctx context.Context, did func(context.Context, string, time.Time, error)) bool {
	if b.cursor.RemainingBatchLength() > 0 || b.cursor.ID() == 0 {
		more := b.cursor.Next(ctx)
		b.bytes += len(b.cursor.Current)
		return more
	}
	if b.size = min(2*b.size, mostBatch); b.bytes > shortBatch {
		b.size = firstBatch
	}
	if b.short {
		b.size = shortRows
	}
	b.cursor.SetBatchSize(b.size)
	start := time.Now()
	more := b.cursor.Next(ctx)
	did(ctx, "getMore", start, b.cursor.Err())
	b.bytes = len(b.cursor.Current)
	return more
}
