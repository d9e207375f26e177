package contract_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// list is a paged list and how to add rows to it.
type list struct {
	path string
	row  harness.Type
	fill func(t *testing.T, w *harness.Website, n int)
	// It is in the hosted API, so it ignores parameters that it doesn't know.
	documented bool
}

var lists = []list{
	{"/conversations", harness.Conversation, func(t *testing.T, w *harness.Website, n int) {
		if n > 0 {
			w.Import(t, n)
		}
	}, true},
	{"/tickets", harness.Ticket, func(t *testing.T, w *harness.Website, n int) {
		for i := range n {
			w.NewTicket(t, harness.Map{"title": fmt.Sprintf("Ticket %d", i)})
		}
	}, true},
	{"/visitors", harness.Visitor, func(t *testing.T, w *harness.Website, n int) {
		for range n {
			w.Visit(t, nil)
		}
	}, false},
	{"/users", harness.User, func(t *testing.T, w *harness.Website, n int) {
		for range n {
			w.NewUser(t)
		}
	}, false},
}

// TestEnvelope checks the totals, the flags of adjacent pages, clamping, and the page after the last one of every list.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	for _, l := range lists {
		t.Run(l.path, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Pro)
			wantPage(t, w, l, "", page{0, 0, 1, 20, 0, false, false})
			wantPage(t, w, l, "?page=3", page{0, 0, 3, 20, 0, false, true})
			l.fill(t, w, 25)
			for query, want := range map[string]page{
				"":                            {20, 25, 1, 20, 2, true, false},
				"?page=2":                     {5, 25, 2, 20, 2, false, true},
				"?page=3":                     {0, 25, 3, 20, 2, false, true},
				"?page=1000000":               {0, 25, 1000000, 20, 2, false, true},
				"?limit=10&page=2":            {10, 25, 2, 10, 3, true, true},
				"?limit=5&page=5":             {5, 25, 5, 5, 5, false, true},
				"?limit=25":                   {25, 25, 1, 25, 1, false, false},
				"?limit=100":                  {25, 25, 1, 100, 1, false, false},
				"?limit=101":                  {25, 25, 1, 100, 1, false, false},
				"?limit=99999999999999999999": {25, 25, 1, 100, 1, false, false},
				"?limit=0":                    {1, 25, 1, 1, 25, true, false},
				"?limit=-7":                   {1, 25, 1, 1, 25, true, false},
				"?limit=abc":                  {20, 25, 1, 20, 2, true, false},
				"?limit=":                     {20, 25, 1, 20, 2, true, false},
				"?page=0":                     {20, 25, 1, 20, 2, true, false},
				"?page=-3":                    {20, 25, 1, 20, 2, true, false},
				"?page=abc":                   {20, 25, 1, 20, 2, true, false},
				"?page=":                      {20, 25, 1, 20, 2, true, false},
				"?page=NaN&limit=NaN":         {20, 25, 1, 20, 2, true, false},
				"?page=2&limit=20&page=2":     {5, 25, 2, 20, 2, false, true},
			} {
				wantPage(t, w, l, query, want)
			}
			strange := "?unknown=1&page=2&limit=20&Page=99"
			if l.documented {
				wantPage(t, w, l, strange, page{5, 25, 2, 20, 2, false, true})
			} else {
				w.Reader().Do(t, "GET", l.path+strange, nil).Want(t, 400)
			}
		})
	}
}

type page struct {
	rows, total, page, limit, pages int64
	next, prev                      bool
}

func wantPage(t *testing.T, w *harness.Website, l list, query string, want page) {
	t.Helper()
	o := w.Reader().Get(t, l.path+query)
	harness.Check(t, l.path+query, o, harness.Page(l.row))
	have := page{
		int64(len(o.List("data"))), o.Int("total"), o.Int("page"), o.Int("limit"), o.Int("totalPages"),
		o.Bool("hasNextPage"), o.Bool("hasPrevPage"),
	}
	if have != want {
		t.Errorf("%s%s: have %+v, want %+v", l.path, query, have, want)
	}
}

// TestNewestFirst checks the order, and that pages and the cursor return the same rows, each once.
func TestNewestFirst(t *testing.T) {
	t.Parallel()
	for _, l := range lists {
		t.Run(l.path, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Pro)
			l.fill(t, w, 23)
			all := ids(w.Reader().Do(t, "GET", l.path+"?limit=100", nil).Want(t, 200).List())
			if len(all) != 23 {
				t.Fatalf("%d rows, want 23", len(all))
			}
			rows := w.Reader().Do(t, "GET", l.path+"?limit=100", nil).List()
			for i := 1; i < len(rows); i++ {
				if rows[i].Text("createdAt") > rows[i-1].Text("createdAt") {
					t.Errorf("row %d is newer than the one before it", i)
				}
			}
			var paged []string
			for p := 1; p <= 5; p++ {
				page := w.Reader().Do(t, "GET", fmt.Sprintf("%s?limit=5&page=%d", l.path, p), nil).Want(t, 200)
				paged = append(paged, ids(page.List())...)
			}
			if fmt.Sprint(paged) != fmt.Sprint(all) {
				t.Errorf("pages of 5 return %v, want %v", paged, all)
			}
			if walked := walk(t, w, l, 4); fmt.Sprint(walked) != fmt.Sprint(all) {
				t.Errorf("the cursor returns %v, want %v", walked, all)
			}
			unknown := ""
			if l.documented {
				unknown = "&unknown=a%26b"
			}
			for _, query := range []string{"?limit=4", "?limit=4&page=1" + unknown} {
				if linked := follow(t, w, l.path+query); fmt.Sprint(linked) != fmt.Sprint(all) {
					t.Errorf("%s%s and its links return %v, want %v", l.path, query, linked, all)
				}
			}
		})
	}
}

func ids(rows []harness.Object) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = fmt.Sprint(r.M["id"])
	}
	return out
}

func walk(t *testing.T, w *harness.Website, l list, limit int) []string {
	t.Helper()
	o := w.Reader().Get(t, fmt.Sprintf("%s?limit=%d", l.path, limit))
	walked := ids(o.List("data"))
	for range 100 {
		if o.Null("nextCursor") {
			return walked
		}
		o = w.Reader().Get(t, fmt.Sprintf("%s?limit=%d&cursor=%s", l.path, limit, url.QueryEscape(o.Text("nextCursor"))))
		harness.Check(t, l.path+" by cursor", o, harness.CursorPage(l.row))
		if o.Bool("hasNextPage") == o.Null("nextCursor") {
			t.Errorf("hasNextPage and nextCursor disagree: %s", o)
		}
		walked = append(walked, ids(o.List("data"))...)
	}
	t.Fatalf("the cursor pagination does not end")
	return nil
}

// follow reads a list by its links.
func follow(t *testing.T, w *harness.Website, at string) (all []string) {
	t.Helper()
	for range 100 {
		a := w.Reader().Do(t, "GET", at, nil).Want(t, 200)
		all = append(all, ids(a.List())...)
		next := linkOf(a, "next")
		if (next == "") == a.Object().Bool("hasNextPage") {
			t.Errorf("%s: the link is %q and hasNextPage %t", at, next, a.Object().Bool("hasNextPage"))
		}
		if next == "" {
			return all
		}
		if at = next; strings.Contains(at, "unknown=") || !strings.Contains(at, "limit=4") || strings.Contains(at, "page=") {
			t.Errorf("a link doesn't have exactly the known parameters of the request: %s", at)
		}
	}
	t.Fatalf("the links do not end")
	return nil
}

// linkOf returns the URL of a response's link with a relation, or "".
func linkOf(a harness.Answer, relation string) string {
	for _, entry := range strings.Split(a.Header.Get("Link"), ", ") {
		if target, ok := strings.CutSuffix(entry, `>; rel="`+relation+`"`); ok {
			return strings.TrimPrefix(target, "<")
		}
	}
	return ""
}

// TestPageLinks: a page requested by number links to adjacent pages.
func TestPageLinks(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	l := lists[2]
	l.fill(t, w, 5)
	for query, want := range map[string][3]string{
		"?limit=2":         {"", "?limit=2&page=1", "?limit=2&page=3"},
		"?limit=2&page=2":  {"?limit=2&page=1", "?limit=2&page=1", "?limit=2&page=3"},
		"?limit=2&page=99": {"?limit=2&page=3", "?limit=2&page=1", "?limit=2&page=3"},
	} {
		a := w.Reader().Do(t, "GET", l.path+query, nil).Want(t, 200)
		for i, relation := range []string{"prev", "first", "last"} {
			if have := strings.TrimPrefix(linkOf(a, relation), l.path); have != want[i] {
				t.Errorf("%s: %s is %q, want %q", query, relation, have, want[i])
			}
		}
	}
}

// TestBadCursor: a cursor that the system didn't issue is refused.
func TestBadCursor(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	for _, l := range lists {
		for _, cursor := range []string{"nonsense", "1", "AAAA", "%25", "AAAAAAAAAAAAAAAAAAAAAAI"} {
			wantCode(t, w.Reader().Do(t, "GET", l.path+"?cursor="+cursor, nil), 400, "", "cursor")
		}
		wantCode(t, w.Reader().Do(t, "GET", l.path+"?updatedSince=yesterday", nil), 400, "", "updatedSince")
		l.fill(t, w, 2)
		newest := w.Reader().Get(t, l.path+"?limit=1").Text("nextCursor")
		wantCode(t, w.Reader().Do(t, "GET", l.path+"?updatedSince=2026-01-01T00:00:00Z&cursor="+newest, nil), 400,
			"", "cursor")
	}
}
