package paging_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
)

func TestPageAndLimitAreClamped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		page, limit int64
	}{
		{"", 1, 20},
		{"x", 1, 20},
		{"0", 1, 1},
		{"-5", 1, 1},
		{"1", 1, 1},
		{"7", 7, 7},
		{"100", 100, 100},
		{"101", 101, 100},
		{"2.9", 2, 2},
		{"0.5", 1, 1},
		{"1e999", 1e9, 100},
		{"-1e999", 1, 1},
		{"NaN", 1, 20},
		{"99999999999999999999", 1e9, 100},
		{"1 ", 1, 20},
	} {
		var w paging.Window
		if w.Page.UnmarshalText([]byte(c.text)) != nil || w.Limit.UnmarshalText([]byte(c.text)) != nil {
			t.Fatalf("%q is refused", c.text)
		}
		if w.Number() != c.page || w.Size() != c.limit {
			t.Errorf("%q: page %d limit %d, want %d %d", c.text, w.Number(), w.Size(), c.page, c.limit)
		}
	}
	if w := (paging.Window{}); w.Number() != 1 || w.Size() != 20 {
		t.Error("defaults")
	}
}

func TestCursorHasOneText(t *testing.T) {
	t.Parallel()
	c := paging.Cursor{At: time.UnixMilli(1_700_000_000_123), ID: 99}
	var back paging.Cursor
	if err := back.UnmarshalText([]byte(c.String())); err != nil || !back.At.Equal(c.At) || back.ID != c.ID {
		t.Fatalf("%v, %v", back, err)
	}
	for _, bad := range []string{
		"x", "AAAA", (paging.Cursor{}).String(), c.String() + "A", (paging.Cursor{At: c.At, ID: -1}).String(),
	} {
		if back.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestEnvelopeCountsPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		page, limit, total, pages int64
		next, prev                bool
	}{
		{1, 20, 150, 8, true, false},
		{8, 20, 150, 8, false, true},
		{9, 20, 150, 8, false, true},
		{1, 20, 0, 0, false, false},
		{1, 20, 20, 1, false, false},
	} {
		w := paging.Window{Page: paging.Number(c.page), Limit: paging.Limit(c.limit)}
		p := paging.Envelope(w, paging.Slice[int]{Total: c.total}, []int{})
		if *p.TotalPages != c.pages || p.HasNextPage != c.next || p.HasPrevPage != c.prev || *p.Total != c.total ||
			*p.Page != c.page {
			t.Errorf("%+v: %+v", c, p)
		}
	}
	at := paging.Cursor{At: time.UnixMilli(5), ID: 5}
	p := paging.Envelope(paging.Window{Cursor: at}, paging.Slice[int]{Next: at, More: true}, []int{1})
	if p.Total != nil || p.Page != nil || p.NextCursor == nil || !p.HasNextPage || !p.HasPrevPage {
		t.Errorf("by cursor: %+v", p)
	}
}

// long is a row of a newest-first list.
type long struct{ id, bytes int }

func (l long) JSONBytes() int              { return l.bytes }
func (l long) SortKey() (time.Time, int64) { return time.UnixMilli(int64(l.id)), int64(l.id) }

// TestPageEndsByBytes: pages of long rows have fewer rows than requested, and following them returns every row.
func TestPageEndsByBytes(t *testing.T) {
	t.Parallel()
	var rows []long // newest first
	for id := 30; id > 0; id-- {
		rows = append(rows, long{id, paging.MaxBytes / (1 + id%5)})
	}
	rows[7].bytes = 3 * paging.MaxBytes // the only row of its page
	for _, asked := range []int64{1, 2, 4, 20} {
		var byCursor []long
		for from := 0; from < len(rows); {
			w := paging.Window{Limit: paging.Limit(asked), Cursor: paging.Cursor{At: time.UnixMilli(1000), ID: 1000}}
			part := paging.Slice[long]{Rows: rows[from:min(from+int(asked), len(rows))]}
			if part.More = from+len(part.Rows) < len(rows); part.More {
				last := part.Rows[len(part.Rows)-1]
				part.Next.At, part.Next.ID = last.SortKey()
			}
			p := paging.Envelope(w, part, part.Rows)
			byCursor = append(byCursor, p.Data...)
			if len(p.Data) == 0 || p.HasNextPage != (len(byCursor) < len(rows)) ||
				p.HasNextPage && p.Limit != int64(len(p.Data)) {
				t.Fatalf("%d: %+v after %d", asked, p, from)
			}
			if from += len(p.Data); p.HasNextPage {
				var next paging.Cursor
				if err := next.UnmarshalText([]byte(*p.NextCursor)); err != nil ||
					next.ID != int64(p.Data[len(p.Data)-1].id) {
					t.Fatalf("%d: nextCursor %+v of %+v, %v", asked, next, p, err)
				}
			}
		}
		if !slices.Equal(byCursor, rows) {
			t.Errorf("%d: %v", asked, byCursor)
		}
		seen := map[int]bool{}
		for w := (paging.Window{Page: 1, Limit: paging.Limit(asked)}); ; w.Page++ {
			from := min(int((w.Number()-1)*w.Size()), len(rows))
			part := paging.Slice[long]{Rows: rows[from:min(from+int(w.Size()), len(rows))], Total: int64(len(rows))}
			part.More = from+len(part.Rows) < len(rows)
			p := paging.Envelope(w, part, part.Rows)
			for _, r := range p.Data {
				seen[r.id] = true
			}
			if w.Limit = paging.Limit(p.Limit); !p.HasNextPage {
				break
			}
		}
		if len(seen) != len(rows) {
			t.Errorf("%d by number: %d of %d rows", asked, len(seen), len(rows))
		}
	}
}

func TestLinksNameTheOtherPages(t *testing.T) {
	t.Parallel()
	next := paging.Cursor{At: time.UnixMilli(5), ID: 5}
	cursor := "cursor=" + next.String()
	changes := paging.Cursor{At: time.UnixMilli(5), Order: paging.Changes}
	for name, c := range map[string]struct {
		at    string
		w     paging.Window
		found paging.Slice[int]
		want  string
	}{
		"first page": {
			"/rows?page=1&limit=20",
			paging.Window{},
			paging.Slice[int]{Total: 50, Next: next, More: true},
			`</rows?` + cursor + `&limit=20>; rel="next", </rows?limit=20&page=1>; rel="first", ` +
				`</rows?limit=20&page=3>; rel="last"`,
		},
		"last page": {
			"/rows?page=3",
			paging.Window{Page: 3},
			paging.Slice[int]{Total: 50},
			`</rows?page=2>; rel="prev", </rows?page=1>; rel="first", </rows?page=3>; rel="last"`,
		},
		"after the last page": {
			"/rows?page=9",
			paging.Window{Page: 9},
			paging.Slice[int]{Total: 50},
			`</rows?page=3>; rel="prev", </rows?page=1>; rel="first", </rows?page=3>; rel="last"`,
		},
		"nothing": {"/rows", paging.Window{}, paging.Slice[int]{}, ""},
		"by cursor": {
			"/a%20b?cursor=x&lang=de",
			paging.Window{Cursor: next},
			paging.Slice[int]{Next: next, More: true},
			`</a%20b?` + cursor + `&lang=de>; rel="next"`,
		},
		"the end by cursor": {"/rows?cursor=x", paging.Window{Cursor: next}, paging.Slice[int]{}, ""},
		"changes": {
			"/rows?updatedSince=2026-01-01T00:00:00Z",
			paging.Window{},
			paging.Slice[int]{
				Next: changes, More: true,
			},
			`</rows?cursor=` + changes.String() + `&updatedSince=2026-01-01T00%3A00%3A00Z>; rel="next"`,
		},
		"no more changes yet": {"/rows", paging.Window{}, paging.Slice[int]{Next: changes}, ""},
	} {
		at, err := url.Parse(c.at)
		if err != nil {
			t.Fatal(err)
		}
		if have := paging.Envelope(c.w, c.found, []int{}).Links(at); have != c.want {
			t.Errorf("%s:\nhave %s\nwant %s", name, have, c.want)
		}
	}
}

func TestFollowingReadsInTheOrderOfChanges(t *testing.T) {
	t.Parallel()
	newest := paging.Cursor{At: time.UnixMilli(1), ID: 1}
	changes := paging.Cursor{At: time.UnixMilli(0), Order: paging.Changes}
	var back paging.Cursor
	if err := back.UnmarshalText([]byte(changes.String())); err != nil || back != changes {
		t.Fatalf("%+v, %v", back, err)
	}
	if (paging.Window{Cursor: changes}).Validate() == nil || (paging.Window{Cursor: newest}).Validate() != nil {
		t.Error("a list accepts a cursor of the other order")
	}
	for _, bad := range []paging.Cursor{
		{At: time.UnixMilli(-1), Order: paging.Changes}, {At: time.UnixMilli(1), ID: -1, Order: paging.Changes},
	} {
		if back.UnmarshalText([]byte(bad.String())) == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	at := func(s string) (m paging.Moment) {
		if err := m.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for name, c := range map[string]struct {
		f       paging.Following
		follows bool
		ok      bool
		from    int64
	}{
		"newest first": {paging.Following{Window: paging.Window{Cursor: newest}}, false, true, 0},
		"since": {
			paging.Following{UpdatedSince: at("2026-01-02T03:04:05.678Z")}, true, true, 1767323045678,
		},
		"since, rounded up": {
			paging.Following{UpdatedSince: at("2026-01-02T03:04:05.6780001Z")}, true, true, 1767323045679,
		},
		"since ever": {paging.Following{UpdatedSince: at("0900-01-01T00:00:00Z")}, true, true, 0},
		"by cursor":  {paging.Following{Window: paging.Window{Cursor: changes}}, true, true, 0},
		"since and cursor": {
			paging.Following{Window: paging.Window{Cursor: changes}, UpdatedSince: at("2026-01-02T03:04:05.678Z")},
			true, true, 0,
		},
		"by a cursor of the other order": {
			paging.Following{Window: paging.Window{Cursor: newest}, UpdatedSince: at("2026-01-02T03:04:05.678Z")},
			true,
			false, 0,
		},
	} {
		if c.f.Follows() != c.follows || (c.f.Validate() == nil) != c.ok {
			t.Errorf("%s: follows %t, %v", name, c.f.Follows(), c.f.Validate())
		}
		if from := c.f.From(); c.follows && c.ok && (from.At.UnixMilli() != c.from || from.Order != paging.Changes) {
			t.Errorf("%s: from %+v", name, from)
		}
	}
	if before := (paging.Following{}).Before(); time.Since(before) < paging.Settled ||
		time.Since(before) > 2*paging.Settled {
		t.Errorf("changes before %v have settled", before)
	}
}

// TestLastPage: a list with several orders returns no page behind MaxPage, and doesn't link to one; another list does.
func TestLastPage(t *testing.T) {
	t.Parallel()
	at := &url.URL{Path: "/rows"}
	for _, c := range []struct {
		page    paging.Number
		orders  []paging.Order
		refused bool
		linked  bool
	}{
		{paging.MaxPage, []paging.Order{paging.Newest, paging.Oldest}, false, false},
		{paging.MaxPage + 1, []paging.Order{paging.Newest, paging.Oldest}, true, false},
		{paging.MaxPage + 1, []paging.Order{paging.Newest}, false, true},
	} {
		in, err := paging.Following{Window: paging.Window{Page: c.page}}.In("", c.orders...)
		if (err != nil) != c.refused || err != nil && fault.From(err).Fields[0].Field != "page" {
			t.Errorf("page %d of %v: %v", c.page, c.orders, err)
		}
		if c.refused {
			continue
		}
		found := paging.Slice[int]{Rows: []int{1}, Total: 20 * (paging.MaxPage + 1)}
		links := paging.Envelope(in.Window, found, found.Rows).Links(at)
		if strings.Contains(links, `rel="last"`) != c.linked {
			t.Errorf("page %d of %v: %s", c.page, c.orders, links)
		}
	}
}

// TestCursorBelongsToItsOrder: a list is read in one of its orders, and with cursors of that order only.
func TestCursorBelongsToItsOrder(t *testing.T) {
	t.Parallel()
	since := paging.Moment(time.UnixMilli(5))
	for name, c := range map[string]struct {
		sort   paging.Sort
		cursor paging.Order
		since  paging.Moment
		order  paging.Order
		field  string
	}{
		"the first order":               {"", paging.Newest, paging.Moment{}, paging.Newest, ""},
		"another order":                 {"oldest", paging.Oldest, paging.Moment{}, paging.Oldest, ""},
		"a cursor of changes":           {"", paging.Changes, paging.Moment{}, paging.Changes, ""},
		"changes":                       {"", paging.Changes, since, paging.Changes, ""},
		"a cursor of another order":     {"oldest", paging.Newest, paging.Moment{}, 0, "cursor"},
		"a cursor without its order":    {"", paging.Oldest, paging.Moment{}, 0, "cursor"},
		"an order of other lists":       {"waiting", paging.Waiting, paging.Moment{}, 0, "sort"},
		"an order in a list of changes": {"oldest", paging.Changes, since, 0, "sort"},
		"changes by another cursor":     {"", paging.Newest, since, 0, "cursor"},
	} {
		f := paging.Following{UpdatedSince: c.since}
		at := paging.Cursor{At: time.UnixMilli(5), ID: 5, Order: c.cursor}
		if err := f.Cursor.UnmarshalText([]byte(at.String())); err != nil {
			t.Fatal(err)
		}
		in, err := f.In(c.sort, paging.Newest, paging.Oldest)
		if refused := err != nil; refused != (c.field != "") || !refused && in.Order != c.order {
			t.Errorf("%s: %v, %v", name, in.Order, err)
		} else if refused && fault.From(err).Fields[0].Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, order := range []paging.Order{paging.Newest, paging.Oldest, paging.Waiting, paging.Rated, paging.Seen} {
		var back paging.Cursor
		if start := order.Start(); back.UnmarshalText([]byte(start.String())) != nil || back.ID != start.ID ||
			!back.At.Equal(start.At) || back.Order != order {
			t.Errorf("the start of %d is read as %+v", order, back)
		}
	}
	if (&paging.Cursor{}).UnmarshalText([]byte(paging.Cursor{At: time.UnixMilli(5), ID: 5, Order: 99}.String())) == nil {
		t.Error("an unknown order is accepted")
	}
}
