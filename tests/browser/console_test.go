package browser

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// signedIn opens the console and signs in as a person.
func signedIn(t *testing.T, s size, p harness.Person, path string) *window {
	t.Helper()
	c := open(t, s, harness.Running().URL+"/console"+path)
	c.enter(p.Email, harness.Password)
	c.until("document.querySelector('.rail')")
	return c
}

// enter fills in the form and signs in.
func (w *window) enter(email, password string) {
	w.t.Helper()
	w.fill("email", email)
	w.fill("password", password)
	w.do("document.querySelector('.gate .primary').click()")
}

// fill types text into a field of the form, in place of its text.
func (w *window) fill(field, text string) {
	w.t.Helper()
	input := fmt.Sprintf("document.querySelector('.gate [name=%s]')", field)
	w.until(input)
	w.do("const i = " + input + "; i.focus(); i.select()")
	w.write(text)
}

// chooseItem opens the menu of a button, by keys, and chooses the entry with a text, beside which a hint may be.
func (w *window) chooseItem(button, text string) {
	w.t.Helper()
	w.until("document.querySelector('" + button + "')")
	w.do("document.querySelector('" + button + "').focus()")
	w.press("Enter", "\r")
	item := "[...document.querySelectorAll('[role=menu] .menu-item')]" +
		".find((e) => e.querySelector(':scope > span').textContent.trim() === " + fmt.Sprintf("%q", text) + ")"
	w.until(item)
	w.do(item + ".click()")
}

// reply replaces the text of the reply field and sends it, with the keyboard.
func (w *window) reply(text string) {
	w.t.Helper()
	w.until("document.getElementById('reply')")
	w.do("document.getElementById('reply').focus()")
	w.write(text)
	w.press("Enter", "\r")
}

func TestAgentAnswersInTheConsole(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	w.Writer().Do(t, "PUT", "/tags/stock", harness.Map{"names": harness.Map{"de": "Lager"}}).Want(t, 200)
	ada := w.Person(t, harness.Agent)
	c := signedIn(t, desktop, ada, "")
	c.until("document.querySelectorAll('.tiles b').length === 6 && document.querySelector('.warning " +
		"code').textContent.includes('/widget/" + w.ClientToken + "')")
	w.Public().With("Sec-Fetch-Dest", "script").Do(t, "GET", "/widget/"+w.ClientToken, nil).Want(t, 200)
	v := w.Visit(t, harness.Map{"name": "Vera Lindqvist", "context": harness.Map{"order": "4711", "plan": "gold"}})
	token := v.Open(t, "Is the fjord atlas in stock?")
	c.within(quick, "document.querySelector('.list .preview')?.textContent === 'Is the fjord atlas in stock?'")
	c.until("!document.querySelector('.warning') && document.title.startsWith('(1)')")
	tiles := "[...document.querySelectorAll('.tiles b')].map((b) => b.textContent).join()"
	c.until(tiles + " === '1,1,1,1,0,1'")
	c.picture("console-home")
	c.accessible()

	c.do("document.querySelector('.list a').click()")
	c.until("document.querySelector('.log .message')?.textContent === 'Is the fjord atlas in stock?' && " +
		"document.querySelector('.facts').textContent.includes('4711')")
	harness.Eventually(t, quick, "the visitor's message is read", func() (bool, any) {
		m := w.Reader().Get(t, "/conversations/"+token).List("messages")[0]
		return m.Bool("read"), m
	})
	v.Do(t, "POST", "/visitor/conversations/"+token+"/typing", harness.Map{"typing": true}).Want(t, 204)
	c.within(quick, "document.querySelector('.typing').textContent.includes('Vera Lindqvist')")
	c.do("document.getElementById('take').click()")
	c.until("document.getElementById('assignee').textContent === '" + ada.Name +
		"' && document.querySelector('[data-view=mine] .count')?.textContent === '1'")
	c.reply("It is: the last two copies.")
	c.until("document.querySelector('.message.own')?.textContent === 'It is: the last two copies.' && " +
		"!document.querySelector('.draft')")
	if !eval[bool](c, "document.querySelector('.log .line').textContent === '"+ada.Name+" joined'") {
		t.Error("no line says that the agent has joined")
	}
	said := w.Reader().Get(t, "/conversations/"+token).List("messages")[1]
	if said.Text("content") != "It is: the last two copies." || said.Int("userId") != ada.User {
		t.Errorf("the reply: %s", said)
	}
	v.Do(t, "POST", "/visitor/conversations/"+token+"/read", nil).Want(t, 204)
	c.within(quick, "document.querySelector('.log .state')?.textContent === 'Read'")
	v.Say(t, token, "Please keep one for me. Thank you!")
	c.within(quick, "[...document.querySelectorAll('.message')].at(-1).textContent.endsWith('Thank you!')")
	c.do("document.querySelector('[name=tag]').value = 'stock'; document.querySelector('.add').requestSubmit()")
	c.until("document.querySelector('.tags li')?.textContent === 'stock'")
	c.picture("console-inbox")
	c.accessible()
	c.do("document.getElementById('close').click()")
	c.until("document.getElementById('close').textContent === 'Reopen' && !document.querySelector('.conversations a.row')")
	now := w.Reader().Get(t, "/conversations/"+token).Object("conversation")
	if now.Text("status") != "CLOSED" || now.Int("assigneeId") != ada.User {
		t.Errorf("closed: %s", now)
	}
	c.do("document.querySelector('[data-view=closed]').click()")
	c.until("document.querySelector('.conversations a.row')")
	c.quiet()
}

// TestTwoBrowsers runs a visitor's widget and an agent's console in separate browsers.
func TestTwoBrowsers(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	ada := w.Person(t, harness.Agent)
	c := signedIn(t, dark, ada, "/inbox")
	v := visitor(t, desktop, w, "en")
	v.say("Do you ship to Norway?")
	c.within(quick, "document.querySelector('.conversations .preview')?.textContent === 'Do you ship to Norway?'")
	c.do("document.querySelector('.conversations a.row').click()")
	c.reply("We do, twice a week.")
	v.within(quick, "texts('.line').includes('We do, twice a week.') && texts('.who .name').includes('"+ada.Name+"')")
	v.say("Lovely.")
	c.within(quick, "[...document.querySelectorAll('.message')].at(-1).textContent === 'Lovely.'")
	v.within(quick, "texts('.state').includes('Read')")
	c.picture("console-dark")
	c.accessible()
	c.quiet()
	v.quiet()
}

func TestConsoleOnAPhone(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	ada := w.Person(t, harness.Agent)
	w.Visit(t, harness.Map{"name": "Nils Berg"}).Open(t, "Where is the pier?")
	c := signedIn(t, phone, ada, "/inbox/all")
	c.until("document.querySelector('.conversations a.row')")
	c.do("document.querySelector('.conversations a.row').click()")
	c.until("document.querySelector('.message') && " +
		"getComputedStyle(document.querySelector('.conversations')).display === 'none'")
	c.fits("a conversation")
	c.picture("console-phone")
	c.accessible()
	c.do("document.querySelector('.narrow').click()")
	c.until("getComputedStyle(document.querySelector('.conversations')).display !== 'none'")
	c.quiet()
}

func TestTicketDesk(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	ada := w.Person(t, harness.Agent)
	w.NewTicket(t, harness.Map{"title": "A torn chart", "description": "It came torn.", "priority": "HIGH"})
	c := signedIn(t, desktop, ada, "/tickets")
	c.until("document.querySelector('.list .top b')?.textContent === 'A torn chart'")
	other := w.NewTicket(t, harness.Map{"title": "A missing page"}) // appears without a reload
	c.within(quick, "document.querySelectorAll('.list .row').length === 2")
	c.picture("console-tickets")
	c.accessible()
	c.do("[...document.querySelectorAll('.list a')].find((a) => a.textContent.includes('torn')).click()")
	c.until("document.querySelector('.description')?.textContent === 'It came torn.'")
	c.do("const s = document.querySelector('.choice select'); s.value = 'PENDING'; s.dispatchEvent(new " +
		"Event('change', {bubbles: true}))")
	c.do("document.querySelector('[name=content]').focus()")
	c.write("A new one is on its way.")
	c.do("document.querySelector('.stack .primary').click()")
	c.until("document.querySelector('.thread li')?.textContent.includes('on its way')")
	c.accessible()
	rows := w.Reader().Get(t, "/tickets?status=PENDING").List("data")
	if len(rows) != 1 || rows[0].Text("title") != "A torn chart" {
		t.Errorf("pending: %v", rows)
	}
	c.do("location.hash = '#/tickets/new'")
	c.until("document.querySelector('[name=title]')")
	c.do("document.querySelector('[name=title]').value = 'Call the binder'; document.querySelector('.stack " +
		".primary').click()")
	c.until("document.querySelector('h1')?.textContent === 'Call the binder' && !location.pathname.endsWith('/new')")
	c.do("location.hash = '#/tickets/" + other.Text("id") + "'")
	c.until("document.querySelector('h1')?.textContent === 'A missing page'")
	c.do("location.hash = '#/tickets/999999999'")
	c.until("document.querySelector('.empty')?.textContent.includes('not found')")
	for _, complaint := range c.complain {
		if !strings.Contains(complaint, "404") {
			t.Errorf("the page reports: %s", complaint)
		}
	}
}

func TestConsoleResumesAfterADisconnect(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := w.Visit(t, nil)
	token := v.Open(t, "<b>one</b>")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "#/inbox/"+token)
	c.until("document.querySelector('.message')")
	c.offline(true)
	c.reply("two")
	v.Say(t, token, "three")
	c.until("document.querySelector('.draft')")
	c.offline(false)
	c.until("[...document.querySelectorAll('.message')].map((m) => m.textContent).sort().join() === " +
		"'<b>one</b>,three,two' && !document.querySelector('.draft')")
	if got := contents(t, w, token); got != "<b>one</b> | three | two" {
		t.Errorf("the conversation: %s", got)
	}
}

// TestConsoleHandlesInvalidAddresses checks that for any address the console shows a view, and calls no other
// operation.
func TestConsoleHandlesInvalidAddresses(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	ada := w.Person(t, harness.Agent)
	for hash, shown := range map[string]string{
		"#/%": ".shell.home", "#/%zz/%": ".shell.home", "#/inbox/..%2Fusers%2F1": ".shell.inbox .talk.none",
		"#/inbox/../users/1": ".shell.inbox .talk.none", "#/inbox/%": ".shell.inbox .talk.none",
		"/inbox/unknown": ".shell.inbox .talk.none", "/nothing/here": ".shell .empty",
	} {
		c := signedIn(t, desktop, ada, hash)
		c.until(fmt.Sprintf("document.querySelector(%q)", shown))
		asked := eval[string](c,
			"performance.getEntriesByType('resource').map((r) => new URL(r.name).pathname).filter((p) => "+
				"/^.users.\\d+$/.test(p)).join()")
		if asked != "" {
			t.Errorf("%s requests %s", hash, asked)
		}
		c.quiet()
	}
}
