package app_test

import (
	"fmt"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// TestTargetsComeWithTheirHours: another service reads the targets with the widget's business hours, if they count.
func TestTargetsComeWithTheirHours(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.website("FREE")
	admin := member(id, identity.Admin)
	s.widgets.Says(apitest.JSON(200, `{"clientToken":"wgt_x","loadedAt":null,
		"businessHours":{"timezone":"Europe/Berlin","days":[{"day":"MON","from":"09:00","to":"17:00"}]}}`))
	is := func(want string) {
		t.Helper()
		got := s.Want(200, apitest.Sibling(id), "GET", "/internal/targets", "")
		if text := fmt.Sprint(got["firstResponseMinutes"], got["resolutionMinutes"], got["hours"]); text != want {
			t.Errorf("%s, want %s", text, want)
		}
	}
	is("<nil> <nil> <nil>")
	put := func(hours string) {
		s.Want(200, admin, "PUT", "/targets",
			`{"firstResponseMinutes":30,"nextResponseMinutes":null,"resolutionMinutes":null,"businessHours":`+hours+`}`)
	}
	put("false")
	is("30 <nil> <nil>")
	put("true")
	is("30 <nil> map[days:[map[day:MON from:09:00 to:17:00]] timezone:Europe/Berlin]")
	got := s.Want(200, admin, "GET", "/targets", "")
	if got["businessHours"] != true || got["firstResponseMinutes"] != 30. {
		t.Errorf("%v", got)
	}
	wrong := `{"firstResponseMinutes":0,"nextResponseMinutes":null,"resolutionMinutes":null,"businessHours":true}`
	if got := s.Refused(400, admin, "PUT", "/targets", wrong); got != "validation_failed firstResponseMinutes" {
		t.Error(got)
	}
	s.Refused(403, member(id, identity.Agent), "PUT", "/targets", wrong)
	is("30 <nil> map[days:[map[day:MON from:09:00 to:17:00]] timezone:Europe/Berlin]")
}
