package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// noRight reports whether the page says that the person's role may not open it.
const noRight = "document.querySelector('main .empty')?.textContent.includes('Your role may not open this page')"

// TestOwnerManagesTokens: a token is shown once, and works until it is revoked. A second thought keeps it.
func TestOwnerManagesTokens(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	owner := w.Person(t, harness.Owner)
	before := len(owner.Get(t, "/tokens").List("data"))
	c := signedIn(t, desktop, owner, "/settings/tokens")
	c.into("#new-token [name=name]", "Importer")
	c.change("#new-token [name=life]", "90")
	c.click("#new-token .primary")
	const secret = "document.querySelector('.warning code')?.textContent"
	c.until(secret + "?.startsWith('5c_') && document.getElementById('tokens').textContent.includes('Importer')")
	c.accessible()
	c.picture("console-tokens.png")
	const request = "fetch('/website', {headers: {authorization: 'Bearer ' + " + secret + "}})"
	if got := eval[int](c, request+".then((r) => r.status)"); got != 200 {
		t.Errorf("the new token gets %d", got)
	}
	stored := owner.Get(t, "/tokens").List("data")[0]
	if stored.Text("name") != "Importer" || stored.Text("level") != "READ" || stored.Null("expiresAt") {
		t.Errorf("the token: %s", stored)
	}
	const revoke = "[...document.querySelectorAll('#tokens li')].find((e) => e.textContent.includes('Importer'))" +
		".querySelector('button').click()"
	c.do(revoke)
	c.until("document.querySelector('[role=dialog]')")
	c.accessible()
	c.press("Escape", "")
	c.until("!document.querySelector('[role=dialog]')")
	if n := len(owner.Get(t, "/tokens").List("data")); n != before+1 {
		t.Errorf("after a second thought there are %d tokens", n)
	}
	c.do(revoke)
	c.click("[role=dialog] .primary")
	c.until("!document.querySelector('[role=dialog]') && " +
		"!document.getElementById('tokens')?.textContent.includes('Importer')")
	if n := len(owner.Get(t, "/tokens").List("data")); n != before {
		t.Errorf("after the revocation there are %d tokens", n)
	}
	agent := signedIn(t, phone, w.Person(t, harness.Agent), "/settings/tokens")
	agent.until(noRight + " && !document.getElementById('new-token')")
}

// TestTeamManagesTags: a tag gets a name in another language, and is deleted. A name that exists is refused, and a
// viewer only reads.
func TestTeamManagesTags(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Visit(t, nil).Open(t, "Is it open?")
	agent := w.Person(t, harness.Agent)
	c := signedIn(t, desktop, agent, "/settings/tags")
	c.until("document.querySelector('main .empty')")
	c.click("#new-item")
	c.field("name", "stock")
	c.click("[role=dialog] .rows > .button")
	c.change("[role=dialog] .line select", "de")
	c.into("[role=dialog] .line input", "Lager")
	c.accessible()
	c.picture("console-tag.png")
	c.click("[role=dialog] .primary")
	c.until("document.querySelector('#items')?.textContent.includes('German: Lager')")
	if names := w.Reader().Get(t, "/tags").List("data")[0].Object("names"); names.Text("de") != "Lager" {
		t.Errorf("the names: %s", names)
	}
	c.click("#new-item")
	c.field("name", "stock")
	c.click("[role=dialog] .primary")
	c.until("document.querySelector('[role=dialog] .error[role=alert]')?.textContent.includes('There is a tag')")
	c.accessible()
	c.press("Escape", "")
	c.until("!document.querySelector('[role=dialog]')")
	viewer := signedIn(t, phone, w.Person(t, harness.Viewer), "/settings/tags")
	viewer.until("document.querySelectorAll('#items li').length === 1")
	if eval[bool](viewer, "!!document.querySelector('#items button, #new-item')") {
		t.Error("a viewer can change tags")
	}
	viewer.fits("the tags")
	c.do("[...document.querySelectorAll('#items button')].at(-1).click()")
	c.click("[role=dialog] .primary")
	c.until("document.querySelector('main .empty')")
	c.quiet()
}

// TestOwnerReadsPlanAndAudit: the storage that is used, and the last changes with their persons. An admin may not read
// the audit log.
func TestOwnerReadsPlanAndAudit(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	owner := w.Person(t, harness.Owner)
	owner.Send(t, 200, "PUT", "/assignment", harness.Map{"mode": "roundRobin", "capacity": 7})
	c := signedIn(t, phone, owner, "/settings/plan")
	c.until("document.querySelector('#storage')?.max > 0 && document.querySelector('.plan').textContent.includes('FREE')")
	c.fits("the plan")
	c.accessible()
	c.picture("phone-plan.png")
	c.click(".tabs a:last-child")
	c.until("document.querySelectorAll('#audit li').length > 1")
	c.do("[...document.querySelectorAll('#audit summary')].find((e) => e.textContent.includes('assignment')).click()")
	c.until("document.querySelector('#audit details[open]').textContent.includes('roundRobin') && " +
		"document.querySelector('#audit details[open]').textContent.includes('" + owner.Name + "')")
	c.fits("the audit log")
	c.accessible()
	c.picture("phone-audit.png")
	c.change("[name=since]", "2999-01-01")
	c.until("!document.querySelector('#audit li') && document.querySelector('main').textContent.includes('No entries')")
	c.quiet()
	admin := signedIn(t, desktop, w.Person(t, harness.Admin), "/settings/audit")
	admin.until(noRight + " && !document.getElementById('audit')")
	admin.quiet()
}

// TestOwnerDownloadsData: the file has a line for each visitor. Tickets need the plan PRO, and a failure is shown.
func TestOwnerDownloadsData(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Visit(t, harness.Map{"name": "Vera"}).Open(t, "Hello?")
	w.Visit(t, harness.Map{"name": "Nils"}).Open(t, "Hello?")
	c := signedIn(t, phone, w.Person(t, harness.Owner), "/settings/data")
	c.until("document.querySelector('#exports [name=tickets]')?.disabled")
	c.do("window.files = []; const make = URL.createObjectURL; " +
		"URL.createObjectURL = (file) => { window.files.push(file); return make(file); }; " +
		"HTMLAnchorElement.prototype.click = function () { window.saved = this.download; }")
	c.click("#exports [name=visitors]")
	c.until("window.saved === 'visitors.ndjson' && document.querySelector('#exports').textContent.includes('2 rows')")
	if got := eval[string](c, "window.files[0].text().then((text) => text.trim().split('\\n')"+
		".map((line) => JSON.parse(line).name).sort().join())"); got != "Nils,Vera" {
		t.Errorf("the file has the visitors %s", got)
	}
	c.fits("the data")
	c.accessible()
	c.picture("phone-data.png")
	c.quiet()
	c.offline(true)
	c.click("#exports [name=conversations]")
	c.until("document.querySelector('#exports .error')?.textContent")
	c.accessible()
	agent := signedIn(t, desktop, w.Person(t, harness.Agent), "/settings/data")
	agent.until(noRight + " && !document.getElementById('exports')")
}
