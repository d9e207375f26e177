package mongokit

import (
	"cmp"
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Listed is a row of a newest-first list. Its creation and its id are its position.
type Listed interface{ SortKey() (time.Time, int64) }

// A list ends early if its rows exceed paging.MaxBytes. Then More is set, and Next is the position of its last row.

// Newest returns a window of the rows that filter matches, newest first (createdAt, then _id, both descending), or in
// the window's order. It needs an index that ends in these two fields; in another order than by creation, the first is
// q.Key. Reading by cursor counts nothing. Of q it uses Omit, Index, Key and CountUpTo.
func Newest[T Listed](
	ctx context.Context,
	c *Collection[T],
	t tenant.ID,
	filter bson.D,
	w paging.Window,
	q Query,
) (paging.Slice[T], error) {
	return NewestOf(ctx, &c.all, scoped(t, filter), w, q.scoped())
}

// NewestWithTotal is like Newest, with a function that knows the number of matching rows without a count query; nil
// counts.
func NewestWithTotal[T Listed](
	ctx context.Context,
	c *Collection[T],
	t tenant.ID,
	filter bson.D,
	w paging.Window,
	q Query,
	total func(context.Context) (int64, error),
) (paging.Slice[T], error) {
	return newest(ctx, &c.all, scoped(t, filter), w, q.scoped(), total)
}

// NewestOf is Newest for a collection of the installation.
func NewestOf[T Listed](
	ctx context.Context,
	g *Global[T],
	filter bson.D,
	w paging.Window,
	q Query,
) (paging.Slice[T], error) {
	return newest(ctx, g, filter, w, q, nil)
}

func newest[T Listed](
	ctx context.Context,
	g *Global[T],
	filter bson.D,
	w paging.Window,
	q Query,
	total func(context.Context) (int64, error),
) (paging.Slice[T], error) {
	found := paging.Slice[T]{Next: paging.Cursor{Order: w.Order}}
	var err error
	most, key := q.CountUpTo, cmp.Or(q.Key, "createdAt")
	direction, beyond := -1, "$lt"
	if w.Order.Ascends() {
		direction, beyond = 1, "$gt"
	}
	q = Query{
		Sort:  bson.D{{Key: key, Value: direction}, {Key: "_id", Value: direction}},
		Limit: w.Size() + 1,
		Omit:  q.Omit,
		Index: q.Index,
	}
	if w.ByCursor() {
		// The range uses the index. The $or only drops rows of the cursor's own millisecond.
		filter = append(filter[:len(filter):len(filter)],
			bson.E{Key: key, Value: bson.D{{Key: beyond + "e", Value: w.Cursor.At}}},
			bson.E{Key: "$or", Value: bson.A{
				bson.D{{Key: key, Value: bson.D{{Key: beyond, Value: w.Cursor.At}}}},
				bson.D{{Key: "_id", Value: bson.D{{Key: beyond, Value: w.Cursor.ID}}}},
			}})
	} else {
		if total == nil {
			total = func(ctx context.Context) (int64, error) { return g.count(ctx, filter, q.Index, most) }
		}
		if found.Total, err = total(ctx); err != nil {
			return found, err
		}
		if found.Above = most > 0 && found.Total > most; found.Above {
			found.Total = most
		}
		if q.Skip = (w.Number() - 1) * w.Size(); q.Skip >= found.Total && !found.Above {
			return found, nil
		}
	}
	q.Bytes = paging.MaxBytes
	if found.Rows, found.More, err = g.Part(ctx, filter, q); err != nil {
		return found, err
	}
	if int64(len(found.Rows)) > w.Size() {
		found.Rows, found.More = found.Rows[:w.Size()], true
	}
	if found.More {
		found.Next, _ = paging.PlaceOf(found.Rows[len(found.Rows)-1], w.Order)
	}
	return found, nil
}

// ListedByChange is a row of a list in the order of changes. Its last change and its id are its position.
type ListedByChange interface{ ChangeKey() (time.Time, int64) }

// ChangeIndex is the index that ListChanges needs.
func ChangeIndex() Index {
	return Index{Keys: bson.D{{Key: "updatedAt", Value: 1}, {Key: "_id", Value: 1}}, Needed: true}
}

// ListChanges returns the rows that filter matches in the order of their last changes (updatedAt, then _id), after the
// window's position, if their change has settled. Next is always set: later changes follow it. It names its index,
// because for a filter with further fields a server might choose theirs, and sort in memory.
func ListChanges[T ListedByChange](
	ctx context.Context,
	c *Collection[T],
	t tenant.ID,
	filter bson.D,
	w paging.Following,
	omit string,
) (paging.Slice[T], error) {
	found := paging.Slice[T]{Next: w.From()}
	from, key := found.Next, "updatedAt"
	// The range uses the index. The $or only drops rows of the position's own millisecond.
	filter = append(filter[:len(filter):len(filter)],
		bson.E{Key: key, Value: bson.D{{Key: "$gte", Value: from.At}, {Key: "$lt", Value: w.Before()}}},
		bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: key, Value: bson.D{{Key: "$gt", Value: from.At}}}},
			bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: from.ID}}}},
		}})
	var err error
	q := Query{
		Sort:  bson.D{{Key: key, Value: 1}, {Key: "_id", Value: 1}},
		Limit: w.Size() + 1,
		Bytes: paging.MaxBytes,
		Omit:  omit,
		Index: ChangeIndex().Keys,
	}
	if found.Rows, found.More, err = c.Part(ctx, t, filter, q); err != nil {
		return found, err
	}
	if int64(len(found.Rows)) > w.Size() {
		found.Rows, found.More = found.Rows[:w.Size()], true
	}
	if n := len(found.Rows); n > 0 {
		found.Next.At, found.Next.ID = found.Rows[n-1].ChangeKey()
	}
	return found, nil
}
