package live

import (
	"fmt"
	"slices"

	"fivechat.dev/libs/kernel/paging"
)

// cursor is the progress of a stream: a position in each source's log. Its text, the id of an event, is these positions
// in order, separated by dots.
type cursor []int64

// String returns the event id.
func (c cursor) String() string { return paging.Numbers(c).String() }

// parseCursor reads an event id that has n positions.
func parseCursor(id string, n int) (cursor, error) {
	positions, err := paging.ParseNumbers(id, n)
	if err != nil {
		return nil, fmt.Errorf("live: event id: %w", err)
	}
	if slices.Min(positions) < 0 {
		return nil, fmt.Errorf("live: event id %q has a negative position", id)
	}
	return cursor(positions), nil
}

// within reports whether no position of c is ahead of end. A cursor that is ahead was never issued.
func (c cursor) within(end cursor) bool {
	for i := range c {
		if c[i] > end[i] {
			return false
		}
	}
	return true
}
