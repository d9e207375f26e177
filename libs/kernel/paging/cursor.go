package paging

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// Cursor is ?cursor: a position in a list, after a row. The zero value is the beginning.
type Cursor struct {
	At      time.Time // the row's creation or, in the order of changes, its last change
	ID      int64     // the row's id, which breaks ties; in the order of changes, 0 means before all rows of At
	Changes bool      // a position in the order of changes
}

// The lengths of a cursor in bytes. A cursor in the order of changes has one byte more, so that neither is mistaken
// for the other.
const (
	positionSize = 16
	changesSize  = positionSize + 1
)

// UnmarshalText parses the text of String.
func (c *Cursor) UnmarshalText(b []byte) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(b))
	if err != nil || len(raw) != positionSize && len(raw) != changesSize {
		return errNotCursor
	}
	c.At = time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	c.ID = int64(binary.BigEndian.Uint64(raw[8:]))
	if c.Changes = len(raw) == changesSize; c.Changes {
		if raw[positionSize] != 1 || c.At.UnixMilli() < 0 || c.ID < 0 || c.At.Year() > 9999 {
			return errNotCursor
		}
		return nil
	}
	if c.At.UnixMilli() <= 0 || c.At.Year() > 9999 || c.ID <= 0 {
		return errNotCursor
	}
	return nil
}

var errNotCursor = errors.New("is not a cursor of a previous response")

// String returns the opaque text of the cursor.
func (c Cursor) String() string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(c.At.UnixMilli()))
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.ID))
	if c.Changes {
		raw = append(raw, 1)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
