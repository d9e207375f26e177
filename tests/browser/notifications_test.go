package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// countNotifications counts the sounds of a page and lists its desktop notifications, which the browser allows.
const countNotifications = "window.sounds = 0; window.shown = []; const Real = AudioContext; " +
	"window.AudioContext = class extends Real { constructor() { super(); sounds++; } }; " +
	"window.Notification = class { static permission = 'granted'; constructor(title, o) { shown.push(o.body); } }; "

// TestAgentChoosesNotifications: the settings of one browser hold in another one: kinds, ways and the title.
func TestAgentChoosesNotifications(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	p := w.Person(t, harness.Agent)
	v := w.Visit(t, harness.Map{"name": "Vera"})
	a := signedIn(t, desktop, p, "/tickets")
	a.do(countNotifications)
	token := v.Open(t, "First")
	a.until("shown.join() === 'First' && document.title.startsWith('(1)') && !sounds")

	s := signedIn(t, desktop, p, "/settings/notifications")
	s.until("document.querySelector('#notifications [value=unassigned]')?.checked")
	s.accessible()
	s.picture("notifications")
	for _, field := range []string{"[value=sound]", "[value=title]", "[value=desktop]", "[name=quiet]"} {
		s.do("document.querySelector('#notifications " + field + "').click()")
	}
	s.until("document.querySelector('#notifications [name=from]')")
	s.do("document.querySelector('#notifications [name=quiet]').click()")
	s.do("document.querySelector('#notifications .primary').click()")
	s.until("document.querySelector('.toast') && !document.title.startsWith('(')")
	if got := p.Get(t, "/auth/notifications"); len(got.M["ways"].([]any)) != 1 || got.M["quietHours"] != nil {
		t.Errorf("the settings: %s", got)
	}

	b := signedIn(t, desktop, p, "/tickets")
	b.until("document.title && !document.title.startsWith('(')")
	b.do(countNotifications + "document.querySelector('#palette').focus()")
	b.press("a", "a") // the page may make sounds after a key
	v.Say(t, token, "Second")
	b.until("sounds === 1 && !shown.length")

	p.Send(t, 200, "PUT", "/auth/notifications", harness.Map{
		"enabled": false, "ways": []string{"desktop", "title"}, "kinds": []string{"unassigned"}, "quietHours": nil,
	})
	b.reload()
	b.until("document.title && document.querySelector('.rail [data-badge]')")
	b.do(countNotifications)
	v.Say(t, token, "Third")
	b.until("document.querySelector('.rail [data-badge=\"3\"]')")
	if !eval[bool](b, "!shown.length && !sounds && !document.title.startsWith('(')") {
		t.Error("a person who has turned notifications off gets them")
	}
	a.quiet()
	b.quiet()
	s.quiet()
}
