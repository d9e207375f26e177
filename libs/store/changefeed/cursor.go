package changefeed

import (
	"encoding/base64"
	"time"

	"github.com/go-json-experiment/json"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

const latest = 253402300799999 // the end of the year 9999, in milliseconds

// cursor is the position of a client in an export. It grants no access: the caller's credential determines whose rows
// are read.
type cursor struct {
	Kind    string    `json:"k"`
	Website tenant.ID `json:"w"`
	Walking bool      `json:"b,omitzero"` // the table is being walked, from At and ID
	At      int64     `json:"a,omitzero"` // the position in the walk: milliseconds
	ID      int64     `json:"i,omitzero"` // and id
	Since   int64     `json:"s,omitzero"` // milliseconds: the walk omits rows that were last changed before
	Pos     int64     `json:"p"`          // in the log: later records have not been returned
	Key     int64     `json:"x,omitzero"` // number of a key of the next record: lesser ones have been returned
	Row     int64     `json:"r,omitzero"` // of the rows that belong to Key: rows up to this one have been returned
}

func (c cursor) String() (string, error) {
	b, err := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// begin returns the cursor of a new walk. The log is read after pos.
func begin(kind string, t tenant.ID, since, pos int64) cursor {
	return cursor{Kind: kind, Website: t, Walking: true, At: since, Since: since, Pos: pos}
}

func parse(text, kind string, t tenant.ID) (c cursor, err error) {
	foreign := fault.Bad("cursor", "is not a cursor of this export")
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || json.Unmarshal(b, &c, json.RejectUnknownMembers(true)) != nil {
		return c, foreign
	}
	if c.Kind != kind || c.Website != t || min(c.At, c.ID, c.Since, c.Pos, c.Row) < 0 || max(c.At, c.Since) > latest {
		return c, foreign
	}
	return c, nil
}

func (c cursor) pagingCursor() paging.Cursor {
	return paging.Cursor{At: time.UnixMilli(c.At).UTC(), ID: c.ID, Order: paging.Changes}
}

// Window is the part of a list in the order of changes that a walk reads. It includes the newest changes, because the
// log returns whatever changes later.
func Window(after paging.Cursor, limit int64) paging.Following {
	return paging.Following{
		Window: paging.Window{Cursor: after, Limit: paging.Limit(limit)},
		Until:  time.UnixMilli(latest),
	}
}
