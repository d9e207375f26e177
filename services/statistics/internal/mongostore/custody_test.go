package mongostore_test

import (
	"strings"
	"testing"

	"fivechat.dev/services/internal/storetest"
	"fivechat.dev/services/statistics"
)

// TestErased: a website's sums go, a visitor's part in them stays.
func TestErased(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	if err := s.Apply(t.Context(), "conversations", talk(a, b)); err != nil {
		t.Fatal(err)
	}
	before, theirs := counters(t, s, a), counters(t, s, b)
	if kinds, rows := storetest.Exported(t, s, a, 0); kinds["statistics"] != 1 || !strings.Contains(rows[0], `"totalMessages":2`) {
		t.Errorf("%v", rows)
	}
	storetest.Erase(t, s, a, 7)
	if got := counters(t, s, a); got != before {
		t.Errorf("%+v, want %+v", got, before)
	}
	storetest.Erase(t, s, a, 0)
	if got := counters(t, s, a); got != (statistics.Counters{}) {
		t.Errorf("left: %+v", got)
	}
	if got := counters(t, s, b); got != theirs {
		t.Errorf("the other website has %+v, had %+v", got, theirs)
	}
}
