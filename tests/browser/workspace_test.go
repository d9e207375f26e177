package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// field replaces the text of a field of a dialog.
func (w *window) field(name, text string) {
	w.t.Helper()
	w.into("[role=dialog] [name="+name+"]", text)
}

const (
	picks   = "[...document.querySelectorAll('.picker [role=option]')]"
	replyIs = "document.getElementById('reply').value === "
)

// typed empties the reply field and types a text.
func (w *window) typed(text string) {
	w.t.Helper()
	w.into("#reply", "")
	w.until(replyIs + "''")
	w.write(text)
}

// TestAgentPicksACannedReply: by its shortcut, with the keyboard, with the visitor's name, and the use is counted. A
// slash inside a text opens nothing, and Escape leaves the text as it is.
func TestAgentPicksACannedReply(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	agent := w.Agent()
	hello := agent.Send(t, 201, "POST", "/canned-replies", harness.Map{
		"shortcut": "hello", "title": "Greeting", "text": "Hello {{visitor.name|there}}, this is {{agent.name}}.",
	})
	agent.Send(t, 201, "POST", "/canned-replies", harness.Map{"shortcut": "bye", "title": "Farewell", "text": "Good bye!"})
	token := w.Visit(t, harness.Map{"name": "Vera"}).Open(t, "Hi")
	p := w.Person(t, harness.Agent)
	c := signedIn(t, desktop, p, "/inbox/all/"+token)
	c.typed("/")
	c.until(picks + ".length === 2 && document.getElementById('reply').getAttribute('aria-activedescendant')")
	c.accessible()
	c.picture("console-picker")
	c.press("ArrowDown", "")
	c.until(picks + "[1].ariaSelected === 'true'")
	c.press("Escape", "")
	c.until("!document.querySelector('.picker') && " + replyIs + "'/'")
	c.typed("and/or")
	c.until(replyIs + "'and/or' && !document.querySelector('.picker')")
	c.typed("/gree")
	c.until(picks + ".length === 1 && document.querySelector('.picked').textContent.startsWith('Hello Vera, this is ')")
	c.press("Enter", "\r")
	c.until("document.getElementById('reply').value.startsWith('Hello Vera, this is ') && " +
		"!document.querySelector('.picker') && document.activeElement.id === 'reply'")
	harness.Eventually(t, harness.Patience, "the use is counted", func() (bool, any) {
		uses := w.Reader().Get(t, "/canned-replies/"+harness.PathID(hello.Int("id"))).Int("uses")
		return uses == 1, uses
	})
	c.press("Enter", "\r")
	c.until("[...document.querySelectorAll('.message.own')].some((m) => m.textContent.includes('Hello Vera, this is '))")
	c.quiet()
}

// TestAgentAppliesAMacro: from the picker with a reply, and from the palette without one.
func TestAgentAppliesAMacro(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	agent := w.Agent()
	agent.Send(t, 201, "POST", "/macros", harness.Map{"name": "Refund", "actions": harness.Map{
		"reply": "Dear {{visitor.name}}, we refund it.", "addTags": []string{"refund"}, "status": "CLOSED",
	}})
	agent.Send(t, 201, "POST", "/macros", harness.Map{"name": "Take over", "actions": harness.Map{
		"assigneeId": "me", "status": "OPEN",
	}})
	token := w.Visit(t, harness.Map{"name": "Vera"}).Open(t, "The lamp is broken.")
	p := w.Person(t, harness.Agent)
	c := signedIn(t, desktop, p, "/inbox/all/"+token)
	c.typed("/ref")
	c.until(picks + ".length === 1")
	c.press("Enter", "\r")
	c.until("document.querySelector('.message.own')?.textContent.includes('Dear Vera, we refund it.') && " +
		replyIs + "''")
	row := func() map[string]any { return w.Reader().Get(t, "/conversations/"+token).Object("conversation").M }
	harness.Eventually(t, harness.Patience, "it is closed and tagged", func() (bool, any) {
		got := row()
		return got["status"] == "CLOSED" && len(got["tags"].([]any)) == 1, got
	})
	c.shortcut("k")
	c.until("document.querySelector('.dialog.palette input')")
	c.write("take over")
	c.press("Enter", "\r")
	harness.Eventually(t, harness.Patience, "it is open and assigned", func() (bool, any) {
		got := row()
		return got["status"] == "OPEN" && got["assigneeId"] != nil, got
	})
	c.until("document.querySelector('.toast')?.textContent.includes('Take over')")
	c.quiet()
}

// TestCannedRepliesPage: an agent writes a reply; what the server refuses is shown at its field. A viewer only reads.
func TestCannedRepliesPage(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/settings/replies")
	c.until("document.getElementById('new-item')")
	c.do("document.getElementById('new-item').click()")
	c.field("title", "Greeting")
	c.field("shortcut", "hello")
	c.field("text", "Hello {{visitor.phone}}")
	c.do("document.querySelector('[role=dialog] .primary').click()")
	c.until("(() => { const f = document.querySelector('[role=dialog] [name=text]'); return f.ariaInvalid === 'true' && " +
		"document.getElementById(f.getAttribute('aria-describedby')).textContent.includes('visitor.phone') })()")
	c.accessible()
	c.field("text", "Hello {{visitor.name}}")
	c.do("document.querySelector('[role=dialog] .primary').click()")
	c.until("!document.querySelector('[role=dialog]') && document.querySelectorAll('#items li').length === 1")
	c.accessible()
	c.picture("console-canned-replies")
	c.into("#search", "nothing")
	c.until("!document.querySelector('#items li')")
	c.into("#search", "greet")
	c.until("document.querySelector('#items li')?.textContent.includes('/hello')")

	v := signedIn(t, desktop, w.Person(t, harness.Viewer), "/settings/replies")
	v.until("document.querySelector('#items li') && !document.querySelector('#items button') && " +
		"!document.getElementById('new-item')")

	c.do("window.confirm = () => true; document.querySelectorAll('#items button')[1].click()")
	c.until("document.querySelector('.items') && !document.querySelector('#items li')")
	v.until("!document.querySelector('#items li')") // the event
	v.quiet()
}

// TestMacrosPage: the actions of a form, and their refusal.
func TestMacrosPage(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/settings/macros")
	c.until("document.getElementById('new-item')")
	c.do("document.getElementById('new-item').click()")
	c.field("name", "Later")
	c.field("reply", "{{x}}")
	c.field("addTags", "refund, urgent")
	c.field("snoozeHours", "2")
	c.do("document.querySelector('[role=dialog] .primary').click()")
	c.until("document.querySelector('[role=dialog] [name=reply]').ariaInvalid === 'true'")
	c.accessible()
	c.picture("console-macro")
	c.field("reply", "We answer soon.")
	c.do("document.querySelector('[role=dialog] .primary').click()")
	c.until("document.querySelectorAll('#items li').length === 1")
	c.accessible()
	got := w.Reader().Get(t, "/macros").List("data")[0].Object("actions")
	if got.Int("snoozeMinutes") != 120 || len(got.M["addTags"].([]any)) != 2 || got.Text("reply") != "We answer soon." {
		t.Errorf("%v", got)
	}
}

// TestAgentSavesAView: of a search, and sees it beside the others; another agent sees it if it is shared.
func TestAgentSavesAView(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Visit(t, harness.Map{"name": "Vera"}).Open(t, "Where is my parcel?")
	w.Visit(t, harness.Map{"name": "Nils"}).Open(t, "Do you repair globes?")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all")
	c.until(rows + ".length === 2")
	c.into("#search", "parcel")
	c.until(rows + ".length === 1")
	c.do("document.getElementById('save-view').click()")
	c.field("name", "Parcels")
	c.do("document.querySelector('[role=dialog] [name=shared]').click()")
	c.accessible()
	c.do("document.querySelector('[role=dialog] .primary').click()")
	saved := "[...document.querySelectorAll('#saved-views a')].map((a) => a.textContent).join()"
	c.until(saved + " === 'Parcels' && location.pathname.includes('/inbox/saved-') && " + rows + ".length === 1")
	c.accessible()
	c.picture("console-saved-view")
	c.reload()
	c.until(saved + " === 'Parcels' && " + rows + ".length === 1")

	other := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all")
	other.until(saved + " === 'Parcels'")

	c.chooseItem("#saved-views button", "Edit")
	c.field("name", "Mail")
	c.do("document.querySelector('[role=dialog] .primary').click()")
	c.until(saved + " === 'Mail'")
	other.until(saved + " === 'Mail'") // the event
	c.do("window.confirm = () => true")
	c.chooseItem("#saved-views button", "Remove")
	c.until("!document.getElementById('saved-views') && location.pathname.endsWith('/inbox/all')")
	c.quiet()
}
