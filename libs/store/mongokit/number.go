package mongokit

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ByNumber returns the next up to limit rows after a number, in the order of their numbers, for a task that visits all
// rows. more reports whether others follow. Only the number and the fields only are read.
func ByNumber[T any, ID ~int64](
	ctx context.Context, g *Global[T], after ID, limit int64, only ...string,
) (rows []T, more bool, err error) {
	rows, err = g.List(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}},
		Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: limit, Only: only})
	return rows, int64(len(rows)) == limit, err
}

// numbered is the number of a row.
type numbered struct {
	ID int64 `bson:"_id"`
}

// NewestNumber returns the greatest number of a row, 0 if there is none.
func NewestNumber[T any](ctx context.Context, g *Global[T]) (int64, error) {
	rows, err := (&Global[numbered]{db: g.db, c: g.c, noun: g.noun}).List(ctx, bson.D{},
		Query{Sort: bson.D{{Key: "_id", Value: -1}}, Limit: 1, Only: []string{"_id"}})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].ID, nil
}
