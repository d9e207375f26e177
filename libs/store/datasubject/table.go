package datasubject

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
)

// The bounds of one page and of one batch.
const (
	pageRows  = 250
	pageBytes = 1 << 20 // a page ends after the row that reaches it
	readRows  = 50
	eraseRows = 1_000
	smallSize = 8 << 20 // limit of a Small table, in bytes
)

// Row is a stored row of any type.
type Row bson.Raw

// UnmarshalBSON copies the row.
func (r *Row) UnmarshalBSON(b []byte) error {
	*r = append(Row(nil), b...)
	return nil
}

// SortKey returns the row's position in a newest-first list.
func (r Row) SortKey() (time.Time, int64) {
	raw := bson.Raw(r)
	at, _ := raw.Lookup("createdAt").TimeOK()
	return at, r.number("_id")
}

func (r Row) number(field string) int64 {
	n, _ := bson.Raw(r).Lookup(field).AsInt64OK()
	return n
}

// Table holds the rows of one kind. They have ids and creation times, and are exported newest first. The rows of a
// Small table have neither, and are read at once.
type Table struct {
	Kind    string   // the row's kind in an export
	Visitor string   // the field with the visitor's id; "" if the rows belong to no visitor
	Omit    []string // fields that exports omit: secrets, and fields that only searches use
	Small   bool
	Under   *Table // child rows; an export has them after their parent, oldest first
	By      string // in a child table: the field with the parent's id
	rows    *mongokit.Collection[Row]
}

// In returns the table with its collection.
func (s Table) In(db *mongokit.DB, collection string) Table {
	s.rows = mongokit.Tenanted[Row](db, collection, s.Kind)
	return s
}

// Tables is a service's data, in the order of its export.
type Tables []Table

// Export implements DataHolder.
func (all Tables) Export(ctx context.Context, of subject.Subject, after string) (Page, error) {
	at, err := parsePosition(after)
	if err != nil {
		return Page{}, err
	}
	p := &page{}
	for at.table < len(all) {
		if s := all[at.table]; !of.IsVisitor() || s.Visitor != "" {
			if err := s.read(ctx, of, &at, p); err != nil {
				return Page{}, err
			}
		}
		if p.full() {
			p.Next = at.String()
			break
		}
		at = position{table: at.table + 1}
	}
	return p.Page, nil
}

// Erase removes a batch of a website's rows, and reports whether there may be more.
func (all Tables) Erase(ctx context.Context, t tenant.ID) (more bool, err error) {
	for _, s := range all {
		for below := &s; below != nil; below = below.Under {
			if n, err := below.rows.DeleteSome(ctx, t, nil, eraseRows); n > 0 || err != nil {
				return true, err
			}
		}
	}
	return false, nil
}

// position is where an export continues: after a row of a table and, if parent is set, after one of that row's
// children.
type position struct {
	table         int
	at, id        int64 // the row's creation, in milliseconds, and its id
	parent, child int64
}

var errPosition = errors.New("isn't a position that a page returned")

func parsePosition(s string) (p position, err error) {
	if s == "" {
		return p, nil
	}
	n, err := paging.ParseNumbers(s, 5)
	if err != nil || n[0] < 0 {
		return p, fault.Bad("after", errPosition.Error())
	}
	return position{table: int(n[0]), at: n[1], id: n[2], parent: n[3], child: n[4]}, nil
}

func (p position) String() string {
	return paging.Numbers{int64(p.table), p.at, p.id, p.parent, p.child}.String()
}

// pagingCursor begins in the far future instead of at a page number, so that nothing is counted.
func (p position) pagingCursor() paging.Cursor {
	if p.id == 0 {
		return paging.Cursor{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: math.MaxInt64}
	}
	return paging.Cursor{At: time.UnixMilli(p.at), ID: p.id}
}

// page collects rows.
type page struct {
	Page
	bytes int
}

func (p *page) full() bool { return len(p.Rows) >= pageRows || p.bytes >= pageBytes }

func (p *page) add(s *Table, r Row) error {
	line, err := s.line(r)
	p.Rows, p.bytes = append(p.Rows, json.RawMessage(line)), p.bytes+len(line)
	return err
}

// read adds rows until the page is full or the table ends. It moves at after the last row.
func (s *Table) read(ctx context.Context, of subject.Subject, at *position, p *page) error {
	t := of.Website()
	var filter bson.D
	if visitor, ok := of.Visitor(); ok {
		filter = bson.D{{Key: s.Visitor, Value: visitor}}
	}
	if s.Small {
		rows, err := s.rows.List(ctx, t, filter, mongokit.Query{Bytes: smallSize})
		for i := 0; i < len(rows) && err == nil; i++ {
			err = p.add(s, rows[i])
		}
		if p.full() {
			*at = position{table: at.table + 1}
		}
		return err
	}
	if at.parent != 0 {
		if err := s.Under.readChildren(ctx, t, at, p); err != nil || p.full() {
			return err
		}
	}
	for {
		found, err := mongokit.Newest(
			ctx,
			s.rows,
			t,
			filter,
			paging.Window{Limit: readRows, Cursor: at.pagingCursor()},
			mongokit.Query{},
		)
		if err != nil {
			return err
		}
		for _, r := range found.Rows {
			if err := p.add(s, r); err != nil {
				return err
			}
			created, id := r.SortKey()
			*at = position{table: at.table, at: created.UnixMilli(), id: id}
			if s.Under != nil {
				at.parent = id
				if p.full() {
					return nil
				}
				if err := s.Under.readChildren(ctx, t, at, p); err != nil {
					return err
				}
			}
			if p.full() {
				return nil
			}
		}
		if found.Next.ID == 0 {
			return nil
		}
	}
}

// readChildren adds the children of at's parent until the page is full. After the last child, at is after the parent.
func (s *Table) readChildren(ctx context.Context, t tenant.ID, at *position, p *page) error {
	for {
		rows, cut, err := s.rows.Part(
			ctx,
			t,
			bson.D{{Key: s.By, Value: at.parent}, {Key: "_id", Value: bson.D{{Key: "$gt", Value: at.child}}}},
			mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: readRows},
		)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := p.add(s, r); err != nil {
				return err
			}
			if at.child = r.number("_id"); p.full() {
				return nil
			}
		}
		if len(rows) < readRows && !cut {
			at.parent, at.child = 0, 0
			return nil
		}
	}
}
