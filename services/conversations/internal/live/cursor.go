package live

import (
	"fmt"
	"strconv"
	"strings"
)

// cursor is the progress of a stream: a position in each source's log. Its text, the id of an event, is these positions
// in order, separated by dots.
type cursor []int64

// String returns the event id.
func (c cursor) String() string {
	parts := make([]string, len(c))
	for i, pos := range c {
		parts[i] = strconv.FormatInt(pos, 10)
	}
	return strings.Join(parts, ".")
}

// parseCursor reads an event id that has n positions.
func parseCursor(id string, n int) (cursor, error) {
	parts := strings.Split(id, ".")
	if len(parts) != n {
		return nil, fmt.Errorf("live: %q has %d positions", id, len(parts))
	}
	c := make(cursor, n)
	for i, p := range parts {
		pos, err := strconv.ParseInt(p, 10, 64)
		if err != nil || pos < 0 {
			return nil, fmt.Errorf("live: %q is not a position", p)
		}
		c[i] = pos
	}
	return c, nil
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
