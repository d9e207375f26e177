package id_test

import (
	"testing"

	"fivechat.dev/libs/kernel/id"
)

func TestAssignees(t *testing.T) {
	t.Parallel()
	seven, eight := id.User(7), id.User(8)
	for _, c := range []struct {
		texts              []string
		none, seven, eight bool
	}{
		{nil, true, true, true},
		{[]string{"none"}, true, false, false},
		{[]string{"7"}, false, true, false},
		{[]string{"7", "none"}, true, true, false},
		{[]string{"7", "8"}, false, true, true},
		{[]string{"me"}, false, true, false},
	} {
		a, err := id.ParseAssignees(c.texts, 7)
		if err != nil || a.Has(nil) != c.none || a.Has(&seven) != c.seven || a.Has(&eight) != c.eight {
			t.Errorf("%q: %+v %v", c.texts, a, err)
		}
		if values := a.Values(); len(values) != len(c.texts) {
			t.Errorf("%q has the values %v", c.texts, values)
		}
	}
	for _, wrong := range []string{"0", "-1", "007", "x", "None", "9007199254740992"} {
		if a, err := id.ParseAssignees([]string{"7", wrong}, 7); err == nil {
			t.Errorf("%s: %+v", wrong, a)
		}
	}
	if a, err := id.ParseAssignees([]string{"me"}, 0); err == nil {
		t.Errorf("a program is %+v", a)
	}
}
