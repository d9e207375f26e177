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

// cursor is how far a reader has come. Nothing in it opens anything: whose rows are read is decided by who asks.
type cursor struct {
	Kind    string    `json:"k"`
	Website tenant.ID `json:"w"`
	Walking bool      `json:"b,omitzero"` // the table is being walked, and the place counts
	At      int64     `json:"a,omitzero"` // the place in the walk: milliseconds
	ID      int64     `json:"i,omitzero"` // and number
	Since   int64     `json:"s,omitzero"` // milliseconds: rows that were changed before are not walked
	Pos     int64     `json:"p"`          // in the log: what stands behind it is still to be given
	Key     int64     `json:"x,omitzero"` // of the record at the next position: the keys before it have been given
	Row     int64     `json:"r,omitzero"` // of the rows that belong to Key: those up to it have been given
}

func (c cursor) String() (string, error) {
	b, err := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// begin is the cursor of a walk whose changes are told behind pos.
func begin(kind string, t tenant.ID, since, pos int64) cursor {
	return cursor{Kind: kind, Website: t, Walking: true, At: since, Since: since, Pos: pos}
}

func parse(text, kind string, t tenant.ID) (c cursor, err error) {
	foreign := fault.Bad("cursor", "is not a cursor that this export gave")
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
	return paging.Cursor{At: time.UnixMilli(c.At).UTC(), ID: c.ID, Changes: true}
}

// Window is the part of a list in the order of changes that a walk wants: to its very end, as what is changed later is
// told of by the log.
func Window(behind paging.Cursor, limit int64) paging.Following {
	return paging.Following{Window: paging.Window{Cursor: behind, Limit: paging.Limit(limit)}, Until: time.UnixMilli(latest)}
}
