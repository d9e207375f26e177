package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// beatOften is a script by which the widget on a page sends its heartbeats twice a second, instead of twice a minute.
const beatOften = "<script>const set = setInterval; window.setInterval = (f, ms) => set(f, ms / 60)</script>"

// TestAgentWritesFirst: an agent writes to a visitor who has written nothing. Their page shows it, and they answer.
// What the agent then writes beside the list of visitors becomes the draft in the conversation.
func TestAgentWritesFirst(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := open(t, desktop, site(t, shop("en", beatOften+tag(w.ClientToken))))
	v.until("$('.launcher')")
	v.do("fivechat('identify', {name: 'Vera'})")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/visitors")
	write := func(text string) {
		t.Helper()
		c.until("document.querySelector('.row.visitor')")
		c.do("document.querySelector('.row.visitor').click()")
		c.until("document.querySelector('#write-first')?.placeholder.includes('Vera')")
		c.accessible()
		c.picture("console-write-first")
		c.do("document.querySelector('#write-first').focus()")
		c.write(text)
		c.press("Enter", "\r")
		c.until("location.pathname.includes('/inbox/all/conv_') && document.querySelector('.message')")
	}
	write("Can I help you?")
	v.until("$('.badge').textContent === '1' && $('.preview .text')?.textContent === 'Can I help you?'")
	v.pressLauncher()
	v.until("texts('.line').join() === 'Can I help you?'")
	v.say("Yes, please")
	c.until("[...document.querySelectorAll('.message')].some((m) => m.textContent.includes('Yes, please'))")
	c.do("history.back()")
	write("What are you looking for?")
	c.until("document.querySelector('#reply')?.value === 'What are you looking for?'")
	if got := contents(t, w, conversation(t, w)); got != "Can I help you? | Yes, please" {
		t.Errorf("the conversation: %s", got)
	}
	v.quiet()
}

// TestNextPageShowsThatAnAgentHasWritten while the visitor had no page open.
func TestNextPageShowsThatAnAgentHasWritten(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	at := site(t, shop("en", tag(w.ClientToken)))
	v := open(t, desktop, at)
	v.until("$('.launcher')")
	v.do("fivechat('identify', {name: 'Vera'})")
	var known string
	harness.Eventually(t, patience, "the visitor", func() (bool, any) {
		rows := w.Reader().Get(t, "/visitors").List("data")
		if len(rows) == 1 {
			known = rows[0].Text("token")
		}
		return known != "", rows
	})
	away := v.tab("about:blank")
	v.close()
	w.Agent().Send(t, 201, "POST", "/visitors/"+known+"/conversations", harness.Map{"content": "Your atlas is here."})
	next := away.tab(at)
	next.until("$('.badge')?.textContent === '1' && $('.preview .text')?.textContent === 'Your atlas is here.'")
	next.pressLauncher()
	next.until("texts('.line').join() === 'Your atlas is here.'")
	next.quiet()
}
