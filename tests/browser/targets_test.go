package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// TestTargetsAreShown: an admin sets targets, also on a phone. Then a visitor's question says until when an answer is
// due, until there is one. A conversation from long ago is in the view of overdue ones.
func TestTargetsAreShown(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	admin, ada := w.Person(t, harness.Admin), w.Person(t, harness.Agent)
	c := signedIn(t, phone, admin, "/settings/targets")
	c.until("document.querySelector('[name=firstResponseMinutes]')?.value === ''")
	c.accessible()
	c.change("[name=firstResponseMinutes]", "30")
	c.change("[name=resolutionMinutes]", "600")
	c.click("#targets .primary")
	c.until("document.querySelector('.toast')")
	c.fits("the targets")
	c.accessible()
	c.picture("phone-targets.png")
	set := w.Person(t, harness.Admin).Get(t, "/targets")
	if set.Int("firstResponseMinutes") != 30 || set.M["nextResponseMinutes"] != nil ||
		set.Int("resolutionMinutes") != 600 {
		t.Errorf("%s", set)
	}
	a := signedIn(t, desktop, ada, "/inbox/all")
	token := w.Visit(t, nil).Open(t, "Is the atlas in stock?")
	chip := "document.querySelector('.row .chip.due')"
	a.until(chip + "?.textContent.includes('Due in') && " + chip + ".title.includes('answer')")
	w.Reply(t, token, "It is.")
	a.until(chip + "?.title.includes('closed')")
	w.Agent().Send(t, 200, "POST", "/conversations/import", harness.Map{"rows": []harness.Map{{
		"key": harness.Unique("old"), "status": "OPEN",
		"turns": []harness.Map{{"from": "visitor", "text": "Hello?", "at": "2024-01-15T10:30:00Z"}},
	}}})
	old := w.Reader().Get(t, "/inbox?waiting=true").List("data")[0].Object("conversation").Text("token")
	w.Agent().Send(t, 200, "PATCH", "/conversations/"+old, harness.Map{"tags": []string{"old"}})
	a.until("document.querySelector('[data-view=overdue] .count')?.textContent === '1'")
	a.click("[data-view=overdue]")
	a.until(rows + ".length === 1 && document.querySelector('.row .chip.late')?.textContent.includes('Overdue by')")
	a.accessible()
	a.picture("console-overdue.png")
	a.quiet()
	c.quiet()
	other := signedIn(t, desktop, ada, "/settings/targets")
	other.until("document.querySelector('.empty') && !document.getElementById('targets')")
}
