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
