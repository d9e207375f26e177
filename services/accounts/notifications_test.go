package accounts_test

import (
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/accounts"
)

func TestWrongNotificationsAreRefused(t *testing.T) {
	t.Parallel()
	right := accounts.Notifications{
		Ways: []string{"title", "desktop"}, Kinds: []string{}, QuietHours: &accounts.QuietHours{From: "22:00", To: "07:30"},
	}
	if err := right.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*accounts.Notifications){
		"ways":       func(n *accounts.Notifications) { n.Ways = nil },
		"kinds":      func(n *accounts.Notifications) { n.Kinds = []string{"mine", "mine"} },
		"quietHours": func(n *accounts.Notifications) { n.QuietHours = &accounts.QuietHours{From: "22:00", To: "24:00"} },
	} {
		wrong := right
		change(&wrong)
		if fields := fault.From(wrong.Validate()).Fields; len(fields) != 1 || fields[0].Field != field {
			t.Errorf("%s: %v", field, fields)
		}
	}
	for name, wrong := range map[string]accounts.Notifications{
		"unknown way":  {Ways: []string{"pager"}, Kinds: []string{}},
		"unknown kind": {Ways: []string{}, Kinds: []string{"all"}},
		"empty quiet hours": {
			Ways: []string{}, Kinds: []string{}, QuietHours: &accounts.QuietHours{From: "08:00", To: "08:00"},
		},
	} {
		if err := wrong.Validate(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
