package app_test

import (
	"slices"
	"testing"

	"fivechat.dev/services/internal/apitest"
)

// TestRowsOfVisitors: a row has where the visitor is and since when, and lists are filtered by it.
func TestRowsOfVisitors(t *testing.T) {
	t.Parallel()
	s := start(t)
	session := func(page string) map[string]any {
		return s.session(1, `{"clientToken":"site","visitorSecret":"","name":"Vera Winter",
			"context":{"page":"https://shop.example`+page+`","title":"Shop"}}`)
	}
	vera := session("/shop/atlas")
	other := session("/help")
	s.session(2, `{"clientToken":"site","visitorSecret":"","name":"Vera Winter"}`)
	list := func(query string) (ids []any) {
		t.Helper()
		for _, row := range s.Want(200, reader(1), "GET", "/visitors/rows"+query, "")["data"].([]any) {
			ids = append(ids, row.(map[string]any)["id"])
		}
		return ids
	}
	for query, want := range map[string][]any{
		"":                                 {other["id"], vera["id"]},
		"?page=2&limit=1":                  {vera["id"]},
		"?sort=oldest":                     {vera["id"], other["id"]},
		"?sort=seen&online=true":           {other["id"], vera["id"]},
		"?online=false":                    nil,
		"?pagePath=/shop":                  {vera["id"]},
		"?verified=true":                   nil,
		"?search=wint":                     {other["id"], vera["id"]},
		"?search=%22Vera%20Winter%22":      {other["id"], vera["id"]},
		"?search=%22Winter%20Vera%22":      nil,
		"?search=vera%20before:2001-01-01": nil,
	} {
		if got := list(query); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
	row := s.Want(200, reader(1), "GET", "/visitors/rows?pagePath=/shop", "")["data"].([]any)[0].(map[string]any)
	page, _ := row["page"].(map[string]any)
	if page["url"] != "https://shop.example/shop/atlas" || page["title"] != "Shop" || row["online"] != true ||
		row["name"] != "Vera Winter" || row["arrivedAt"] != row["firstSeenAt"] || row["lastSeenAt"] == nil {
		t.Errorf("row %v", row)
	}
	for website, want := range map[int64][2]any{1: {2.0, 2.0}, 2: {1.0, 1.0}, 3: {0.0, 0.0}} {
		if c := s.Want(200, reader(website), "GET", "/visitors/counts", ""); c["total"] != want[0] || c["online"] != want[1] {
			t.Errorf("website %d: %v", website, c)
		}
	}
	for query, field := range map[string]string{
		"?sort=activity":               "sort",
		"?sort=seen&search=vera":       "sort",
		"?pagePath=shop":               "pagePath",
		"?pagePath=/shop&online=false": "pagePath",
		"?search=tag:gold":             "search",
		"?search=-before:2026-03-01":   "search",
		"?verified=maybe":              "verified",
		"?page_path=/shop":             "page_path",
	} {
		if got := s.Refused(400, reader(1), "GET", "/visitors/rows"+query, ""); got != "validation_failed "+field {
			t.Errorf("%s: %s", query, got)
		}
	}
	s.Refused(403, writer(1), "GET", "/visitors/rows", "")
	s.Refused(401, apitest.Public, "GET", "/visitors/counts", "")
}
