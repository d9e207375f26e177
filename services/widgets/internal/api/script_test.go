package api

import (
	"strings"
	"testing"
)

// TestSource holds what every page that loads the widget relies on.
func TestSource(t *testing.T) {
	t.Parallel()
	if len(source) > 10<<10 {
		t.Errorf("the script has %d bytes, want at most 10 KiB", len(source))
	}
	if n := strings.Count(source, "SETTINGS"); n != 1 {
		t.Errorf("the settings have %d places, want 1", n)
	}
	for _, banned := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", ".cssText", "'style'", "onclick"} {
		if strings.Contains(source, banned) {
			t.Errorf("the script uses %s, which lets data run or a strict content security policy refuse it", banned)
		}
	}
}
