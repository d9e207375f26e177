package conversations

import (
	"testing"
	"time"

	"fivechat.dev/libs/kernel/businesshours"
)

// TestDueTimesFollowChanges makes changes one after the other, ten minutes each, from noon on. An answer is due within
// 30 minutes at first and 60 later, the end within 120.
func TestDueTimesFollowChanges(t *testing.T) {
	t.Parallel()
	first, next, resolution := int64(30), int64(60), int64(120)
	targets := Targets{FirstResponse: &first, NextResponse: &next, Resolution: &resolution}
	type step any
	for name, c := range map[string]struct {
		steps                []step
		response, resolution int // minutes after noon; 0: none
	}{
		"a question":          {nil, 30, 120},
		"another question":    {[]step{FromVisitor}, 30, 120},
		"an answer":           {[]step{FromAgent}, 0, 120},
		"a question after it": {[]step{FromAgent, FromVisitor}, 80, 120},
		"snoozed":             {[]step{snooze}, 0, 0},
		"awake again":         {[]step{snooze, wake}, 40, 130},
		"woken by a question": {[]step{snooze, FromVisitor}, 40, 130},
		"snoozed twice":       {[]step{snooze, wake, snooze, wake}, 50, 140},
		"closed":              {[]step{shut}, 0, 0},
		"closed while asleep": {[]step{snooze, shut}, 0, 0},
		"open again":          {[]step{shut, reopen}, 0, 130},
		"a question reopens":  {[]step{FromAgent, shut, FromVisitor}, 90, 130},
		"spam":                {[]step{junk}, 0, 0},
		"no spam after all":   {[]step{junk, noJunk}, 40, 130},
	} {
		conversation := waiting(t)
		for i, s := range c.steps {
			at := noon.Add(time.Duration(10*(i+1)) * time.Minute)
			var err error
			switch s := s.(type) {
			case Patch:
				err = s.apply(&conversation, at)
			case Sender:
				m := said(s, at)
				_, err = conversation.addMessage(&m)
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		response, resolution := conversation.dueBy(targets).times()
		if !sameTime(response, after(c.response)) || !sameTime(resolution, after(c.resolution)) {
			t.Errorf("%s: %v and %v are due", name, response, resolution)
		}
		if none := conversation.dueBy(Targets{}); none != nil {
			t.Errorf("%s: without targets, %+v", name, none)
		}
	}
}

func after(minutes int) *time.Time {
	if minutes == 0 {
		return nil
	}
	at := noon.Add(time.Duration(minutes) * time.Minute)
	return &at
}

// TestDueTimesCountBusinessHours: also a pause counts only as far as it is within them.
func TestDueTimesCountBusinessHours(t *testing.T) {
	t.Parallel()
	minutes := int64(90)
	c := waiting(t)
	day := businesshours.Range{From: "11:00", To: "13:00"}
	hours := &businesshours.Hours{Timezone: "UTC"}
	for _, day.Day = range []string{"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"} {
		hours.Days = append(hours.Days, day)
	}
	targets := Targets{FirstResponse: &minutes, Hours: hours}
	if d := c.dueBy(targets); d == nil || !sameTime(d.Response, after(23*60+30)) || !d.At.Equal(*d.Response) {
		t.Errorf("%+v is due", d)
	}
	evening := noon.Add(8 * time.Hour)
	c.put(Snoozed, &evening, noon.Add(30*time.Minute))
	c.put(NoFolder, nil, evening)
	if d := c.dueBy(targets); d == nil || !sameTime(d.Response, after(24*60)) {
		t.Errorf("after a pause, %+v is due", d)
	}
}

// TestPausesAreBounded: beyond the bound the oldest ones become one, which never makes a target earlier.
func TestPausesAreBounded(t *testing.T) {
	t.Parallel()
	minutes := int64(600)
	c := waiting(t)
	var last time.Time
	for i := range 2 * maxPauses {
		began := noon.Add(time.Duration(2*i+1) * time.Minute)
		c.addPause(&began, began.Add(time.Minute))
		d := c.dueBy(Targets{FirstResponse: &minutes})
		if d == nil || d.Response.Before(last) {
			t.Fatalf("after %d pauses, %+v is due, and before %s", i+1, d, last)
		}
		last = *d.Response
	}
	if len(c.Pauses) != maxPauses {
		t.Errorf("%d pauses", len(c.Pauses))
	}
}
