package accounts

import (
	"strings"
	"testing"
)

func TestTargetsHaveBounds(t *testing.T) {
	t.Parallel()
	minutes := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		targets Targets
		wrong   string
	}{
		"none":     {Targets{}, ""},
		"all":      {Targets{minutes(1), minutes(60), minutes(maxTarget), true}, ""},
		"zero":     {Targets{FirstResponse: minutes(0)}, "firstResponseMinutes"},
		"negative": {Targets{NextResponse: minutes(-5)}, "nextResponseMinutes"},
		"too long": {Targets{Resolution: minutes(maxTarget + 1)}, "resolutionMinutes"},
	} {
		err := c.targets.Validate()
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
