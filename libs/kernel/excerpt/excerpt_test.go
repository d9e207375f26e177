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
