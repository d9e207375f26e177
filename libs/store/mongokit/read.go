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

// MaxRead bounds the BSON bytes of a List or Part whose Query sets no bound.
const MaxRead = 4 << 20

// The bounds of a batch, which the driver and the server hold in memory. A batch of the server's default could have 16
// MiB.
const (
	firstBatch = 32       // rows; 2 MiB if a row has 64 KiB
	maxBatch   = 128      // rows of a later batch: each is twice as large as the one before, while rows are short
	shortBatch = 64 << 10 // bytes: rows of a batch up to this size count as short
	shortRows  = 1_000    // rows of each batch of a query with Short
)

// ErrReadTooLarge is List's error if rows exceed its Query's bytes. Use Part to read all of them.
var ErrReadTooLarge = errors.New("mongokit: the rows have more bytes than one read may take")

// List returns all rows that filter matches, up to q.Limit. It returns ErrReadTooLarge if they exceed q.Bytes.
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

// Part returns the first rows that filter matches, up to q.Limit and q.Bytes. cut reports that q.Bytes was reached:
// more rows follow, although there are fewer than q.Limit.
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

// read calls take for the rows that filter matches, in batches of bounded size, until take returns false or an error.
func (g *Global[T]) read(
	ctx context.Context,
	filter bson.D,
	q Query,
	take func(bson.Raw) (more bool, err error),
) error {
	cursor, err := g.find(ctx, filter, q)
	if err != nil {
		return translate(err, g.noun)
	}
	defer func() { _ = cursor.Close(ctx) }() // the error that matters has been returned
	b := batch{cursor: cursor, size: firstBatch, short: q.Short}
	for {
		if !b.next(ctx, g.observe) {
			return translate(cursor.Err(), g.noun)
		}
		if more, err := take(cursor.Current); err != nil || !more {
			return translate(err, g.noun)
		}
	}
}

// charge counts the bytes that a request holds. It may wait, but never in a transaction, because others wait for its
// locks.
func charge(ctx context.Context, bytes int64) error {
	if InTransaction(ctx) {
		return nil
	}
	return largeread.Charge(ctx, bytes)
}

// batch iterates over a cursor and sets the size of its batches.
type batch struct {
	cursor *mongo.Cursor
	size   int32 // rows
	short  bool  // each batch has shortRows
	bytes  int   // the current batch's rows so far
}

func (b *batch) next(ctx context.Context, observe func(context.Context, string, time.Time, error)) bool {
	if b.cursor.RemainingBatchLength() > 0 || b.cursor.ID() == 0 {
		more := b.cursor.Next(ctx)
		b.bytes += len(b.cursor.Current)
		return more
	}
	if b.size = min(2*b.size, maxBatch); b.bytes > shortBatch {
		b.size = firstBatch
	}
	if b.short {
		b.size = shortRows
	}
	b.cursor.SetBatchSize(b.size)
	start := time.Now()
	more := b.cursor.Next(ctx)
	observe(ctx, "getMore", start, b.cursor.Err())
	b.bytes = len(b.cursor.Current)
	return more
}
