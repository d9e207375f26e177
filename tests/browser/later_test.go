package browser

import (
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// TestAgentSendsLater: a reply is scheduled and taken back into the field, in front of a second agent. Another one is
// sent at its time. A third one is held, because the visitor writes first.
func TestAgentSendsLater(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := w.Visit(t, nil)
	token := v.Open(t, "Where is my parcel?")
	a := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all/"+token)
	n := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all/"+token)
	const text = "document.querySelector('.scheduled:not(.held) q')?.textContent"
	none := "!document.querySelector('.scheduled')"
	a.into("#reply", "Did it arrive?")
	a.chooseItem("#later", "Tomorrow morning")
	a.until(text + " === 'Did it arrive?' && !document.getElementById('reply').value")
	n.within(quick, text+" === 'Did it arrive?' && "+rows+"[0].querySelector('.chips').textContent.includes('sent')")
	a.accessible()
	a.picture("send-later")
	n.do("document.getElementById('edit-scheduled').click()")
	n.until("document.getElementById('reply').value === 'Did it arrive?' && " + none)
	a.within(quick, none)

	later := func(content string, in time.Duration) {
		t.Helper()
		w.Writer().Send(t, 200, "PUT", "/conversations/"+token+"/scheduled-reply",
			harness.Map{"content": content, "sendAt": time.Now().Add(in)})
		a.within(quick, text+" === '"+content+"'")
	}
	later("Is it whole?", time.Second)
	a.until("[...document.querySelectorAll('.message')].at(-1).textContent === 'Is it whole?' && " + none)
	later("Anything else?", 2*time.Second)
	v.Say(t, token, "Yes, thank you!")
	a.until("document.querySelector('.scheduled.held q')?.textContent === 'Anything else?'")
	a.do("document.getElementById('remove-scheduled').click()")
	a.until(none)
	n.within(quick, none)
	a.quiet()
	n.quiet()
}

// TestAgentChoosesAnyTime: the dialog of both menus refuses what the server would refuse, in words. The field has the
// focus, takes a time from the keyboard, and gives the focus back.
func TestAgentChoosesAnyTime(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	token := w.Visit(t, nil).Open(t, "Where is my parcel?")
	row := "/inbox/" + token
	a := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all/"+token)
	const field = "document.querySelector('[role=dialog] [name=time]')"
	submit := func(days int) {
		t.Helper()
		at := time.Now().AddDate(0, 0, days).Format("2006-01-02T15:04") // the browser has the time zone of this process
		a.do(field + ".value = '" + at + "'; document.querySelector('[role=dialog] .primary').click()")
	}
	problem := func(text string) {
		t.Helper()
		a.until("document.querySelector('[role=dialog] [role=alert]')?.textContent === '" + text + "'")
	}
	a.into("#reply", "Did it arrive?")
	a.until("!document.getElementById('later').disabled")
	a.chooseItem("#later", "Another time…")
	a.until("document.activeElement === " + field)
	a.accessible()
	a.picture("any-time")
	a.do(field + ".value = ''; document.querySelector('[role=dialog] .primary').click()")
	problem("Choose a date and a time.")
	submit(-1)
	problem("This time has passed. Choose a later one.")
	submit(367)
	problem("Choose a time in the next 366 days.")
	submit(365)
	a.until("document.querySelector('.scheduled') && !document.getElementById('reply').value")
	a.until("document.activeElement.id === 'reply'")

	a.press("Escape", "")
	a.chooseItem("#more", "Another time…")
	a.until("document.activeElement === " + field)
	a.press("Escape", "")
	a.until("!" + field + " && document.activeElement.id === 'more'")
	a.press("Enter", "\r")
	a.until("document.querySelector('[role=menu]')")
	a.press("Escape", "") // closes the menu, and not the conversation
	a.until("!document.querySelector('[role=menu]') && document.activeElement.id === 'more'")
	a.press("S", "S")
	a.until("document.activeElement === " + field)
	a.press("Enter", "\r") // tomorrow in the morning
	a.until("document.querySelector('.title').textContent.includes('Snoozed until')")
	until := w.Reader().Get(t, row).Text("snoozedUntil")
	if at, err := time.Parse(time.RFC3339, until); err != nil || at.Local().Format("15:04") != "09:00" {
		t.Errorf("snoozed until %s: %v", until, err)
	}
	a.quiet()
}
