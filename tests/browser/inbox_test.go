package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"

	"fivechat.dev/tests/harness"
)

const rows = "[...document.querySelectorAll('.conversations a.row')]"

// shortcut presses a key with Ctrl.
func (w *window) shortcut(key string) {
	w.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		send(w, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key, Modifiers: 2})
	}
}

// into replaces the text of a field, as a person would.
func (w *window) into(selector, text string) {
	w.t.Helper()
	w.until("document.querySelector('" + selector + "')")
	w.do("const i = document.querySelector('" + selector + "'); i.focus(); i.select()")
	if text == "" {
		w.press("Delete", "")
		return
	}
	w.write(text)
}

// TestInboxSearchesAsOneTypes: marks, the address, a wrong query, no result, and no network.
func TestInboxSearchesAsOneTypes(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Visit(t, harness.Map{"name": "Vera"}).Open(t, "Where is my parcel with the atlas?")
	w.Visit(t, harness.Map{"name": "Nils"}).Open(t, "Do you repair globes?")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/mine")
	c.until("document.querySelector('.conversations .empty')")
	c.into("#search", "parc")
	c.until(rows + ".length === 1 && document.querySelector('mark')?.textContent === 'parcel' && " +
		"location.search === '?search=parc'")
	c.accessible()
	c.into("#search", "globes")
	c.until(rows + ".map((r) => r.querySelector('b').textContent).join() === 'Nils'")
	c.into("#search", "nothing like this")
	c.until("document.querySelector('.conversations .empty')?.textContent.includes('nothing like this')")
	c.into("#search", "status:sleeping")
	c.until("document.querySelector('.conversations [role=alert]')?.textContent.includes('status')")
	c.accessible()
	c.offline(true)
	c.into("#search", "atlas")
	c.until("document.querySelector('.conversations [role=alert]')?.textContent.includes('offline')")
	c.offline(false)
	c.do("document.querySelector('.conversations [role=alert] button').click()")
	c.until(rows + ".length === 1")
	c.do(rows + "[0].click()")
	c.until("document.querySelector('.message') && " + rows + ".length === 1 && location.search === '?search=atlas'")
	c.reload()
	c.until("document.querySelector('.message') && document.getElementById('search').value === 'atlas' && " + rows +
		".length === 1")
	c.into("#search", "")
	c.until("document.querySelector('.conversations .empty') && !location.search")
}

// TestInboxShowsTheNewestSearch: an earlier query whose response comes later changes nothing.
func TestInboxShowsTheNewestSearch(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Visit(t, harness.Map{"name": "Vera"}).Open(t, "Where is my parcel?")
	w.Visit(t, harness.Map{"name": "Nils"}).Open(t, "Do you repair globes?")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox")
	c.until(rows + ".length === 2")
	c.do(`const real = window.fetch; window.held = 0;
		window.fetch = async (url, init) => {
			const response = await real(url, init);
			if (String(url).includes('search=parcel')) {
				held++;
				await new Promise((resolve) => { window.release = resolve; });
			}
			return response;
		}`)
	c.into("#search", "parcel")
	c.until("window.held === 1")
	c.into("#search", "globes")
	const nils = rows + ".map((r) => r.querySelector('b').textContent).join() === 'Nils'"
	c.until(nils)
	c.do("release(); await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
	if !eval[bool](c, nils) {
		t.Error("an earlier search is shown")
	}
}

// TestInboxListIsVirtual: all of 160 conversations are reached by scrolling, with few elements at a time.
func TestInboxListIsVirtual(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Import(t, 160)
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/closed")
	c.until(rows + ".length > 5")
	c.do("window.seen = new Set(); window.most = 0")
	c.within(2*patience, `(() => {
		for (const r of `+rows+`) seen.add(r.dataset.token);
		most = Math.max(most, `+rows+`.length);
		document.querySelector('.scroll').scrollBy(0, 400);
		return seen.size === 160;
	})()`)
	if most := eval[int](c, "most"); most > 40 {
		t.Errorf("%d rows are elements at once", most)
	}
	c.until("document.querySelector('.scroll').dataset.count === '160'")
	c.do("document.querySelector('.scroll').scrollTo(0, 0)")
	c.until(rows + "[0]?.tabIndex === 0 || document.querySelector('.conversations a.row[tabindex=\"0\"]')")
	c.do("document.querySelector('.conversations a.row[tabindex=\"0\"]').focus()")
	first := eval[string](c, "document.activeElement.dataset.token")
	c.press("j", "j")
	c.until("document.activeElement.dataset.token && document.activeElement.dataset.token !== '" + first + "'")
	c.press("End", "")
	c.until("document.activeElement.closest('li')?.ariaPosInSet === '160'")
	c.accessible()
	c.quiet()
}

// TestTwoAgentsShareTheInbox: each sees what the other one does, while it happens.
func TestTwoAgentsShareTheInbox(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	ada, nils := w.Person(t, harness.Agent), w.Person(t, harness.Agent)
	v := w.Visit(t, harness.Map{"name": "Vera"})
	token := v.Open(t, "Is the atlas in stock?")
	a := signedIn(t, desktop, ada, "/inbox/unassigned/"+token)
	n := signedIn(t, desktop, nils, "/inbox/unassigned")
	n.until(rows + ".length === 1 && document.querySelector('.chip.waiting')")
	n.until("document.querySelector('#person i.on')")
	n.chooseItem("#person", "Away")
	n.within(quick, "document.querySelector('#person i.away')")
	a.chooseItem("#assignee", nils.Name)
	a.until("document.querySelector('.toast .undo') && !" + rows + ".length")
	n.within(quick, "!"+rows+".length && document.querySelector('[data-view=mine] .count')?.textContent === '1'")
	n.do("document.querySelector('[data-view=mine]').click()")
	n.until(rows + ".length === 1")
	n.do(rows + "[0].click()")

	for _, see := range []struct {
		w    *window
		name string
	}{{a, nils.Name}, {n, ada.Name}} {
		see.w.within(quick, "document.querySelector('.viewers').textContent.includes('Also here: "+see.name+"')")
	}
	a.into("#reply", "Just a mo")
	n.within(quick, "document.querySelector('.agent-typing')?.textContent.includes('"+ada.Name+"')")
	n.reply("It is: two copies.")
	a.within(quick, "[...document.querySelectorAll('.message')].at(-1).textContent === 'It is: two copies.'")
	a.press("Enter", "\r")
	a.until("document.querySelector('.overtaken')?.textContent.includes('two copies')")
	a.accessible()
	if got := contents(t, w, token); strings.Contains(got, "Just a mo") {
		t.Errorf("the reply was sent without a question: %s", got)
	}
	a.do("document.querySelector('.overtaken .primary').click()")
	n.within(quick, "[...document.querySelectorAll('.message')].at(-1).textContent === 'Just a mo'")
	n.until("!document.querySelector('.chip.waiting') && " +
		"document.querySelector('.title').textContent.includes('Answered')")

	n.do("document.getElementById('close').click()")
	n.until("document.getElementById('close').textContent === 'Reopen' && document.querySelector('.toast .undo')")
	a.within(quick, "document.getElementById('close').textContent === 'Reopen'")
	n.do("document.activeElement.blur()")
	n.press("z", "z")
	a.within(quick, "document.getElementById('close').textContent === 'Close'")
	w.Public().With("x-visitor-id", v.Token).Send(t, 200, "POST", "/conversations/"+token+"/rate",
		harness.Map{"rating": 4, "feedback": "Quick & kind"})
	a.within(quick, "document.querySelectorAll('.stars .full').length === 4 && "+
		"document.querySelector('.feedback').textContent === 'Quick & kind'")
	n.do("document.querySelector('.rail a').click()")
	a.within(quick, "!document.querySelector('.viewers').textContent")
	a.quiet()
	n.quiet()
}

// TestChangeThatIsRefusedIsTakenBack: another agent has removed the tag's row meanwhile, or the network is down.
func TestChangeThatIsRefusedIsTakenBack(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	token := w.Visit(t, nil).Open(t, "Hello?")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all/"+token)
	c.until("document.getElementById('close') && " + rows + ".length === 1")
	c.offline(true)
	c.do("document.getElementById('close').click()")
	c.until("document.querySelector('.toast.error') && document.getElementById('close').textContent === 'Close' && " +
		rows + ".length === 1")
	c.offline(false)
}

// TestRepliesAreKept: the text of each conversation, also over a reload, and what the server refuses.
func TestRepliesAreKept(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	one, two := w.Visit(t, nil).Open(t, "One?"), w.Visit(t, nil).Open(t, "Two?")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all/"+one)
	c.into("#reply", "Draft of one")
	c.do("document.querySelector('[data-token=" + two + "]').click()")
	c.until("document.getElementById('reply')?.value === '' && document.querySelector('.message')?.textContent === 'Two?'")
	c.do("history.back()")
	c.until("document.getElementById('reply')?.value === 'Draft of one'")
	c.reload()
	c.until("document.getElementById('reply')?.value === 'Draft of one'")
	c.into("#reply", strings.Repeat("ü", 50_000)) // more bytes than a message may have
	c.press("Enter", "\r")
	c.until("document.querySelector('.failed') && document.querySelector('.state.error')?.textContent.includes('65536')")
	c.reload()
	c.until("document.querySelector('.failed') && document.getElementById('reply').value === ''")
	c.do("[...document.querySelectorAll('.state.error button')].find((b) => b.textContent === 'Discard').click()")
	c.until("!document.querySelector('.failed')")
	c.reload()
	c.until("document.querySelector('.message')")
	if eval[bool](c, "!!document.querySelector('.failed')") {
		t.Error("a discarded reply is there again")
	}
}

// TestInboxWorksByKeys: shortcuts, the list of them, and the palette.
func TestInboxWorksByKeys(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	ada := w.Person(t, harness.Agent)
	tokens := make([]string, 3)
	for i := range tokens {
		tokens[i] = w.Visit(t, nil).Open(t, fmt.Sprint("Question ", i))
	}
	c := signedIn(t, desktop, ada, "")
	c.press("g", "g")
	c.press("i", "i")
	c.until("location.pathname.endsWith('/inbox/all') && " + rows + ".length === 3")
	c.press("j", "j")
	c.until("document.activeElement.matches('a.row')")
	c.press("Enter", "\r")
	c.until("document.activeElement.id === 'reply'")
	c.press("Escape", "")
	at := eval[string](c, "location.pathname")
	c.press("j", "j")
	c.until("location.pathname !== '" + at + "' && document.querySelector('.message')")
	c.do("document.activeElement.blur()")
	c.press("a", "a")
	c.until("document.getElementById('assignee').textContent === '" + ada.Name + "'")
	c.press("e", "e")
	c.until("document.getElementById('close').textContent === 'Reopen'")
	c.press("?", "?")
	c.until("document.querySelector('[role=dialog] .key-list')")
	c.accessible()
	c.press("Escape", "")
	c.until("!document.querySelector('[role=dialog]')")
	c.shortcut("k")
	c.until("document.activeElement.getAttribute('role') === 'combobox'")
	c.write("closed")
	c.until("document.querySelectorAll('[role=option]').length === 1")
	c.accessible()
	c.press("Enter", "\r")
	c.until("location.pathname.endsWith('/inbox/closed') && " + rows + ".length === 1")
	c.do("document.getElementById('search').focus()")
	c.write("e")
	c.until("document.getElementById('search').value === 'e'") // a letter, not a shortcut
	c.quiet()
}

// TestPhoneHasWhatTheDesktopHas: facts, tags and the assignee are in reach.
func TestPhoneHasWhatTheDesktopHas(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	ada := w.Person(t, harness.Agent)
	v := w.Visit(t, harness.Map{"name": "Vera", "context": harness.Map{"order": "4711"}})
	token := v.Open(t, "Where is the pier?")
	c := signedIn(t, phone, ada, "/inbox/all/"+token)
	c.click(".facts-button")
	c.until("document.querySelector('.dialog.drawer')?.textContent.includes('4711')")
	c.into(".dialog.drawer [name=tag]", "harbour")
	c.do("document.querySelector('.dialog.drawer .add').requestSubmit()")
	c.until("document.querySelector('.dialog.drawer .tags li')?.textContent === 'harbour'")
	c.accessible()
	c.picture("phone-facts")
	c.press("Escape", "")
	c.chooseItem("#assignee", ada.Name+" (you)")
	harness.Eventually(t, quick, "the conversation is assigned", func() (bool, any) {
		now := w.Reader().Get(t, "/conversations/"+token).Object("conversation")
		return !now.Null("assigneeId") && now.Int("assigneeId") == ada.User, now
	})
	c.click(".narrow")
	c.until(rows + ".length === 1")
	c.chooseItem(".view-menu", "Closed")
	c.until("location.pathname.endsWith('/inbox/closed')")
	c.accessible()
	c.quiet()
}

// TestOldAddressesLeadToTheSamePage: fragments of earlier versions, also while the console is open.
func TestOldAddressesLeadToTheSamePage(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	token := w.Visit(t, nil).Open(t, "Hello?")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "#/inbox/"+token)
	c.until("document.querySelector('.message') && location.pathname === '/console/inbox/all/" + token + "'")
	c.do("location.hash = '#/tickets'")
	c.until("location.pathname === '/console/tickets' && document.querySelector('.filters')")
	c.do("history.back()")
	c.until("document.querySelector('.message')")
	c.quiet()
}

// TestPrivacySettings: an admin serves verified visitors only, once there is an identity secret.
func TestPrivacySettings(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	owner := w.Person(t, harness.Owner)
	c := signedIn(t, desktop, owner, "/settings/privacy")
	c.until("document.getElementById('identity-required')?.disabled && document.querySelector('.note')")
	c.accessible()
	owner.NewIdentitySecret(t)
	c.reload()
	c.until("document.getElementById('identity-required') && !document.getElementById('identity-required').disabled")
	c.do("document.getElementById('identity-required').click()")
	c.until("document.getElementById('identity-required').checked")
	if p := owner.Send(t, 200, "GET", "/identity-policy", nil); !p.Bool("required") {
		t.Errorf("the policy: %v", p)
	}
	agent := signedIn(t, desktop, w.Person(t, harness.Agent), "/settings/privacy")
	agent.until("document.querySelector('.empty') && !document.getElementById('identity-required')")
}

// TestConsoleIsAccessible shows each page in three sizes and both themes. FIVECHAT_SCREENSHOTS takes pictures.
func TestConsoleIsAccessible(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	owner := w.Person(t, harness.Owner)
	var token string
	for i, name := range []string{"Vera Lindqvist", "Nils Berg", "Aya Mori"} {
		v := w.Visit(t, harness.Map{"name": name, "context": harness.Map{"plan": "gold"}})
		token = v.Open(t, fmt.Sprintf("Is atlas %d of the **North Sea** in stock?", i))
	}
	w.Reply(t, token, "Yes:\n\n- the *hardcover*\n- https://shop.example/atlas")
	ticket := w.NewTicket(t, harness.Map{"title": "A torn chart", "description": "It came torn.", "priority": "HIGH"})
	w.NewTicket(t, harness.Map{"title": strings.Repeat("A subject as long as mails have it ", 7)})
	hook := w.NewWebhook(t, "https://crm.example/"+strings.Repeat("a-long-path/", 12), "*")
	pages := map[string]string{
		"tags": "/settings/tags", "tokens": "/settings/tokens", "plan": "/settings/plan", "audit": "/settings/audit",
		"data":     "/settings/data",
		"webhooks": "/settings/webhooks", "new-webhook": "/settings/webhooks/new",
		"webhook": "/settings/webhooks/" + harness.PathID(hook.Int("id")),
		"home":    "", "inbox": "/inbox/all", "conversation": "/inbox/all/" + token, "tickets": "/tickets",
		"visitors": "/visitors", "ticket": "/tickets/" + ticket.Text("id"), "new-ticket": "/tickets/new",
		"team": "/team", "account": "/account", "reports": "/reports",
		"settings": "/settings", "privacy": "/settings/privacy", "assignment": "/settings/assignment",
		"notifications": "/settings/notifications",
		"widget":        "/settings/widget", "install": "/settings/install", "mail": "/settings/mail",
		"gallery": "/gallery",
	}
	for name, s := range map[string]size{
		"wide": {width: 1440, height: 900}, "wide-dark": {width: 1440, height: 900, dark: true},
		"narrow": {width: 1024, height: 768}, "narrow-dark": {width: 1024, height: 768, dark: true},
		"phone": phone, "phone-dark": {width: 390, height: 844, phone: true, dark: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := signedIn(t, s, owner, "")
			for page, path := range pages {
				c.do("window.old = true; location.href = '/console" + path + "'")
				c.until("!window.old && document.querySelector('.rail') && !document.querySelector('.skeleton:not(.part *)')")
				c.until("document.querySelector('main, .conversations') && document.readyState === 'complete'")
				c.picture("console-" + page + "-" + name)
				c.accessible()
				c.fits(page)
			}
			c.quiet()
		})
	}
}

// inside checks that no element of a page reaches beyond the window's sides. It measures the elements of the page and
// of the widget: a page that cuts off what is too wide doesn't scroll. Parts that scroll by themselves may be longer.
func (w *window) inside(page string) {
	w.t.Helper()
	const beyond = `[...document.querySelectorAll('body *'), ...$$('*')].filter((e) => {
		const {left, right, width} = e.getBoundingClientRect();
		const limit = %d + 1;
		if (!width || left > -1 && right < limit || !e.checkVisibility({visibilityProperty: true})) return false;
		for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
			if (getComputedStyle(p).overflowX !== 'visible' && !p.matches('main, main .scroll')) return false;
		return true;
	}).map((e) => e.outerHTML.slice(0, 200))`
	for _, html := range eval[[]string](w, fmt.Sprintf(beyond, w.width)) {
		w.t.Errorf("%s: beyond a side of the window: %s", page, html)
	}
}

// fits checks that a page of the console is inside the window, and that the rows of a list lie one below the other.
func (w *window) fits(page string) {
	w.t.Helper()
	w.inside(page)
	const apart = `[...document.querySelectorAll('.list.virtual li')].map((e) => e.getBoundingClientRect()).
		every((r, i, all) => !i || Math.abs(r.top - all[i - 1].bottom) < 1)`
	if !eval[bool](w, apart) {
		w.t.Errorf("%s: rows of its list aren't one below the other", page)
	}
}

// TestMissingFileOfTheBuildReloadsThePage: a tab of an earlier version, whose files were replaced, is loaded again.
func TestMissingFileOfTheBuildReloadsThePage(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "")
	block := func(patterns ...*network.BlockPattern) {
		send(c, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: patterns})
	}
	block(&network.BlockPattern{URLPattern: "*://*:*/console/assets/TicketsPage-*.js", Block: true})
	c.do("window.old = true; document.querySelector('.rail a[href$=tickets]').click()")
	harness.Eventually(t, patience, "the page is loaded again", func() (bool, any) {
		isLoaded, err := look[bool](c, "!window.old && !!document.querySelector('.rail')") // fails while the page is left
		return isLoaded && err == nil, err
	})
	harness.Eventually(t, patience, "it shows that the file is missing, and isn't loaded without end", func() (bool, any) {
		isShown, err := look[bool](c, "!!document.querySelector('main [role=alert]')")
		return isShown && err == nil, err
	})
	block()
	c.reload()
	c.until("location.pathname === '/console/tickets' && document.querySelector('.filters')")
}

// TestAgentsWritePrivateNotes: an author mentions an agent by keys alone. The agent finds the note, the author removes
// it.
func TestAgentsWritePrivateNotes(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	ada, nils := w.Person(t, harness.Agent), w.Person(t, harness.Agent)
	v := w.Visit(t, harness.Map{"name": "Vera"})
	token := v.Open(t, "Is the atlas in stock?")
	a := signedIn(t, desktop, ada, "/inbox/all/"+token)
	n := signedIn(t, desktop, nils, "/inbox/mentions")
	n.until("document.querySelector('.conversations .empty')")
	a.until("document.getElementById('reply')")
	a.do("document.activeElement.blur()")
	a.press("n", "n")
	a.until("document.activeElement.id === 'note'")
	a.write("She ordered **twice**, @" + nils.Name[:len(nils.Name)-3])
	a.until("document.querySelectorAll('.mentions [role=option]').length === 1")
	a.accessible()
	a.press("Enter", "\r")
	a.until("document.getElementById('note').value.endsWith('@" + nils.Name + " ') && " +
		"!document.querySelector('.mentions')")
	a.press("Enter", "\r")
	a.until("document.querySelector('.private-note strong')?.textContent === 'twice' && " +
		"document.getElementById('note').value === ''")
	a.accessible()
	a.picture("console-note")
	n.within(quick, rows+".length === 1")
	n.do(rows + "[0].click()")
	n.until("document.querySelector('.private-note')?.textContent.includes('" + ada.Name + "') && " +
		"!document.querySelector('[aria-label=\"Remove the note\"]') && " + rows + ".length === 1")
	n.do("document.querySelector('[data-view=mentions]').click()")
	n.until("document.querySelector('.conversations .empty')") // the note is seen
	n.do("document.querySelector('[data-view=all]').click()")
	n.until(rows + ".length === 1")
	n.do(rows + "[0].click()")
	n.until("document.querySelector('.private-note')")
	a.do("document.querySelector('[aria-label=\"Remove the note\"]').click()")
	n.within(quick, "!document.querySelector('.private-note')")
	if got := contents(t, w, token); got != "Is the atlas in stock?" {
		t.Errorf("the messages: %s", got)
	}
	a.quiet()
	n.quiet()
}

// TestInboxPutsConversationsAside: views, orders, snooze and spam, as two agents see them.
func TestInboxPutsConversationsAside(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	var visitors []harness.Session
	var tokens []string
	for _, name := range []string{"First", "Second", "Third"} {
		v := w.Visit(t, harness.Map{"name": name})
		visitors, tokens = append(visitors, v), append(tokens, v.Open(t, "I am "+name))
	}
	w.Reply(t, tokens[1], "Answered")
	names := rows + ".map((r) => r.querySelector('b').textContent).join()"
	a := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/all")
	n := signedIn(t, desktop, w.Person(t, harness.Agent), "/inbox/waiting")
	a.until(names + " === 'Third,Second,First'")
	n.until(names + " === 'First,Third' && document.querySelector('[data-view=waiting] .count')?.textContent === '2'")
	a.chooseItem("#sort", "Longest waiting first")
	a.until(names + " === 'First,Third'")
	a.chooseItem("#sort", "Oldest first")
	a.until(names + " === 'First,Second,Third'")
	a.reload()
	a.until(names + " === 'First,Second,Third'") // the order is kept
	a.do(rows + "[0].click()")
	a.chooseItem("#more", "For one hour")
	a.until(names + " === 'Second,Third' && document.querySelector('.title').textContent.includes('Snoozed until')")
	n.within(quick, names+" === 'Third'")
	n.do("document.querySelector('[data-view=snoozed]').click()")
	n.until(names + " === 'First'")
	n.accessible()
	visitors[0].Say(t, tokens[0], "Are you there?") // ends the snooze
	n.within(quick, "!"+rows+".length")
	a.within(quick, names+" === 'First,Second,Third'")

	a.chooseItem("#more", "Mark as spam")
	a.until(names + " === 'Second,Third'")
	n.do("document.querySelector('[data-view=spam]').click()")
	n.until(names + " === 'First'")
	n.do(rows + "[0].click()")
	n.chooseItem("#more", "Not spam")
	n.until("!" + rows + ".length")
	a.chooseItem("#assignee", "No agent")
	n.quiet()
	a.quiet()
}

// TestAssignmentSettings: an admin lets a rule assign new conversations. Agents don't see the setting.
func TestAssignmentSettings(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	admin := w.Person(t, harness.Admin)
	c := signedIn(t, desktop, admin, "/settings/assignment")
	c.until("document.querySelector('#assignment [value=manual]')?.checked")
	c.accessible()
	c.do("document.querySelector('#assignment [value=leastBusy]').click()")
	c.do("document.querySelector('#assignment .primary').click()")
	c.until("document.querySelector('.toast')")
	if rule := admin.Get(t, "/assignment"); rule.Text("mode") != "leastBusy" || rule.Int("capacity") != 10 {
		t.Errorf("the rule: %s", rule)
	}
	agent := signedIn(t, desktop, w.Person(t, harness.Agent), "/settings/assignment")
	agent.until("document.querySelector('.empty') && !document.getElementById('assignment')")
}
