package publictoken_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/publictoken"
)

func TestWellFormedAcceptsTokensOfAPath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"vis_a1b2":               true,
		"A-Z_0":                  true,
		strings.Repeat("a", 128): true,
		strings.Repeat("a", 129): false,
		"":                       false,
		"a b":                    false,
		"../a":                   false,
		"a\n":                    false,
		"ä":                      false,
	} {
		if got := publictoken.WellFormed(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
