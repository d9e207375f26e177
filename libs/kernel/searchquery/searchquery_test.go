package searchquery_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/searchquery"
	"fivechat.dev/libs/kernel/searchterms"
)

var fields = []string{"tag", "before"}

// shown writes a query shortly.
func shown(q searchquery.Query) string {
	var parts []string
	clauses := func(sign string, all []searchterms.Clause) {
		for _, c := range all {
			text := sign
			if len(c.Terms) > 0 {
				text += c.Terms[0]
			}
			if c.Prefix != "" {
				text += "…"
			}
			parts = append(parts, text)
		}
	}
	clauses("", q.Clauses)
	for _, group := range q.Without {
		clauses("-", group)
	}
	for _, p := range q.Phrases {
		parts = append(parts, `"`+p+`"`)
	}
	for _, f := range q.Fields {
		sign := ""
		if f.Without {
			sign = "-"
		}
		parts = append(parts, fmt.Sprintf("%s%s=%s", sign, f.Name, f.Value))
	}
	return strings.Join(parts, " ")
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "",
		"  ":                          "",
		"atlas":                       "atlas…",
		"atlas ":                      "atlas",
		"The Atlas":                   "the atlas…",
		`"out of stock"`:              `out of stock "out of stock"`,
		"„out of stock“ now":          `now… out of stock "out of stock"`,
		"atlas -globe":                "atlas -globe",
		"- globe":                     "globe…",
		"tag:stock":                   "tag=stock",
		`-TAG:"out of stock" atlas`:   "atlas… -tag=out of stock",
		"colour:blue":                 "colour blue…",
		"before:2026-03-01 tag:vip x": "x… before=2026-03-01 tag=vip",
	} {
		q, err := searchquery.Parse(text, fields...)
		if err != nil || shown(q) != want {
			t.Errorf("%q: %s %v, want %s", text, shown(q), err, want)
		}
	}
	if q, err := searchquery.Parse("…!"); err != nil || len(q.Clauses) != 1 || len(q.Clauses[0].Terms) > 0 {
		t.Errorf("signs alone ask for %+v %v, want a condition that nothing meets", q, err)
	}
}

// TestWordsToLeaveOut: a row is left out if it has all words of a phrase, or all parts of a word.
func TestWordsToLeaveOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		search, text string
		want         bool
	}{
		{"atlas -globe", "an atlas", true},
		{"atlas -globe", "an atlas and a globe", false},
		{`atlas -"out of stock"`, "an atlas of the sea", true},
		{`atlas -"out of stock"`, "the atlas is out of stock", false},
		{"-我想退货", "我想要", true},
		{"-我想退货", "我想退货", false},
	} {
		q, err := searchquery.Parse(c.search)
		if err != nil || q.Matches(searchterms.Of(0, c.text)) != c.want {
			t.Errorf("%s in %q: %v %v", c.search, c.text, !c.want, err)
		}
	}
}

func TestWrongQueriesNameThePlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`é "out of`:                   "has a quote that isn't closed, at character 3",
		"atlas tag:":                  "tag: needs a value, at character 7",
		`tag:"" x`:                    "tag: needs a value, at character 1",
		strings.Repeat("x", 1_001):    "must be at most 1000 bytes",
		strings.Repeat("tag:x ", 21):  "has more than 20 fields, at character 121",
		strings.Repeat("-atlas ", 13): "",
	} {
		_, err := searchquery.Parse(text, fields...)
		if want == "" && err != nil || want != "" && (!fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
	q, err := searchquery.Parse("x before:2026-13-01", fields...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = q.Day(q.Fields[0]); err == nil || !strings.Contains(err.Error(), "2026-03-01, at character 3") {
		t.Errorf("a wrong day: %v", err)
	}
}

// TestLongQueriesKeepTheirRarestWords: a pasted paragraph is searched by its longest words.
func TestLongQueriesKeepTheirRarestWords(t *testing.T) {
	t.Parallel()
	text := ""
	for i := range 40 {
		text += strings.Repeat(string(rune('a'+i%26)), i%20+1) + " "
	}
	q, err := searchquery.Parse(text)
	if err != nil || len(q.Clauses) != searchquery.MaxClauses {
		t.Fatalf("%d clauses, %v", len(q.Clauses), err)
	}
	if slices.ContainsFunc(q.Clauses, func(c searchterms.Clause) bool { return len(c.Terms[0]) < 14 }) {
		t.Errorf("short words are used: %s", shown(q))
	}
}
