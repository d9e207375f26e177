package searchterms_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/searchterms"
)

// TestOf: the words of texts, their stems and their beginnings.
func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limit int
		texts []string
		want  []string
	}{
		{0, []string{"Hello, BIG hello"}, []string{"hello", "^he", "^hell", "big", "^bi"}},
		{0, []string{"Größe", "parcels"}, []string{
			"grosse", "^gr", "^gros", "groesse", "^groe", "^groess", "parcels", "^pa", "^parc", "^parcel", "~parcel",
		}},
		{0, []string{"a.b@c"}, []string{"a", "b", "c", "ab", "bc", "abc", "^ab"}},
		{2, []string{"one", "three"}, []string{"one", "^on"}},
		{0, []string{"", " …!? "}, nil},
		{0, []string{"你好吗"}, []string{"你好", "好吗", "吗"}},
	} {
		if got := searchterms.Of(c.limit, c.texts...); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.texts, got, c.want)
		}
	}
	for _, long := range searchterms.Of(0, strings.Repeat("é", 100)+" "+strings.Repeat("ж", 100)) {
		if len(long) > searchterms.MaxLength || !utf8.ValidString(long) {
			t.Errorf("a long word became %d bytes %q", len(long), long)
		}
	}
}

func TestHasControl(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": false, "a\tb\r\nc": false, "a\u00a0b": false, "\u202ea\u200d\u2028": false, "\U0001F600é": false,
		"\x00": true, "a\u0001": true, "\b": true, "\f": true, "\x1b[31m": true, "\x7f": true, "\u0080": true,
		"é\u009f": true,
	} {
		if got := searchterms.HasControl(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestJSONLength(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "é": 2, `a"b`: 4, `\`: 2, "\n\r\t\b\f": 10, "\x00\x01\x1f": 18, "\x7f\u2028": 4,
	} {
		if got := searchterms.JSONLength(text); got != want {
			t.Errorf("%q: %d bytes, want %d", text, got, want)
		}
	}
}
