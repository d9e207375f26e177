package searchquery

import (
	"slices"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchterms"
)

// split returns the query of the rows that have each word exactly, and that of the other rows, which have another form
// of a word, or a longer word that begins with the last one. No row has exactly what isn't a word, like signs alone.
func (q Query) split() (exact, others Query) {
	exact, others = q, q
	exact.Clauses = make([]searchterms.Clause, len(q.Clauses))
	for i, c := range q.Clauses {
		exact.Clauses[i] = searchterms.Clause{Terms: c.Terms[:min(1, len(c.Terms))]}
	}
	others.Without = append(slices.Clip(q.Without), exact.Clauses)
	return exact, others
}

// BestFirst returns a window of the rows that list finds by a query, in the order paging.Best: first those that have
// the words exactly, then the others, both newest first. A page has rows of one kind, so it may be shorter than the
// limit. list reads rows newest first. The error is an Invalid fault if a page is requested by its number.
func BestFirst[T any](
	q Query, w paging.Following, list func(Query, paging.Following) (paging.Slice[T], error),
) (paging.Slice[T], error) {
	if w.Number() > 1 {
		return paging.Slice[T]{}, fault.Bad("page", "isn't possible with sort=best: use cursor")
	}
	exact, others := q.split()
	read := func(q Query, order paging.Order, at paging.Cursor, limit int64) (paging.Slice[T], error) {
		part := w
		part.Order, part.Cursor, part.Limit = paging.Newest, at, paging.Limit(limit)
		part.Cursor.Order = paging.Newest
		found, err := list(q, part)
		found.Next.Order = order
		return found, err
	}
	if len(q.Clauses) == 0 { // all rows are as good
		return read(q, paging.Best, w.Cursor, w.Size())
	}
	start, at := paging.Newest.Start(), w.Cursor
	var total paging.Slice[T]
	if !w.ByCursor() {
		var err error
		if total, err = read(q, paging.Best, paging.Cursor{}, 1); err != nil {
			return total, err
		}
		at = start
	}
	if at.Order != paging.Others {
		found, err := read(exact, paging.Best, at, w.Size())
		if err != nil || found.More {
			return counted(found, total), err
		}
		if n := len(found.Rows); n > 0 { // the others are on the next page
			more, err := read(others, paging.Others, start, 1)
			found.More = len(more.Rows) > 0 || more.More
			found.Next, _ = paging.PlaceOf(found.Rows[n-1], paging.Best)
			return counted(found, total), err
		}
		at = start
	}
	found, err := read(others, paging.Others, at, w.Size())
	return counted(found, total), err
}

// counted returns a part with the total of the whole. A part without further rows has no next position.
func counted[T any](part, whole paging.Slice[T]) paging.Slice[T] {
	part.Total, part.Above = whole.Total, whole.Above
	if !part.More {
		part.Next = paging.Cursor{Order: part.Next.Order}
	}
	return part
}

// List returns a window of the rows of a query, in the window's order. list finds rows by the words, newest first for
// paging.Best. has confirms that a row has the phrases that are missing; it is asked for queries with phrases only.
func List[T any](
	q Query, w paging.Following, list func(Query, paging.Following) (paging.Slice[T], error),
	has func(T, Missing) (bool, error),
) (paging.Slice[T], error) {
	if w.Order == paging.Best {
		return BestFirst(q, w, func(q Query, w paging.Following) (paging.Slice[T], error) { return List(q, w, list, has) })
	}
	if len(q.Phrases) == 0 {
		return list(q, w)
	}
	return ByPhrases(w, func(w paging.Following) (paging.Slice[T], error) { return list(q, w) },
		func(row T) (bool, error) { return has(row, q.NewMissing()) })
}
