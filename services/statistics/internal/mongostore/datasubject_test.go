package mongostore_test

import (
	"maps"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/services/internal/storetest"
)

// TestErasureRemovesSums: a website's sums are removed; a visitor's part in them stays.
func TestErasureRemovesSums(t *testing.T) {
	t.Parallel()
	s, a, b := open(t), storetest.Tenant(1), storetest.Tenant(2)
	if err := s.Apply(t.Context(), "conversations", talk(a, b)); err != nil {
		t.Fatal(err)
	}
	var days source
	for n := range 120 {
		days.tellAt(noon.AddDate(0, 0, n), a, "message.created", `{"sender":"USER","agentId":7}`)
	}
	if err := s.Apply(t.Context(), "another", days); err != nil {
		t.Fatal(err)
	}
	before, theirs := counters(t, s, a), counters(t, s, b)
	want := map[string]int{"statistics": 1, "statistics day": 121, "statistics agent day": 120}
	if kinds, rows := storetest.Exported(t, s, subject.Website(a)); !maps.Equal(kinds, want) ||
		!strings.Contains(rows[len(rows)-1], `"agentMessages":1`) || !strings.Contains(rows[0], `"totalMessages":122`) {
		t.Errorf("%v: %v, %v", kinds, rows[0], rows[len(rows)-1])
	}
	storetest.Erase(t, s, subject.Visitor(a, 7))
	if got := counters(t, s, a); got != before {
		t.Errorf("%+v, want %+v", got, before)
	}
	storetest.Erase(t, s, subject.Website(a))
	if kinds, _ := storetest.Exported(t, s, subject.Website(a)); len(kinds) > 0 {
		t.Errorf("left: %v", kinds)
	}
	if got := counters(t, s, b); got != theirs {
		t.Errorf("the other website has %+v, had %+v", got, theirs)
	}
}
