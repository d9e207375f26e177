package searchquery_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
)

// text is a row of a list: its number, and its text.
type text struct {
	id      int64
	content string
}

func (t text) SortKey() (time.Time, int64) { return time.UnixMilli(1_000 * t.id), t.id }

// newestOf lists texts as a store does, newest first.
func newestOf(texts []text) func(searchquery.Query, paging.Following) (paging.Slice[text], error) {
	return func(q searchquery.Query, w paging.Following) (found paging.Slice[text], _ error) {
		for _, t := range slices.Backward(texts) {
			if !q.Matches(searchterms.Of(0, t.content)) {
				continue
			}
			if !w.ByCursor() {
				found.Total++
			}
			switch at, _ := t.SortKey(); {
			case w.ByCursor() && (at.After(w.Cursor.At) || t.id >= w.Cursor.ID):
			case int64(len(found.Rows)) == w.Size():
				found.More = true
			default:
				found.Rows = append(found.Rows, t)
			}
		}
		if found.More {
			found.Next, _ = paging.PlaceOf(found.Rows[len(found.Rows)-1], paging.Newest)
		}
		return found, nil
	}
}

// TestBestFirst reads all pages of searches: each row once, those with the exact words before the others.
func TestBestFirst(t *testing.T) {
	t.Parallel()
	var texts []text
	for i, content := range []string{
		"a parcel", "two parcels", "parcel parcels", "the parcels", "nothing", "parcelforce", "PARCEL!", "parcels of tea",
		"tea",
	} {
		texts = append(texts, text{int64(i + 1), content})
	}
	for _, c := range []struct {
		search string
		want   []int64
	}{
		{"parcel ", []int64{7, 3, 1, 8, 4, 2}},
		{"parcel", []int64{7, 3, 1, 8, 6, 4, 2}}, // and longer words
		{"tea", []int64{9, 8}},
		{"parcel -two", []int64{7, 3, 1, 8, 4}},
		{"tea parcels", []int64{8}},
		{"tea parcel ", []int64{8}},
		{"globe", nil},
		{"'", nil}, // signs alone
		{"", []int64{9, 8, 7, 6, 5, 4, 3, 2, 1}},
	} {
		q, err := searchquery.Parse(c.search)
		if err != nil {
			t.Fatal(err)
		}
		for size := 1; size <= len(texts); size++ {
			w := paging.Following{Window: paging.Window{Limit: paging.Limit(size), Order: paging.Best}}
			var got []int64
			for pages := 0; ; pages++ {
				found, err := searchquery.BestFirst(q, w, newestOf(texts))
				if err != nil || pages > len(texts) {
					t.Fatalf("%q, limit %d, page %d: %v", c.search, size, pages, err)
				}
				if pages == 0 && found.Total != int64(len(c.want)) {
					t.Errorf("%q: total %d, want %d", c.search, found.Total, len(c.want))
				}
				if pages > 0 && len(found.Rows) == 0 {
					t.Errorf("%q, limit %d: page %d is empty", c.search, size, pages)
				}
				for _, row := range found.Rows {
					got = append(got, row.id)
				}
				if !found.More {
					break
				}
				if w.Cursor = found.Next; w.Cursor.Order != paging.Best && w.Cursor.Order != paging.Others {
					t.Fatalf("%q: the cursor is of the order %d", c.search, w.Cursor.Order)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, limit %d: %v, want %v", c.search, size, got, c.want)
			}
		}
	}
	w := paging.Following{Window: paging.Window{Page: 2, Order: paging.Best}}
	if _, err := searchquery.BestFirst(searchquery.Query{}, w, newestOf(texts)); !fault.Is(err, fault.Invalid) ||
		!strings.Contains(fmt.Sprint(fault.From(err).Fields), "page") {
		t.Errorf("a page by its number: %v", err)
	}
}
