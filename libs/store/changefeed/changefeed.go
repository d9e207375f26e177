// Package changefeed gives a second system all rows of one kind, and then what becomes of them, for as long as it comes back
// with the last cursor. First the table is walked; before that the head of the service's log is noted. Then the log is
// read from there on: of each row that a record tells of comes the state, or that it is gone.
//
// A state comes with the last record that tells of its row, and with no other: where a later one is there when the row has
// been read, the row is left to that one. The walk leaves out, in the same way, what the log will tell of behind the noted
// head. A change commits with its record, and a record gets its position behind its commit and behind all earlier ones of
// its key; so each state that is there for good comes, and none comes twice.
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

// The bounds of one answer. It ends behind the line that reaches one of them, and the cursor goes on there.
const (
	MaxRows  = 1000
	maxBytes = 4 << 20 // of lines
	chunk    = 100     // rows read at once, as many as siblings are asked about
)

// Row is a row as the public list shows it.
type Row struct {
	Key  int64     // what Keys gives for it
	At   time.Time // of its last change, and
	ID   int64     // its number: its place in the walk
	View any
}

// Log is what an export needs of a service's log.
type Log interface {
	feed.Source
	// Later gives, in pieces, the records about keys that stand behind a position or have none yet.
	Later(ctx context.Context, t tenant.ID, keys []int64, pos int64, take func([]outbox.Record) error) error
	// Keeps says whether the log still has everything behind a position.
	Keeps(ctx context.Context, pos int64) (bool, error)
}

// Kind is a kind of rows that can be exported. Rows are of one website; errors are faults.
type Kind struct {
	Name string
	Log  Log
	// Walk gives up to limit rows behind a place, in the order of places, and whether more follow.
	Walk func(ctx context.Context, t tenant.ID, behind paging.Cursor, limit int64) (rows []Row, more bool, err error)
	// Keys gives the keys of the rows that a record tells of, or the negative of its own key where it tells of all rows that
	// belong there.
	Keys func(outbox.Record) ([]int64, error)
	// Owner gives the key of the records that tell of a row; nil: it is the row's own.
	Owner func(key int64) int64
	// ByKeys gives those rows of up to 100 positive keys that are there. cut reports that they were too many bytes for one
	// read: then it is called again with fewer keys.
	ByKeys func(ctx context.Context, t tenant.ID, keys []int64) (rows []Row, cut bool, err error)
	// Below gives up to limit of the rows that belong to an owner, behind a number and in the order of numbers, and whether
	// more follow; nil if no key is negative.
	Below func(ctx context.Context, t tenant.ID, owner, behind, limit int64) (rows []Row, more bool, err error)
	// Gone is what is said of a key without a row.
	Gone func(key int64) any
}

// Request is the query of every export.
type Request struct {
	Cursor string        `query:"cursor" json:"-"`
	Since  paging.Moment `query:"since" json:"-"` // where there is no cursor
	Limit  Limit         `query:"limit" json:"-"`
}

// end is an answer's last line.
type end struct {
	EndOfStream bool   `json:"endOfStream"` // false: there is more at once
	Cursor      string `json:"cursor"`
	Restarted   bool   `json:"restarted,omitzero"` // what changed is no longer known: everything is walked anew
}

// answer is one answer in the making.
type answer struct {
	Kind
	website tenant.ID
	at      cursor
	from    int64 // the position behind which the log is read
	most    int64 // rows
	read    int64 // rows, given or not
	lines   bytes.Buffer
}

// Answer is Next of the website that asks, as an operation.
func (k Kind) Answer(ctx context.Context, req Request) (httpkit.NDJSON, error) {
	return k.Next(ctx, identity.From(ctx).Website, req)
}

// Next gives what comes next of a website's rows, and the cursor to come back with.
func (k Kind) Next(ctx context.Context, t tenant.ID, req Request) (httpkit.NDJSON, error) {
	head, err := k.Log.Head(ctx) // before anything is read: what commits from now on stands behind it
	if err != nil {
		return nil, err
	}
	a := answer{Kind: k, website: t, most: req.Limit.rows()}
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

// walk gives rows of the table. Where they end, the log follows with the next answer.
func (a *answer) walk(ctx context.Context) error {
	for a.at.Walking && !a.full() {
		limit := min(chunk, a.most-a.read)
		rows, more, err := a.Walk(ctx, a.website, a.at.pagingCursor(), limit)
		if err != nil {
			return err
		}
		keys := make([]int64, len(rows))
		for i, r := range rows {
			keys[i] = r.Key
		}
		later, err := a.later(ctx, keys)
		if err != nil {
			return err
		}
		a.at.Walking = more
		for i, r := range rows {
			if r.At.UnixMilli() >= a.at.Since && !later[r.Key] && !later[-a.owner(r.Key)] {
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

// owner gives the key of the records that tell of a row or, for a negative key, of all rows that belong there.
func (a *answer) owner(key int64) int64 {
	if key < 0 || a.Owner == nil {
		return max(key, -key)
	}
	return a.Owner(key)
}

// later gives those of the keys, and of the negatives of their owners, that records tell of which this answer leaves to
// later ones. It is to be called when the rows have been read.
func (a *answer) later(ctx context.Context, keys []int64) (map[int64]bool, error) {
	told := map[int64]bool{}
	if len(keys) == 0 {
		return told, nil
	}
	about := []int64{outbox.Many}
	for _, key := range keys {
		about = append(about, a.owner(key))
	}
	err := a.Log.Later(ctx, a.website, about, a.at.Pos, func(records []outbox.Record) error {
		return a.each(records, func(key, _ int64) { told[key] = true })
	})
	return told, err
}

// each calls do with what records tell of.
func (a *answer) each(records []outbox.Record, do func(key, pos int64)) error {
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

// told is a key that records tell of, at the last of their positions.
type told struct{ key, pos int64 }

// follow gives what the log tells of up to its head, and says whether that was all.
func (a *answer) follow(ctx context.Context, head int64) (ended bool, err error) {
	records, err := a.Log.Of(ctx, a.website, a.at.Pos, a.most)
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
	last := map[int64]int64{}
	if err := a.each(records, func(key, pos int64) { last[key] = pos }); err != nil {
		return false, err
	}
	queue := make([]told, 0, len(last))
	for key, pos := range last {
		queue = append(queue, told{key, pos})
	}
	slices.SortFunc(queue, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.pos, b.pos), cmp.Compare(a.key, b.key))
	})
	rest, err := a.states(ctx, a.unseen(queue), last)
	if a.at.Key, a.at.Row = 0, 0; rest != nil {
		a.at.Pos, a.at.Key, a.at.Row, ended = rest.pos-1, rest.key, rest.row, false
	}
	return ended, err
}

// unseen leaves out the keys of the first record that earlier answers have dealt with.
func (a *answer) unseen(queue []told) []told {
	return slices.DeleteFunc(queue, func(k told) bool { return k.pos == a.from+1 && a.at.Key != 0 && k.key < a.at.Key })
}

// isLast reports whether no record of the website follows a batch up to the head. A batch may end early.
func (a *answer) isLast(ctx context.Context, records []outbox.Record, head int64) (bool, error) {
	if len(records) == 0 {
		return true, nil
	}
	next, err := a.Log.Of(ctx, a.website, records[len(records)-1].Pos, 1)
	return len(next) == 0 || next[0].Pos > head, err
}

func (a *answer) full() bool { return a.read >= a.most || a.lines.Len() >= maxBytes }

func (a *answer) write(line any) error {
	b, err := httpkit.Encode(line)
	a.lines.Write(append(b, '\n'))
	return err
}
