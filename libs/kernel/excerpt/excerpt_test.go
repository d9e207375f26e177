package excerpt_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/excerpt"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"a short text":       {"Where is my order?", "Where is my order?"},
		"lines and blanks":   {"  one\n\ntwo \t three\n", "one two three"},
		"a long text":        {strings.Repeat("a", 500), strings.Repeat("a", excerpt.MaxBytes)},
		"a character is cut": {strings.Repeat("a", excerpt.MaxBytes-1) + "ü", strings.Repeat("a", excerpt.MaxBytes-1)},
		"many blanks":        {"a" + strings.Repeat(" ", 600) + "b", "a"},
		"nothing":            {"", ""},
	} {
		if got := excerpt.Of(c.text); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"longer", 4, "long"},
		{"aü", 2, "a"},
		{"aü", 3, "aü"},
		{"日本", 5, "日"},
		{"\x80\x80", 1, ""}, // no character begins here
		{"a", 0, ""},
	} {
		if got := excerpt.Cut(c.text, c.n); got != c.want {
			t.Errorf("%q cut to %d is %q, want %q", c.text, c.n, got, c.want)
		}
	}
}
