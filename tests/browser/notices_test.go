package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// unread closes the chat of a talk and sends an agent's message.
func unread(t *testing.T, v *window, w *harness.Website, token, text string) {
	t.Helper()
	v.do("window.fivechat('close')")
	v.until("$('.panel').hidden")
	w.Reply(t, token, text)
}

// TestClosedChatShowsNewMessages checks badge, title and preview, without and with a mouse.
func TestClosedChatShowsNewMessages(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v, token := talk(t, desktop, w, "en")
	unread(t, v, w, token, "It is **here**:\n- 2 copies")
	v.until("$('.badge').textContent === '1' && document.title === '(1) New message' && " +
		"$('.preview .text').textContent === 'It is here: 2 copies' && $('.preview').getAttribute('role') === 'status'")
	v.until("getComputedStyle($('.preview')).animationName === 'none'") // as the system of the tests wishes
	v.accessible()
	v.picture("widget-preview")
	w.Reply(t, token, "Shall I?")
	v.until("document.title === '(2) New message' && $('.preview .text').textContent === 'Shall I?'")
	v.do("document.title = 'Checkout'")
	w.Reply(t, token, "Hello?")
	v.until("document.title === '(3) New message' && $('.preview .text').textContent === 'Hello?'")
	v.do("history.pushState({}, '', '/checkout')")
	harness.Eventually(t, patience, "the agents see the page's own title", func() (bool, any) {
		context := w.Reader().Get(t, "/visitors").List("data")[0].Text("context")
		return strings.Contains(context, `/checkout"`) && strings.Contains(context, `"title":"Checkout"`), context
	})
	v.do("$('.preview .open').focus()")
	v.press("Escape", "")
	v.until("$('.preview').hidden && widget().activeElement === $('.launcher') && !$('.badge').hidden")
	v.reload()
	v.until("$('.badge') && $('.badge').textContent === '3' && document.title === '(3) New message'")
	w.Reply(t, token, "Still there?")
	v.until("$('.preview .text')?.textContent === 'Still there?'")
	v.do("$('.preview .open').focus()")
	v.press("Enter", "\r")
	v.until("!$('.panel').hidden && $('.preview').hidden && $('.badge').hidden && document.title === 'Harbour Books'")
	v.quiet()
}

// TestNoticesAreSwitchedOff by the list of notices and by quiet hours.
func TestNoticesAreSwitchedOff(t *testing.T) {
	t.Parallel()
	now := time.Now() // the browser has the time zone of this process
	for name, c := range map[string]struct {
		settings harness.Map
		badge    bool
	}{
		"no notices": {harness.Map{"notices": []string{}}, false},
		"quiet hours": {harness.Map{"notices": []string{"badge", "title", "preview", "sound"}, "quietHours": harness.Map{
			"from": now.Add(-time.Hour).Format("15:04"), "to": now.Add(time.Hour).Format("15:04"),
		}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, c.settings)
			v, token := talk(t, desktop, w, "en")
			v.do(countSounds + "window.unread = 0; fivechat('on', 'unread', (n) => { unread = n })")
			unread(t, v, w, token, "Hello?")
			v.until("window.unread === 1 && $('.preview')") // the notices are there, but none is shown
			if !eval[bool](v, fmt.Sprintf("$('.badge').hidden !== %v && !$('.preview').textContent && "+
				"document.title === 'Harbour Books' && !sounds", c.badge)) {
				t.Error("a notice that is switched off is shown")
			}
			v.quiet()
		})
	}
}

// countSounds counts the sounds of a page, and its turns to make one.
const countSounds = "window.sounds = window.turns = 0; const Real = AudioContext; " +
	"window.AudioContext = class extends Real { constructor() { super(); sounds++; } }; " +
	"const request = LockManager.prototype.request; " +
	"LockManager.prototype.request = async function (name, f) { const r = await request.call(this, ...arguments); " +
	"turns += name.startsWith('fivechat-heard:'); return r; };"

// TestOneTabMakesTheSound of a message, and none for messages from before the page was loaded.
func TestOneTabMakesTheSound(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{"notices": []string{"badge", "sound"}})
	at := site(t, shop("en", tag(w.ClientToken)))
	one := open(t, desktop, at)
	one.pressLauncher()
	one.say("Hello")
	one.until("$('.VISITOR:not(.sending)')")
	token := conversation(t, w)
	two := one.tab(at)
	two.pressLauncher()
	two.until("texts('.line').join() === 'Hello'")
	tabs := []*window{one, two}
	for _, v := range tabs {
		v.do(countSounds)
		v.do("window.fivechat('close'); $('.launcher').focus()")
		v.press("a", "a") // the page may make sounds after a key
	}
	total := func() int { return eval[int](one, "sounds") + eval[int](two, "sounds") }
	for n, text := range []string{"one", "two"} {
		w.Reply(t, token, text)
		for _, v := range tabs {
			v.until(fmt.Sprintf("$('.badge').textContent === '%d' && turns === %[1]d", n+1))
		}
		if sounds := total(); sounds != n+1 {
			t.Errorf("%d sounds for %d messages", sounds, n+1)
		}
	}
	two.reload()
	two.until("$('.preview') && $('.badge').textContent === '2'")
	one.quiet()
	two.quiet()
}

// TestHiddenTabShowsNewMessages: the title of a hidden tab changes although the chat is open, until the visitor is
// back.
func TestHiddenTabShowsNewMessages(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v, token := talk(t, desktop, w, "en")
	hide := func(isHidden bool) {
		v.do(fmt.Sprintf("Object.defineProperty(document, 'hidden', {get: () => %v, configurable: true}); "+
			"document.dispatchEvent(new Event('visibilitychange'))", isHidden))
	}
	hide(true)
	w.Reply(t, token, "Hello?")
	v.until("document.title === '(1) New message' && $('.preview') && !$('.preview').textContent")
	hide(false)
	v.until("document.title === 'Harbour Books'")
	v.quiet()
}
