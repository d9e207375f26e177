package browser

import (
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// visitor opens a website's page and its chat.
func visitor(t *testing.T, s size, w *harness.Website, language string) *window {
	t.Helper()
	v := open(t, s, site(t, shop(language, tag(w.ClientToken))))
	v.pressLauncher()
	v.until("!$('.panel').hidden && $('textarea').matches(':focus')")
	return v
}

// pressLauncher opens or closes the chat, once its launcher is there.
func (w *window) pressLauncher() {
	w.t.Helper()
	w.until("$('.launcher')")
	w.do("$('.launcher').click()")
}

// say types and sends a message.
func (w *window) say(text string) {
	w.t.Helper()
	w.until("$('.row textarea')") // the panel's script is loaded when the chat is opened
	w.do("$('.row textarea').focus()")
	w.write(text)
	w.press("Enter", "\r")
}

// conversation waits for a website's only conversation.
func conversation(t *testing.T, w *harness.Website) string {
	t.Helper()
	var token string
	harness.Eventually(t, patience, "a conversation", func() (bool, any) {
		rows := w.Reader().Get(t, "/conversations").List("data")
		if len(rows) != 1 {
			return false, rows
		}
		token = rows[0].Text("token")
		return true, nil
	})
	return token
}

// contents returns the messages of a conversation.
func contents(t *testing.T, w *harness.Website, token string) string {
	t.Helper()
	var said []string
	for _, m := range w.Reader().Get(t, "/conversations/"+token).List("messages") {
		said = append(said, m.Text("content"))
	}
	return strings.Join(said, " | ")
}

func TestVisitorAndAgentTalk(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken,
		harness.Map{"welcomeMessages": `["Hello! Ask us anything about the sea."]`})
	user := w.NewUser(t)
	const name = "Ada Moreno"
	w.Writer().Send(t, 200, "PATCH", "/users/"+harness.PathID(user.Int("id")), harness.Map{"name": name})
	w.Writer().Do(t, "POST", "/users/"+harness.PathID(user.Int("id"))+"/heartbeat", nil).Want(t, 204)
	v := visitor(t, desktop, w, "en")
	v.say("Is the atlas in stock?")
	v.until("texts('.state').includes('Sent')")
	token := conversation(t, w)
	path := "/conversations/" + token
	w.Writer().Do(t, "POST", path+"/read", nil).Want(t, 204)
	v.within(quick, "texts('.state').includes('Read')")
	w.Writer().Do(t, "POST", path+"/typing", harness.Map{"typing": true}).Want(t, 204)
	v.within(quick, "$('.typing').textContent.includes('typing')")
	w.Writer().Send(t, 201, "POST", path+"/messages", harness.Map{
		"content":  "It is. Shall I keep one for you?",
		"authorId": user.Int("id"),
	})
	v.within(quick, "texts('.line').includes('It is. Shall I keep one for you?') && !$('.typing').textContent")
	v.until("texts('.name').includes('" + name + "')")
	v.do("$('.row textarea').focus()")
	v.write("Yes, pl")
	harness.Eventually(t, quick, "the agent sees the visitor type", func() (bool, any) {
		c := w.Reader().Get(t, path).Object("conversation")
		return c.Bool("visitorTyping"), c
	})
	harness.Eventually(t, quick, "the agent sees that it is read", func() (bool, any) {
		ms := w.Reader().Get(t, path).List("messages")
		return ms[1].Bool("read"), ms[1]
	})
	v.write("ease!")
	v.press("Enter", "\r")
	v.until("texts('.state').includes('Sent')")
	v.picture("widget")
	v.accessible()

	w.Writer().Send(t, 200, "PATCH", path, harness.Map{"status": "CLOSED"})
	v.within(quick, "$('.stars')")
	v.accessible()
	v.do("$$('.star')[3].click(); $('.end textarea').value = 'Quick!'; $('.end .primary').click()")
	v.until("!$('.stars') && $('.end').textContent.includes('Thank you')")
	if c := w.Reader().Get(t, path).Object("conversation"); c.Int("rating") != 4 {
		t.Errorf("rated: %s", c)
	}
	v.do("$('.end .link').click()")
	v.until("!$('.VISITOR') && !$('.row').hidden")
	v.quiet()
}

func TestReloadResumes(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.say("one")
	v.until("texts('.state').includes('Sent')")
	token := conversation(t, w)
	v.do("window.fivechat('close')")
	v.reload()
	v.until("$('.launcher')")
	w.Reply(t, token, "two")
	v.until("$('.badge').textContent === '1' && !$('.badge').hidden && " +
		"$('.launcher').getAttribute('aria-label').endsWith(', 1')")
	v.do("$('.launcher').click()")
	v.until("texts('.line').join() === 'one,two' && $('.badge').hidden")
	v.say("three")
	v.until("texts('.state').includes('Sent')")
	if got := contents(t, w, token); got != "one | two | three" {
		t.Errorf("the conversation: %s", got)
	}
	v.quiet()
}

// TestDisconnectedMessagesAreSentOnce: messages written while the page is offline are sent once after it reconnects,
// even by a reloaded page.
func TestDisconnectedMessagesAreSentOnce(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.say("one")
	v.until("texts('.state').includes('Sent')")
	token := conversation(t, w)
	v.offline(true)
	v.say("two")
	v.say("three")
	v.until("texts('.line').join() === 'one,two,three' && $('.note').textContent.includes('offline') && " +
		"texts('.state').includes('Sending…')")
	v.offline(false)
	v.until("texts('.state').includes('Sent') && !$('.note').textContent.includes('offline')")
	w.Reply(t, token, "four")
	v.until("texts('.line').join() === 'one,two,three,four'")
	if got := contents(t, w, token); got != "one | two | three | four" {
		t.Errorf("the conversation: %s", got)
	}
}

func TestTagTwiceStartsOnce(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	inject := `<script>addEventListener('load', () => { for (const n of [1, 2]) { const s = ` +
		`document.createElement('script'); s.async = true; s.src = '` +
		harness.Running().URL + "/widget/" + w.ClientToken +
		`'; s.onload = () => { window.loads = (window.loads || 0) + 1; }; document.head.append(s); } })</script>`
	v := open(t, desktop, site(t, shop("en", tag(w.ClientToken), tag(w.ClientToken), inject)))
	v.until("window.loads === 2 && $('.launcher')")
	if n := eval[int](v, "document.querySelectorAll('[data-fivechat]').length"); n != 1 {
		t.Errorf("%d widgets", n)
	}
	v.quiet()
}

func TestUnknownTokenLeavesThePageUnharmed(t *testing.T) {
	t.Parallel()
	v := open(t, desktop, site(t, shop("en", `<script>window.fine = true</script>`, tag(harness.Unique("wgt_nobody")))))
	v.until("document.readyState === 'complete' && window.fine && document.querySelector('h1')")
	if n := eval[int](v, "document.querySelectorAll('[data-fivechat]').length + document.body.children.length"); n != 1 {
		t.Errorf("the page has %d elements", n)
	}
}

func TestStrictContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	host := harness.Running().URL
	v := open(t, desktop, site(t, shop("de", tag(w.ClientToken)), "Content-Security-Policy",
		"default-src 'none'; script-src "+host+"; connect-src "+host+"; base-uri 'none'; form-action 'none'; "+
			"require-trusted-types-for 'script'"))
	v.pressLauncher()
	v.until("$('h2').textContent === 'Schreiben Sie uns' && getComputedStyle($('.panel')).borderRadius === '16px'")
	v.say("Hallo")
	v.until("texts('.state').includes('Gesendet')")
	v.quiet()
}

func TestArabicPageIsRightToLeft(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "ar")
	v.say("مرحبا")
	v.until("texts('.state').includes('أُرسلت')")
	if !eval[bool](v,
		"getComputedStyle($('.panel')).direction === 'rtl' && $('.launcher').getBoundingClientRect().left < 100") {
		t.Error("the widget is not on the left in right-to-left layout")
	}
	v.picture("widget-arabic")
	v.accessible()
	v.quiet()
}

func TestPhone(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, phone, w, "en")
	v.say("Do you ship to Norway?")
	v.until("texts('.state').includes('Sent')")
	w.Reply(t, conversation(t, w), "We do, twice a week.")
	v.until("$('.USER')")
	if !eval[bool](v,
		"(() => { const r = $('.panel').getBoundingClientRect(); return r.width === innerWidth && r.height === "+
			"innerHeight && document.documentElement.scrollWidth <= innerWidth; })()") {
		t.Error("the chat does not fill the screen")
	}
	v.picture("widget-phone")
	v.accessible()
	v.press("Escape", "")
	v.until("$('.panel').hidden && $('.launcher').matches(':focus')")
	v.quiet()
}

func TestDarkModeAndNoAgentOnline(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	v := visitor(t, dark, w, "en")
	v.until("$('.note').textContent.includes('Nobody is here')")
	v.picture("widget-dark")
	v.accessible()
	v.do("$('.note .link').click()")
	v.until("!$('.form').hidden && $('.form input').matches(':focus')")
	v.do("$('.form .primary').click()")
	v.until("$('.error').textContent === 'Please fill this in.'")
	v.do("$('[name=title]').value = 'A chart of the fjords'; $('[name=email]').value = 'vera@example.com'; " +
		"$('[name=description]').value = 'Do you have one?'; $('.form .primary').click()")
	v.until("$('.form').hidden && $('.note').textContent.includes('Thank you')")
	rows := w.Reader().Get(t, "/tickets").List("data")
	if len(rows) != 1 || rows[0].Text("title") != "A chart of the fjords" || rows[0].Text("email") != "vera@example.com" {
		t.Errorf("tickets: %v", rows)
	}
	v.quiet()
}

// TestMarkupIsShownAsText checks that messages and settings are shown as text only.
func TestMarkupIsShownAsText(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	const hostile = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>` + "\u202e 🐸"
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{
		"welcomeMessages": `["<img src=x onerror=window.hacked=1>", {"text": 5}, null]`, "chatFormFields": "no JSON",
		"buttonTextColor": "#2563eb",
	})
	v := visitor(t, desktop, w, "en")
	v.say(hostile)
	v.until("texts('.state').includes('Sent')")
	token := conversation(t, w)
	w.Reply(t, token, hostile)
	v.until("$$('.line').length === 3")
	if !eval[bool](v, "!window.hacked && !$('.log img') && !$('.log script') && texts('.line')[1] === texts('.line')[2]") {
		t.Error("a message is rendered as markup")
	}
	if got := eval[string](v, "texts('.line')[1]"); got != hostile {
		t.Errorf("shown: %q", got)
	}
	v.do("$('.row textarea').value = 'x'.repeat(65537)")
	v.do("$('.send').click()")
	v.until("$('.note').textContent.includes('too long') && $$('.line').length === 3")
	v.accessible() // the website's colours are illegible, but the widget corrects them
	v.quiet()
}

func TestPageAPI(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken,
		harness.Map{"chatFormFields": `["name", {"name": "order", "label": "Order number", "required": true}]`})
	early := `<script>
		window.fivechat = window.fivechat || function () { (fivechat.q = fivechat.q || []).push(arguments); };
		window.said = [];
		for (const e of ['ready', 'open', 'close', 'message', 'unread']) {
			fivechat('on', e, (d) => said.push(e + (d && d.content ? ' ' + d.content : '')));
		}
		fivechat('identify', {name: 'Vera', customer: 'gold'}); fivechat('open');</script>`
	v := open(t, desktop, site(t, shop("en", early, tag(w.ClientToken))))
	v.until("said.includes('ready') && said.includes('open') && !$('.form').hidden")
	v.do("$('[name=name]').value = 'Vera B.'; $('[name=order]').value = '4711'; $('.form .primary').click()")
	v.until("$('.form').hidden && !$('.row').hidden")
	v.say("Where is it?")
	v.until("texts('.state').includes('Sent')")
	token := conversation(t, w)
	v.do("fivechat('close')")
	w.Reply(t, token, "On its way.")
	v.until("said.includes('message On its way.') && said.includes('close') && said.includes('unread')")
	seen := w.Reader().Get(t, "/conversations/"+token).Object("visitor")
	if seen.Text("name") != "Vera B." || !strings.Contains(seen.Text("context"), `"order":"4711"`) ||
		!strings.Contains(seen.Text("context"), `"customer":"gold"`) {
		t.Errorf("the visitor: %s", seen)
	}
	v.do("fivechat('nonsense'); fivechat('toggle')")
	v.until("!$('.panel').hidden")
}
