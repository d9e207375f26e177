package mongostore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/services/internal/storetest"
)

func TestErasingVisitorLeavesNothingOfThem(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	gone, stays, theirs := s.create(t, one), s.create(t, one), s.create(t, two)
	if kinds, rows := storetest.Exported(t, s, subject.Visitor(one, gone.ID)); kinds["visitor"] != 1 ||
		!strings.Contains(rows[0], gone.Token) {
		t.Errorf("%v", rows)
	}
	if kinds, _ := storetest.Exported(t, s, subject.Visitor(two, gone.ID)); len(kinds) > 0 {
		t.Errorf("another website exports %v", kinds)
	}
	storetest.Erase(t, s, subject.Visitor(two, gone.ID))
	if _, _, err := s.Owner(t.Context(), gone.Token); err != nil {
		t.Errorf("another website erased the visitor: %v", err)
	}
	storetest.Erase(t, s, subject.Visitor(one, gone.ID))
	if _, _, err := s.Owner(t.Context(), gone.Token); !fault.Is(err, fault.NotFound) {
		t.Errorf("the token leads to %v", err)
	}
	if kinds, rows := storetest.Exported(t, s, subject.Website(one)); kinds["visitor"] != 1 ||
		!strings.Contains(rows[0], stays.Token) {
		t.Errorf("%v", rows)
	}
	if published := s.published(t); !slices.Contains(published, "visitor.created 1 0 {}") ||
		!slices.Contains(published, fmt.Sprintf(`visitor.erased 1 %[1]d {"visitorId":%[1]d}`, gone.ID)) ||
		len(published) != 4 {
		t.Errorf("published %v", published)
	}
	for _, v := range []string{stays.Token, theirs.Token} {
		if _, _, err := s.Owner(t.Context(), v); err != nil {
			t.Error(err)
		}
	}
}

func TestErasingWebsiteLeavesNothingOfIt(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	gone, theirs := s.create(t, one), s.create(t, two)
	s.create(t, one)
	_, before := storetest.Exported(t, s, subject.Website(two))
	storetest.Erase(t, s, subject.Website(one))
	if kinds, _ := storetest.Exported(t, s, subject.Website(one)); len(kinds) > 0 {
		t.Errorf("left: %v", kinds)
	}
	if _, _, err := s.Owner(t.Context(), gone.Token); !fault.Is(err, fault.NotFound) {
		t.Errorf("the token leads to %v", err)
	}
	if _, after := storetest.Exported(t, s, subject.Website(two)); strings.Join(after, "") != strings.Join(before, "") {
		t.Errorf("the other website has %v, had %v", after, before)
	}
	if w, _, err := s.Owner(t.Context(), theirs.Token); err != nil || w != two {
		t.Errorf("the other website's token leads to %v, %v", w, err)
	}
	for _, published := range s.published(t) {
		if strings.HasPrefix(published, "visitor.created 1") {
			t.Errorf("still in the log: %s", published)
		}
	}
}
