package accounts

import (
	"testing"
	"time"
)

// TestRuleAssignsFromItsBeginningOn: what waited before a rule was set isn't assigned by it. A change of a rule isn't
// another one.
func TestRuleAssignsFromItsBeginningOn(t *testing.T) {
	t.Parallel()
	began, now := time.Unix(1_000, 0), time.Unix(2_000, 0)
	for name, c := range map[string]struct {
		before Assignment
		mode   AssignmentMode
		want   time.Time
	}{
		"set":         {Assignment{Mode: Manual}, LeastBusy, now},
		"changed":     {Assignment{Mode: RoundRobin, Since: began}, LeastBusy, began},
		"ended":       {Assignment{Mode: RoundRobin, Since: began}, Manual, time.Time{}},
		"still ended": {Assignment{Mode: Manual}, Manual, time.Time{}},
	} {
		if got := (Assignment{Mode: c.mode}).after(c.before, now); !got.Since.Equal(c.want) {
			t.Errorf("%s: since %v, want %v", name, got.Since, c.want)
		}
	}
}
