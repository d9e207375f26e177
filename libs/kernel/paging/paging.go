// Package paging defines the requests and responses of all lists. A list is read by page number with a total, as in
// the hosted API, or by an opaque cursor without counting. Begin with Window and Page.
package paging

import (
	"strconv"

	"fivechat.dev/libs/kernel/fault"
)

// Number is the 1-based ?page. Malformed numbers and numbers out of range are clamped, never refused.
type Number int64

// UnmarshalText clamps to 1 to 10^9.
func (n *Number) UnmarshalText(b []byte) error {
	*n = Number(clamp(b, 1, 1, 1e9))
	return nil
}

// Limit is ?limit: 20 by default, at most 100, clamped like Number.
type Limit int64

// UnmarshalText clamps to 1 to 100.
func (l *Limit) UnmarshalText(b []byte) error {
	*l = Limit(clamp(b, 20, 1, 100))
	return nil
}

func clamp(b []byte, missing, least, most int64) int64 {
	n, err := strconv.ParseFloat(string(b), 64)
	switch {
	case n > float64(most): // also 1e999, which is infinite and an error
		return most
	case n < float64(least) && n != 0:
		return least
	case err != nil || n != n:
		return missing
	default:
		return max(int64(n), least)
	}
}

// Window is the requested part of a list. The request of every list embeds it.
type Window struct {
	Page   Number `query:"page" json:"-"`
	Limit  Limit  `query:"limit" json:"-"`
	Cursor Cursor `query:"cursor" json:"-"`
	Order  Order  `json:"-"` // of the list; the cursor's, unless it is zero
	last   int64  // the last page that can be read by its number; 0: any
}

// MaxPage is the last page that lists with several orders return by its number. A page costs as much as all rows before
// it: at 20 rows, this one costs about twice as much as the first. Clients that read on use the cursor.
const MaxPage = 500

// Number returns the requested page, 1 by default.
func (w Window) Number() int64 { return max(int64(w.Page), 1) }

// Size returns the number of requested rows, 20 by default.
func (w Window) Size() int64 {
	if w.Limit == 0 {
		return 20
	}
	return int64(w.Limit)
}

// ByCursor reports whether the list is read by cursor, so that nothing is counted.
func (w Window) ByCursor() bool { return w.Cursor.ID != 0 }

// Validate refuses a cursor of another order than newest first.
func (w Window) Validate() error {
	if w.Cursor.Order != Newest {
		return fault.Bad("cursor", errOtherOrder.Error())
	}
	return nil
}

// Slice is the part of a list that a store found.
type Slice[T any] struct {
	Rows  []T
	Total int64  // of the whole list; 0 if it is read by cursor
	Above bool   // the whole list has more rows than Total, which are counted no further
	Next  Cursor // the position after the last row; zero at the end of the list
	More  bool   // more rows follow Next
}

// First returns the slice's first n rows, at least one. Next becomes the position after them.
func (s Slice[T]) First(n int) Slice[T] {
	s.Rows, s.More = s.Rows[:n], true
	if place, is := PlaceOf(any(s.Rows[n-1]), s.Next.Order); is {
		s.Next = place
	}
	return s
}
