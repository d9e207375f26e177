package paging

import (
	"errors"
	"time"
)

// Settled is how old a change must be before followers of a list get it: twice as long as a request may take. A row
// gets the time of its change before it is stored. A younger change could still be stored before one that was already
// returned, and followers would miss it. The second half of the time is a margin for clocks that differ.
const Settled = 30 * time.Second

// Following is a Window of a list that can also be read in the order of changes, the oldest change first: from
// ?updatedSince, and then from cursor to cursor without end. Each lasting state of a row is returned once.
type Following struct {
	Window
	UpdatedSince Moment    `query:"updatedSince" json:"-"`
	Until        time.Time `json:"-"` // only earlier changes are returned; zero: those older than Settled
}

// Follows reports whether the list is read in the order of changes.
func (f Following) Follows() bool {
	return f.Cursor.Order == Changes || !time.Time(f.UpdatedSince).IsZero()
}

// Validate refuses a cursor of another order.
func (f Following) Validate() error {
	_, err := f.In("", Newest)
	return err
}

// From returns the position after which changes are returned.
func (f Following) From() Cursor {
	if f.Cursor.Order == Changes {
		return f.Cursor
	}
	at := time.Time(f.UpdatedSince)
	if whole := at.Truncate(time.Millisecond); whole.Before(at) { // times are stored in milliseconds
		at = whole.Add(time.Millisecond)
	}
	return Cursor{At: time.UnixMilli(max(at.UnixMilli(), 0)), Order: Changes}
}

// Before returns the time before which changes must have happened.
func (f Following) Before() time.Time {
	if f.Until.IsZero() {
		return time.Now().Add(-Settled)
	}
	return f.Until
}

// Moment is a timestamp in a query.
type Moment time.Time

// UnmarshalText parses RFC 3339.
func (m *Moment) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil {
		return ErrMoment
	}
	*m = Moment(t)
	return nil
}

// ErrMoment is the error of a malformed Moment.
var ErrMoment = errors.New("must be a timestamp like 2024-01-15T10:30:00.000Z")
