// Package changefeed exports all rows of one kind to another system, and then follows their changes for as long as the
// client returns with the last cursor. An export first walks the table; before that, it reads the head of the
// service's log. Then it reads the log from that head: for each row that a record concerns it returns the row's state,
// or that the row is gone.
//
// A state is returned for the last record that concerns its row, and for no other: if a later record exists when the
// row has been read, the row is left to that record. In the same way the walk omits rows that the log after the head
// will return. A change commits together with its record. A record gets its position after its commit, and after all
// earlier records of its key. So each lasting state is returned, and none is returned twice.
//
// Begin with Kind. Next returns one response.
package changefeed

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/transport/httpkit"
)

// The bounds of one response. It ends after the line that reaches one of them, and the cursor continues there.
const (
	MaxRows  = 1000
	maxBytes = 4 << 20 // of lines
	chunk    = 100     // rows read at once; internal operations accept as many ids
)

// Row is a row as the public list shows it.
type Row struct {
	Key  int64     // the key of RowKey
	At   time.Time // the time of its last change, and
	ID   int64     // its id: together the position in the walk
	View any
}

// Log is the part of a service's log that an export needs.
type Log interface {
	feed.Source
	// Later calls take, in batches, with the records about keys that follow a position or have none yet.
	Later(ctx context.Context, t tenant.ID, keys []int64, pos int64, take func([]outbox.Record) error) error
	// Keeps reports whether the log still has every record after a position.
	Keeps(ctx context.Context, pos int64) (bool, error)
}

// Kind is a kind of rows that can be exported. Rows belong to one website. Errors are faults.
type Kind struct {
	Name string
	Log  Log
	// Walk returns up to limit rows after a position, in the order of positions, and whether more follow.
	Walk func(ctx context.Context, t tenant.ID, after paging.Cursor, limit int64) (rows []Row, more bool, err error)
	// Keys returns what a record concerns.
	Keys func(outbox.Record) ([]Key, error)
	// Owner returns the key of the records that concern a row; nil: the row's own key.
	Owner func(row int64) int64
	// ByKeys returns the existing rows of up to 100 keys. cut reports that they exceed the bytes of one read: then it is
	// called again with fewer keys.
	ByKeys func(ctx context.Context, t tenant.ID, rows []int64) (found []Row, cut bool, err error)
	// Below returns up to limit rows of an owner after an id, in the order of ids, and whether more follow; nil if Keys
	// never returns AllOf.
	Below func(ctx context.Context, t tenant.ID, owner, after, limit int64) (rows []Row, more bool, err error)
	// Gone returns the line for a row that doesn't exist.
	Gone func(row int64) any
	// GoneAll returns the line for an owner that has no rows; nil if Keys never returns AllOf.
	GoneAll func(owner int64) any
}

// Request is the query of every export.
type Request struct {
	Cursor string        `query:"cursor" json:"-"`
	Since  paging.Moment `query:"since" json:"-"` // only without a cursor
	Limit  Limit         `query:"limit" json:"-"`
}

// end is the last line of a response.
type end struct {
	EndOfStream bool   `json:"endOfStream"` // false: more lines are available at once
	Cursor      string `json:"cursor"`
	Restarted   bool   `json:"restarted,omitzero"` // the log no longer has the changes, so the walk starts again
}

// answer is a response that is being built.
type answer struct {
	Kind
	website tenant.ID
	at      cursor
	from    int64 // the log is read after this position
	limit   int64 // the limit of rows
	read    int64 // rows read, returned or not
	lines   bytes.Buffer
}

// Answer is Next for the caller's website, as an operation.
func (k Kind) Answer(ctx context.Context, req Request) (httpkit.NDJSON, error) {
	return k.Next(ctx, identity.From(ctx).Website, req)
}

// Next returns the next lines of a website's rows, and a cursor for the line after them.
func (k Kind) Next(ctx context.Context, t tenant.ID, req Request) (httpkit.NDJSON, error) {
	head, err := k.Log.Head(ctx) // read first: later commits follow it
	if err != nil {
		return nil, err
	}
	a := answer{Kind: k, website: t, limit: req.Limit.rows()}
	restarted := false
	if req.Cursor == "" {
		a.at = begin(k.Name, t, max(time.Time(req.Since).UnixMilli(), 0), head)
	} else if a.at, err = parse(req.Cursor, k.Name, t); err != nil {
		return nil, err
	} else if kept, err := k.Log.Keeps(ctx, a.at.Pos); err != nil {
		return nil, err
	} else if restarted = !kept; restarted {
		a.at = begin(k.Name, t, a.at.Since, head)
	}
	ended := false
	if a.at.Walking {
		err = a.walk(ctx)
	} else {
		ended, err = a.follow(ctx, head)
	}
	if err != nil {
		return nil, err
	}
	cursor, err := a.at.String()
	if err != nil {
		return nil, err
	}
	err = a.write(end{ended, cursor, restarted})
	return a.lines.Bytes(), err
}

// walk returns rows of the table. At their end, the next response continues with the log.
func (a *answer) walk(ctx context.Context) error {
	for a.at.Walking && !a.full() {
		limit := min(chunk, a.limit-a.read)
		rows, more, err := a.Walk(ctx, a.website, a.at.pagingCursor(), limit)
		if err != nil {
			return err
		}
		keys := make([]Key, len(rows))
		for i, r := range rows {
			keys[i] = RowKey(r.Key)
		}
		later, err := a.later(ctx, keys)
		if err != nil {
			return err
		}
		a.at.Walking = more
		for i, r := range rows {
			if r.At.UnixMilli() >= a.at.Since && !later[RowKey(r.Key)] && !later[a.allOfOwner(r.Key)] {
				if err := a.write(r.View); err != nil {
					return err
				}
			}
			a.read++
			a.at.At, a.at.ID = r.At.UnixMilli(), r.ID
			if a.full() {
				a.at.Walking = a.at.Walking || i < len(rows)-1
				break
			}
		}
	}
	return nil
}

// owner returns the key of the records that concern a row, or all rows of an owner.
func (a *answer) owner(k Key) int64 {
	if k.allOf || a.Owner == nil {
		return k.id
	}
	return a.Owner(k.id)
}

// allOfOwner returns the key of all rows of a row's owner.
func (a *answer) allOfOwner(row int64) Key { return AllOf(a.owner(RowKey(row))) }

// later returns which of the keys, and of the keys of all rows of their owners, occur in records that later responses
// will handle. Call it after the rows have been read.
func (a *answer) later(ctx context.Context, keys []Key) (map[Key]bool, error) {
	found := map[Key]bool{}
	if len(keys) == 0 {
		return found, nil
	}
	about := []int64{outbox.Many}
	for _, key := range keys {
		about = append(about, a.owner(key))
	}
	err := a.Log.Later(ctx, a.website, about, a.at.Pos, func(records []outbox.Record) error {
		return a.each(records, func(key Key, _ int64) { found[key] = true })
	})
	return found, err
}

// each calls do for each key that records concern.
func (a *answer) each(records []outbox.Record, do func(key Key, pos int64)) error {
	for _, r := range records {
		if r.Erased {
			continue
		}
		keys, err := a.Keys(r)
		if err != nil {
			return err
		}
		for _, key := range keys {
			do(key, r.Pos)
		}
	}
	return nil
}

// keyChange is a key that records concern, with the last of their positions.
type keyChange struct {
	key Key
	pos int64
}

// follow returns the rows that the log concerns up to its head, and whether that is everything.
func (a *answer) follow(ctx context.Context, head int64) (ended bool, err error) {
	records, err := a.Log.Of(ctx, a.website, a.at.Pos, a.limit)
	if err != nil {
		return false, err
	}
	if i := slices.IndexFunc(records, func(r outbox.Record) bool { return r.Pos > head }); i >= 0 {
		records = records[:i]
	}
	if ended, err = a.isLast(ctx, records, head); err != nil {
		return false, err
	}
	if a.from, a.at.Pos = a.at.Pos, head; !ended {
		a.at.Pos = records[len(records)-1].Pos
	}
	last := map[Key]int64{}
	if err := a.each(records, func(key Key, pos int64) { last[key] = pos }); err != nil {
		return false, err
	}
	queue := make([]keyChange, 0, len(last))
	for key, pos := range last {
		queue = append(queue, keyChange{key, pos})
	}
	slices.SortFunc(queue, func(a, b keyChange) int {
		return cmp.Or(cmp.Compare(a.pos, b.pos), cmp.Compare(a.key.number(), b.key.number()))
	})
	rest, err := a.states(ctx, a.unseen(queue), last)
	if a.at.Key, a.at.Row = 0, 0; rest != nil {
		a.at.Pos, a.at.Key, a.at.Row, ended = rest.pos-1, rest.key.number(), rest.row, false
	}
	return ended, err
}

// unseen removes the keys of the first record that earlier responses have handled.
func (a *answer) unseen(queue []keyChange) []keyChange {
	return slices.DeleteFunc(
		queue,
		func(k keyChange) bool { return k.pos == a.from+1 && a.at.Key != 0 && k.key.number() < a.at.Key },
	)
}

// isLast reports whether no record of the website follows a batch up to the head. A batch may end early.
func (a *answer) isLast(ctx context.Context, records []outbox.Record, head int64) (bool, error) {
	if len(records) == 0 {
		return true, nil
	}
	next, err := a.Log.Of(ctx, a.website, records[len(records)-1].Pos, 1)
	return len(next) == 0 || next[0].Pos > head, err
}

func (a *answer) full() bool { return a.read >= a.limit || a.lines.Len() >= maxBytes }

func (a *answer) write(line any) error {
	b, err := httpkit.Encode(line)
	a.lines.Write(append(b, '\n'))
	return err
}
