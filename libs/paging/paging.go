// Package paging is how every list is asked for and answered: by page number with a total, as the hosted API does, or
// by an opaque cursor without counting.
package paging

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"time"
)

// Number is the 1-based ?page. What does not parse or lies outside is clamped, never refused.
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

// Cursor is ?cursor: the place behind a row in a newest-first list. Its zero value is the beginning.
type Cursor struct {
	At time.Time // the row's creation
	ID int64     // the row's number, which breaks ties
}

// UnmarshalText reads what MarshalText wrote.
func (c *Cursor) UnmarshalText(b []byte) error {
	raw, err := base64.RawURLEncoding.DecodeString(string(b))
	if err != nil || len(raw) != 16 {
		return errNotCursor
	}
	c.At = time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	c.ID = int64(binary.BigEndian.Uint64(raw[8:]))
	if c.At.UnixMilli() <= 0 || c.At.Year() > 9999 || c.ID <= 0 {
		return errNotCursor
	}
	return nil
}

var errNotCursor = errors.New("is not a cursor that an answer gave")

// String is the opaque form.
func (c Cursor) String() string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(c.At.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(raw, uint64(c.ID)))
}

// Window says which part of a list is wanted. It is embedded in the request of every list.
type Window struct {
	Page   Number `query:"page" json:"-"`
	Limit  Limit  `query:"limit" json:"-"`
	Cursor Cursor `query:"cursor" json:"-"`
}

// Number is the page asked for, 1 by default.
func (w Window) Number() int64 { return max(int64(w.Page), 1) }

// Size is how many rows are asked for, 20 by default.
func (w Window) Size() int64 {
	if w.Limit == 0 {
		return 20
	}
	return int64(w.Limit)
}

// ByCursor says that the list is read by cursor, so nothing is counted.
func (w Window) ByCursor() bool { return w.Cursor.ID != 0 }

// Slice is the part of a list that a store found.
type Slice[T any] struct {
	Rows  []T
	Total int64  // of the whole list; not counted when read by cursor
	Next  Cursor // the place behind the last row; zero at the end
}

// Page is the envelope of every list. Total, Page and TotalPages are null where the list was read by cursor.
type Page[T any] struct {
	Data        []T     `json:"data"`
	Total       *int64  `json:"total"`
	Page        *int64  `json:"page"`
	Limit       int64   `json:"limit"`
	TotalPages  *int64  `json:"totalPages"`
	HasNextPage bool    `json:"hasNextPage"`
	HasPrevPage bool    `json:"hasPrevPage"`
	NextCursor  *string `json:"nextCursor"`
}

// Envelope puts data, the view of found.Rows, into the envelope of what was asked.
func Envelope[T, Row any](w Window, found Slice[Row], data []T) Page[T] {
	p := Page[T]{Data: data, Limit: w.Size()}
	if found.Next.ID != 0 {
		next := found.Next.String()
		p.NextCursor = &next
		p.HasNextPage = true
	}
	if w.ByCursor() {
		p.HasPrevPage = true
		return p
	}
	number, pages := w.Number(), (found.Total+p.Limit-1)/p.Limit
	p.Total, p.Page, p.TotalPages = &found.Total, &number, &pages
	p.HasNextPage, p.HasPrevPage = number < pages, number > 1
	return p
}
