package app_test

import (
	"fmt"
	"testing"

	"fivechat.dev/services/internal/apitest"
)

// TestNotificationsBelongToThePerson: they begin with the defaults, and hold in each session of one person.
func TestNotificationsBelongToThePerson(t *testing.T) {
	t.Parallel()
	s := start(t)
	una, eve := s.as(s.found("una@shop.example")), s.as(s.found("eve@shop.example"))
	const path = "/auth/notifications"
	got := s.Want(200, una, "GET", path, "")
	if got["enabled"] != true || fmt.Sprint(got["ways"]) != "[desktop title]" ||
		fmt.Sprint(got["kinds"]) != "[assigned mention mine unassigned]" || got["quietHours"] != nil {
		t.Errorf("at first: %v", got)
	}
	for body, want := range map[string]string{
		`{"ways":[],"kinds":[]}`:                                "validation_failed enabled",
		`{"enabled":true,"kinds":["all"]}`:                      "validation_failed ways",
		`{"enabled":true,"ways":["sound","sound"],"kinds":[]}`:  "validation_failed ways",
		`{"enabled":true,"ways":[],"kinds":[],"quietHours":{}}`: "validation_failed quietHours",
	} {
		if got := s.Refused(400, una, "PUT", path, body); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	set := `{"enabled":false,"ways":["sound"],"kinds":[],"quietHours":{"from":"22:00","to":"07:00"}}`
	s.Want(200, una, "PUT", path, set)
	again := s.as(s.Cookie(200, apitest.Public, "POST", "/auth/password", unasPassword).Value)
	got = s.Want(200, again, "GET", path, "")
	if got["enabled"] != false || fmt.Sprint(got["ways"], got["kinds"], got["quietHours"]) !=
		"[sound] [] map[from:22:00 to:07:00]" {
		t.Errorf("in another session: %v", got)
	}
	if got := s.Want(200, eve, "GET", path, ""); got["enabled"] != true {
		t.Errorf("another person: %v", got)
	}
}
