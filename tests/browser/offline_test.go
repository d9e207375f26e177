package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// TestPageIsLoadedWhenTheNetworkIsBack: an agent without a network chooses a page whose files the browser doesn't have.
// The console stays, and shows the page when the server answers again.
func TestPageIsLoadedWhenTheNetworkIsBack(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Visit(t, nil).Open(t, "Is anybody there?")
	g := newGate(t, w.URL)
	c := open(t, desktop, g.URL+"/console/inbox/all")
	c.enter(w.Person(t, harness.Agent).Email, harness.Password)
	c.until(rows + ".length === 1")
	g.shut()
	c.do("document.querySelector('.rail a[href$=\"/tickets\"]').click()")
	c.until("location.pathname.endsWith('/tickets') && performance.getEntriesByType('resource').some((e) => " +
		"e.name.endsWith('/console') && e.responseStatus === 0)")
	if !eval[bool](c, rows+".length === 1") {
		t.Error("the page before is gone")
	}
	g.unshut()
	c.until("[...document.querySelectorAll('h1')].some((h) => h.textContent.includes('Tickets'))")
}
