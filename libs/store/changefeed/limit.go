package changefeed

import (
	"errors"
	"strconv"
)

// Limit is ?limit: the number of rows of a response. The default and the maximum are MaxRows.
type Limit int64

var errLimit = errors.New("must be a positive whole number")

// UnmarshalText parses the number. It reduces larger ones to MaxRows.
func (l *Limit) UnmarshalText(b []byte) error {
	n, err := strconv.ParseUint(string(b), 10, 63)
	if err != nil || n == 0 {
		return errLimit
	}
	*l = Limit(min(n, MaxRows))
	return nil
}

func (l Limit) rows() int64 {
	if l == 0 {
		return MaxRows
	}
	return int64(l)
}
