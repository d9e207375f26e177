package paging

import (
	"errors"
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
