package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/internal/apitest"
)

// TestScheduledReply follows the one scheduled reply of a conversation, and refuses wrong ones.
func TestScheduledReply(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.conversation(t)
	at := "/conversations/" + token + "/scheduled-reply"
	ada := person(3, identity.Agent)
	if none := s.Want(200, ada, "GET", at, ""); none["content"] != "" || none["sendAt"] != nil {
		t.Errorf("none: %v", none)
	}
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
	tomorrow, nextWeek := in(24*time.Hour), in(7*24*time.Hour)
	s.Want(200, ada, "PUT", at, `{"content":"Did it arrive?","sendAt":"`+tomorrow+`"}`)
	second := s.Want(200, ada, "PUT", at, `{"content":"Is it whole?","sendAt":"`+nextWeek+`"}`)
	if got := s.Want(200, agent, "GET", at, ""); fmt.Sprint(got) != fmt.Sprint(second) ||
		got["content"] != "Is it whole?" ||
		got["sendAt"] != nextWeek || got["authorId"] != 3. || got["heldAt"] != nil || got["problem"] != nil {
		t.Errorf("the second replaces the first: %v, was %v", got, second)
	}
	row := s.Want(200, ada, "GET", "/inbox/"+token, "")
	if times := object(t, row, "scheduledReply"); times["sendAt"] != nextWeek || times["heldAt"] != nil {
		t.Errorf("the row has %v", times)
	}
	finer := strings.Replace(nextWeek, "Z", "999+00:00", 1)
	if got := s.Want(200, ada, "PUT", at, `{"content":"Is it whole?","sendAt":"`+finer+`"}`); got["sendAt"] != nextWeek {
		t.Errorf("the response has %v, and not %s", got["sendAt"], nextWeek)
	}
	if got := s.Want(200, ada, "GET", at, ""); got["sendAt"] != nextWeek {
		t.Errorf("the time is %v, and not %s", got["sendAt"], nextWeek)
	}
	byProgram := s.Want(200, agent, "PUT", at, `{"content":"From us","sendAt":"`+nextWeek+`"}`)
	if byProgram["authorId"] != nil {
		t.Errorf("a program that names no author: %v", byProgram)
	}
	for range 2 {
		if a := s.Do(ada, "DELETE", at, ""); a.Status != 204 {
			t.Errorf("%+v", a)
		}
	}
	if row := s.Want(200, ada, "GET", "/inbox/"+token, ""); row["scheduledReply"] != nil {
		t.Errorf("the row after the removal: %v", row["scheduledReply"])
	}
	for body, want := range map[string]string{
		`{"content":" ","sendAt":"` + tomorrow + `"}`:                                     "validation_failed content",
		`{"content":"` + strings.Repeat("x", 16<<10+1) + `","sendAt":"` + tomorrow + `"}`: "validation_failed content",
		`{"content":"x"}`: "validation_failed sendAt",
		`{"content":"x","sendAt":"2020-01-01T00:00:00Z"}`:         "validation_failed sendAt",
		`{"content":"x","sendAt":"` + in(367*24*time.Hour) + `"}`: "validation_failed sendAt",
		`{"content":"x","sendAt":"tomorrow"}`:                     "validation_failed sendAt",
	} {
		if got := s.Refused(400, agent, "PUT", at, body); got != want {
			t.Errorf("%.60s is refused with %s", body, got)
		}
	}
	s.accounts.Says(apitest.JSON(200, `[]`)) // the named agent does not exist
	stranger := `{"content":"x","sendAt":"` + tomorrow + `","authorId":99}`
	if got := s.Refused(400, agent, "PUT", at, stranger); got != "validation_failed authorId" {
		t.Errorf("an unknown author is refused with %s", got)
	}
	s.Refused(403, person(9, identity.Viewer), "PUT", at, `{"content":"x","sendAt":"`+tomorrow+`"}`)
}
