package paging

import (
	"errors"
	"strconv"
)

// After is the number of the message behind which a thread goes on, or 0 for its beginning.
type After int64

var errAfter = errors.New("must be a message's number, or 0")

// UnmarshalText reads the number.
func (a *After) UnmarshalText(b []byte) error {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 {
		return errAfter
	}
	*a = After(n)
	return nil
}
