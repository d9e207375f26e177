package conversations

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/searchterms"
)

// TestSnippets cuts messages around the first match. Marks count characters.
func TestSnippets(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("Grüße und 🙏 ", 40)
	for _, c := range []struct{ text, search, begins, marks string }{
		{"Is the atlas in stock?", "atlas", "Is the atlas", "[[7 12]]"},
		{"Atlas, ATLAS and parcels", "parcel atlas", "Atlas", "[[0 5] [7 12] [17 24]]"},
		{"Größe: atlas", "atlas", "Größe", "[[7 12]]"},
		{filler + "atlas " + filler, "atlas", "", ""},
		{strings.Repeat("ß", 500) + " atlas", "atlas", "", ""},
		{"nothing of it", "atlas", "none", ""},
	} {
		got := snippetOf(Message{Content: c.text}, searchterms.Clauses(c.search, false))
		if c.begins == "none" {
			if got != nil {
				t.Errorf("%.20q: %+v", c.text, got)
			}
			continue
		}
		if got == nil || !utf8.ValidString(got.Text) || len(got.Text) > snippetBytes ||
			!strings.HasPrefix(got.Text, c.begins) || c.marks != "" && fmt.Sprint(got.Marks) != c.marks {
			t.Errorf("%.20q: %+v", c.text, got)
			continue
		}
		for _, m := range got.Marks {
			if word := string([]rune(got.Text)[m[0]:m[1]]); !strings.Contains("atlas parcels", strings.ToLower(word)) {
				t.Errorf("%.20q marks %q", c.text, word)
			}
		}
	}
}
