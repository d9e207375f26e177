package live

import (
	"fmt"
	"strconv"
	"strings"
)

// cursor is how far a stream has come: a position in each source's log. As text, an event's id, its positions stand in
// order with dots between.
type cursor []int64

// String gives the event id.
func (c cursor) String() string {
	parts := make([]string, len(c))
	for i, pos := range c {
		parts[i] = strconv.FormatInt(pos, 10)
	}
	return strings.Join(parts, ".")
}

// parseCursor reads an event id of n positions.
func parseCursor(id string, n int) (cursor, error) {
	parts := strings.Split(id, ".")
	if len(parts) != n {
		return nil, fmt.Errorf("live: %q has %d positions", id, len(parts))
	}
	c := make(cursor, n)
	for i, p := range parts {
		pos, err := strconv.ParseInt(p, 10, 64)
		if err != nil || pos < 0 {
			return nil, fmt.Errorf("live: %q is no position", p)
		}
		c[i] = pos
	}
	return c, nil
}

// within says whether c lies nowhere ahead of end: a cursor that does was never given out.
func (c cursor) within(end cursor) bool {
	for i := range c {
		if c[i] > end[i] {
			return false
		}
	}
	return true
}
