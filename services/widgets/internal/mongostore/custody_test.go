package mongostore_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/fault"
	"fivechat.dev/services/internal/storetest"
)

func TestAWebsiteIsErased(t *testing.T) {
	t.Parallel()
	s, one, two := open(t), storetest.Tenant(1), storetest.Tenant(2)
	add(t, s, one, "wgt_a")
	theirs := add(t, s, two, "wgt_b")
	if kinds, rows := storetest.Exported(t, s, one, 0); kinds["widget"] != 1 || !strings.Contains(rows[0], `"clientToken":"wgt_a"`) {
		t.Errorf("%v", rows)
	}
	if kinds, _ := storetest.Exported(t, s, one, 7); len(kinds) > 0 {
		t.Errorf("of a visitor: %v", kinds)
	}
	storetest.Erase(t, s, one, 7)
	if _, err := s.Get(t.Context(), one); err != nil {
		t.Errorf("a visitor's erasure took the widget: %v", err)
	}
	storetest.Erase(t, s, one, 0)
	if _, err := s.Get(t.Context(), one); !fault.Is(err, fault.NotFound) {
		t.Errorf("the widget: %v", err)
	}
	if _, err := s.Tenant(t.Context(), "wgt_a"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the token: %v", err)
	}
	if got, err := s.Get(t.Context(), two); err != nil || got != theirs {
		t.Errorf("the other website's: %+v, %v", got, err)
	}
}
