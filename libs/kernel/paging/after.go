package paging

import (
	"errors"
	"net/url"
	"strconv"
)

// After is the number of the last item that the caller has: the id of a message, or a position in an event log. It is 0
// at the beginning.
type After int64

var errAfter = errors.New("must be the number of an item, or 0")

// UnmarshalText parses the number.
func (a *After) UnmarshalText(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 {
		return errAfter
	}
	*a = After(n)
	return nil
}

// Part is a list that is read after an item, from its beginning or further on: all items that follow, or the first of
// them.
type Part[T Numbered] struct {
	Data []T `json:"data"`
	// more items follow; request them with after=<last number>
	HasMore bool `json:"hasMore,omitzero"`
}

// Numbered is an item of a Part. The numbers of later items are higher.
type Numbered interface{ Number() int64 }

// PartOf returns the first items that have MaxBytes together. more reports whether others follow them.
func PartOf[T Numbered](items []T, more bool) Part[T] {
	items, cut := Fit(items)
	return Part[T]{items, more || cut}
}

// Links returns the header Link of the response to a request at an address: the next part.
func (p Part[T]) Links(at *url.URL) string {
	if !p.HasMore {
		return ""
	}
	return Link(at, "next", "after", strconv.FormatInt(p.Data[len(p.Data)-1].Number(), 10))
}
