package visitors_test

import (
	"strings"
	"testing"

	"fivechat.dev/services/visitors"
)

func TestPageOfAVisitor(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 600)
	for context, want := range map[string][3]string{
		`{}`: {"", "", ""},
		`{"page":"https://shop.example/p/atlas?ref=1#top","title":"Atlas"}`: {
			"https://shop.example/p/atlas?ref=1#top", "Atlas", "/p/atlas",
		},
		`{"page":"https://shop.example"}`:              {"https://shop.example", "", "/"},
		`{"page":"https://shop.example/%E2%82%AC"}`:    {"https://shop.example/%E2%82%AC", "", "/%E2%82%AC"},
		`{"page":5,"title":["x"]}`:                     {"", "", ""},
		`{"page":":"}`:                                 {":", "", ""},
		`{"page":"https://shop.example/` + long + `"}`: {"https://shop.example/" + long, "", "/" + long[:499]},
		`no object`: {"", "", ""},
	} {
		p := visitors.Visitor{Context: context}.Page()
		if got := [3]string{p.URL, p.Title, p.Path()}; got != want {
			t.Errorf("%s: %v", context, got)
		}
	}
}
