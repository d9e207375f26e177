package token

import (
	"strings"
	"testing"
)

func TestWellFormed(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("0", random)
	for secret, want := range map[string]bool{
		"5c_" + zeros + "2wjyrI":                true, // one that accounts takes for its own
		"5c_" + zeros + "2wjyrJ":                false,
		"5c_" + zeros + "3wjyrI":                false,
		"5c_" + zeros[1:] + "12wjyrI":           false,
		"5c_" + zeros:                           false,
		"5c_" + zeros + "2wjyrI0":               false,
		"5c-" + zeros + "2wjyrI":                false,
		zeros + "2wjyrI":                        false,
		"5c_" + zeros[1:] + "-2wjyrI":           false,
		"5c_" + zeros[2:] + "\u00e9" + "2wjyrI": false,
		"5c_" + strings.Repeat("0", 1<<10):      false,
		"5c_":                                   false,
		"":                                      false,
	} {
		if got := wellFormed(secret); got != want {
			t.Errorf("%q: %t", secret, got)
		}
	}
}
