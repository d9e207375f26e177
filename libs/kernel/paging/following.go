package paging

import (
	"errors"
	"time"

	"fivechat.dev/libs/kernel/fault"
)

// Settled is how old a change must be before it is given to who follows a list: twice as long as a request may take. A row
// gets the time of its change before it is stored, so a younger change could still come to stand in front of one that
// was given, and would be missed. It leaves as much again for clocks that do not agree.
const Settled = 30 * time.Second

// Following is a Window of a list that can also be read in the order in which its rows were changed, the oldest change
// first: from ?updatedSince on, and then from cursor to cursor, for ever. Each state that a row stays in is given once.
type Following struct {
	Window
	UpdatedSince Moment    `query:"updatedSince" json:"-"`
	Until        time.Time `json:"-"` // only changes before it are given; zero: those that have Settled
}

// Follows says that the list is read in the order of changes.
func (f Following) Follows() bool { return f.Cursor.Changes || !time.Time(f.UpdatedSince).IsZero() }

// Validate refuses a cursor of the other order.
func (f Following) Validate() error {
	if f.Follows() && f.ByCursor() && !f.Cursor.Changes {
		return fault.Bad("cursor", errNotCursor.Error())
	}
	return nil
}

// From is the place behind which changes are given.
func (f Following) From() Cursor {
	if f.Cursor.Changes {
		return f.Cursor
	}
	at := time.Time(f.UpdatedSince)
	if whole := at.Truncate(time.Millisecond); whole.Before(at) { // times are stored in milliseconds
		at = whole.Add(time.Millisecond)
	}
	return Cursor{At: time.UnixMilli(max(at.UnixMilli(), 0)), Changes: true}
}

// Before is the time that changes must have happened before to be given.
func (f Following) Before() time.Time {
	if f.Until.IsZero() {
		return time.Now().Add(-Settled)
	}
	return f.Until
}

// Moment is a timestamp in a query.
type Moment time.Time

// UnmarshalText reads RFC 3339.
func (m *Moment) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil {
		return ErrMoment
	}
	*m = Moment(t)
	return nil
}

// ErrMoment says what a Moment must be.
var ErrMoment = errors.New("must be a timestamp like 2024-01-15T10:30:00.000Z")
