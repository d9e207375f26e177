package paging_test

import (
	"testing"
	"time"

	"fivechat.dev/libs/paging"
)

func TestClamping(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		page, limit int64
	}{
		{"", 1, 20}, {"x", 1, 20}, {"0", 1, 1}, {"-5", 1, 1}, {"1", 1, 1}, {"7", 7, 7}, {"100", 100, 100}, {"101", 101, 100},
		{"2.9", 2, 2}, {"0.5", 1, 1}, {"1e999", 1e9, 100}, {"-1e999", 1, 1}, {"NaN", 1, 20}, {"99999999999999999999", 1e9, 100}, {"1 ", 1, 20},
	} {
		var w paging.Window
		if w.Page.UnmarshalText([]byte(c.text)) != nil || w.Limit.UnmarshalText([]byte(c.text)) != nil {
			t.Fatalf("%q was refused", c.text)
		}
		if w.Number() != c.page || w.Size() != c.limit {
			t.Errorf("%q: page %d limit %d, want %d %d", c.text, w.Number(), w.Size(), c.page, c.limit)
		}
	}
	if w := (paging.Window{}); w.Number() != 1 || w.Size() != 20 {
		t.Error("defaults")
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	c := paging.Cursor{At: time.UnixMilli(1_700_000_000_123), ID: 99}
	var back paging.Cursor
	if err := back.UnmarshalText([]byte(c.String())); err != nil || !back.At.Equal(c.At) || back.ID != c.ID {
		t.Fatalf("%v, %v", back, err)
	}
	for _, bad := range []string{"x", "AAAA", (paging.Cursor{}).String(), c.String() + "A", (paging.Cursor{At: c.At, ID: -1}).String()} {
		if back.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		page, limit, total, pages int64
		next, prev                bool
	}{
		{1, 20, 150, 8, true, false}, {8, 20, 150, 8, false, true}, {9, 20, 150, 8, false, true}, {1, 20, 0, 0, false, false}, {1, 20, 20, 1, false, false},
	} {
		w := paging.Window{Page: paging.Number(c.page), Limit: paging.Limit(c.limit)}
		p := paging.Envelope(w, paging.Slice[int]{Total: c.total}, []int{})
		if *p.TotalPages != c.pages || p.HasNextPage != c.next || p.HasPrevPage != c.prev || *p.Total != c.total || *p.Page != c.page {
			t.Errorf("%+v: %+v", c, p)
		}
	}
	at := paging.Cursor{At: time.UnixMilli(5), ID: 5}
	p := paging.Envelope(paging.Window{Cursor: at}, paging.Slice[int]{Next: at}, []int{1})
	if p.Total != nil || p.Page != nil || p.NextCursor == nil || !p.HasNextPage || !p.HasPrevPage {
		t.Errorf("by cursor: %+v", p)
	}
}
