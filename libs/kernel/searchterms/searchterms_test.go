package searchterms_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/searchterms"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limit int
		texts []string
		want  []string
	}{
		{10, []string{"Hello, WORLD! hello"}, []string{"hello", "world"}},
		{10, []string{"Größe", "naïve café"}, []string{"größe", "naïve", "café"}},
		{10, []string{"order-42 a.b@c.de"}, []string{"order", "42", "a", "b", "c", "de"}},
		{2, []string{"one two", "three"}, []string{"one", "two"}},
		{10, []string{"", " …!? "}, nil},
		{10, []string{"привет 你好"}, []string{"привет", "你好"}},
	} {
		if got := searchterms.Of(c.limit, c.texts...); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.texts, got, c.want)
		}
	}
	long := searchterms.Of(1, strings.Repeat("é", 100))[0]
	if len(long) > searchterms.MaxLength || !utf8.ValidString(long) {
		t.Errorf("a long word became %d bytes %q", len(long), long)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": nil, "  ": nil, "The Atlas": {"the", "atlas"}, ".*": {""}, "…": {""},
	} {
		if got := searchterms.Query(10, text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
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
