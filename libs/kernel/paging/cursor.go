package paging

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// Cursor is ?cursor: a position in a list, after a row. The zero value is the beginning.
type Cursor struct {
	At    time.Time // the time of the row by which the list is ordered
	ID    int64     // the row's id, which breaks ties; in the order of changes, 0 means before all rows of At
	Order Order     // the order that the position belongs to
}

// Start returns the position before the first row of a list in the order.
func (o Order) Start() Cursor {
	if o.Ascends() {
		return Cursor{At: time.UnixMilli(1), ID: 1, Order: o}
	}
	return Cursor{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: 1<<53 - 1, Order: o}
}

// The lengths of a cursor in bytes. A cursor of another order than newest first has one byte more, the order, so that
// none is mistaken for one of another order.
const (
	positionSize = 16
	orderedSize  = positionSize + 1
)

// UnmarshalText parses the text of String.
func (c *Cursor) UnmarshalText(b []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(b))
	if err != nil || len(raw) != positionSize && len(raw) != orderedSize {
		return errNotCursor
	}
	c.At = time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	c.ID = int64(binary.BigEndian.Uint64(raw[8:]))
	c.Order = Newest
	if len(raw) == orderedSize {
		if c.Order = Order(raw[positionSize]); c.Order == Newest || c.Order > lastOrder {
			return errNotCursor
		}
	}
	least := int64(1)
	if c.Order == Changes {
		least = 0
	}
	if c.At.UnixMilli() < least || c.At.Year() > 9999 || c.ID < least {
		return errNotCursor
	}
	return nil
}

var (
	errNotCursor  = errors.New("is not a cursor of a previous response")
	errOtherOrder = errors.New("is not a cursor of this order: use it with the sort that it came from")
)

// String returns the opaque text of the cursor.
func (c Cursor) String() string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(c.At.UnixMilli()))
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.ID))
	if c.Order != Newest {
		raw = append(raw, byte(c.Order))
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
