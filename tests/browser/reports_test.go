package browser

import (
	"fmt"
	"testing"

	"fivechat.dev/tests/harness"
)

// reported is a figure of the reports, by its label.
const reported = `((label) => [...document.querySelectorAll('.reports .tiles li')].find((tile) =>
	tile.querySelector('span').textContent === label)?.querySelector('b').textContent)`

// TestTeamReadsReports: the figures, charts, hours and agents of a website where one conversation was answered, rated
// and closed. The address of other days shows them again, the table is that of the API.
func TestTeamReadsReports(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	agent := w.Person(t, harness.Agent)
	v := w.Visit(t, nil)
	token := v.Open(t, "Is it open?")
	agent.Do(t, "POST", "/conversations/"+token+"/messages", harness.Map{"content": "Until six."}).Want(t, 201)
	v.Do(t, "POST", "/conversations/"+token+"/rate", harness.Map{"rating": 4}).Want(t, 200)
	agent.Do(t, "PATCH", "/conversations/"+token, harness.Map{"status": "CLOSED"}).Want(t, 200)
	w.Visit(t, nil).Open(t, "And tomorrow?")
	harness.Eventually(t, patience, "the history", func() (bool, any) {
		total := agent.Get(t, "/statistics/history").Object("total")
		return total.Int("conversationsOpened") == 2 && total.Int("conversationsClosed") == 1 &&
			total.Object("ratings").Int("count") == 1, total
	})

	c := signedIn(t, desktop, agent, "/reports")
	for label, want := range map[string]string{
		"Conversations opened": "2", "Conversations closed": "1", "New visitors": "2", "Average rating": "4 ★",
	} {
		c.until(fmt.Sprintf("%s(%q) === %q", reported, label, want))
	}
	c.until("document.querySelectorAll('.chart canvas').length === 6")
	if says := eval[string](c, "document.querySelector('#chart-conversations .plot').ariaLabel"); says !=
		"Conversations. Opened: 0 to 2. Closed: 0 to 1" {
		t.Errorf("the chart says %q", says)
	}
	c.click("#chart-messages summary")
	c.until("document.querySelectorAll('#chart-messages details tbody tr').length === 30 && " +
		"document.querySelector('#chart-messages details tbody tr:last-child').textContent.endsWith('21')")
	c.until("[...document.querySelectorAll('.heat .sr-only')].filter((n) => n.closest('td') && n.textContent === '2')" +
		".length === 1")
	c.until(fmt.Sprintf("document.querySelector('#report-agents tbody tr')?.textContent.startsWith(%q)", agent.Name))
	c.accessible()
	c.picture("console-reports.png")

	c.click(".days nav a:nth-child(2)")
	c.until("document.querySelectorAll('#chart-messages details tbody tr').length === 7")
	c.reload()
	c.until("document.querySelectorAll('#chart-messages details tbody tr').length === 7 && " +
		"document.querySelector('.days .selected').textContent === '7 days'")
	c.do("window.files = []; const make = URL.createObjectURL; " +
		"URL.createObjectURL = (file) => { file.text().then((text) => files.push(text)); return make(file); }; " +
		"HTMLAnchorElement.prototype.click = function () {}")
	c.click(".reports > .bar button")
	c.until("files[0]?.startsWith('from,to,conversations_opened,')")
	if rows := eval[int](c, "files[0].trim().split('\\r\\n').length"); rows != 8 {
		t.Errorf("the table has %d rows", rows)
	}
	c.change(".days [name=until]", "2020-01-05")
	c.until("document.querySelector('.empty') && document.querySelector('.days [name=from]').value === '2020-01-05'")
	c.quiet()
}

// TestReportsFitAPhone: nothing is wider than the screen, and what can't be read says so and is read again.
func TestReportsFitAPhone(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Visit(t, nil).Open(t, "Is it open?")
	viewer := w.Person(t, harness.Viewer)
	harness.Eventually(t, patience, "the history", func() (bool, any) {
		total := viewer.Get(t, "/statistics/history").Object("total")
		return total.Int("conversationsOpened") == 1, total
	})
	c := signedIn(t, phone, viewer, "/reports")
	c.until("document.querySelectorAll('.chart canvas').length === 6 && document.querySelector('.heat')")
	c.until("document.querySelector('#report-agents .dim')?.textContent")
	c.fits("the reports")
	c.accessible()
	c.picture("console-reports-phone.png")
	c.do("window.fetched = fetch; window.fetch = () => Promise.reject(new TypeError('no network'))")
	c.click(".days nav a:nth-child(2)")
	c.until("document.querySelector('.reports > [role=alert] button')")
	c.do("window.fetch = fetched")
	c.click(".reports > [role=alert] button")
	c.until("document.querySelectorAll('.chart canvas').length === 6")
}
