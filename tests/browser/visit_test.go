package browser

import (
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestTabsShareTheConversation: what a visitor writes and gets in one tab shows in the other one.
func TestTabsShareTheConversation(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	at := site(t, shop("en", tag(w.ClientToken)))
	one := open(t, desktop, at)
	two := one.tab(at)
	for _, v := range []*window{one, two} {
		v.pressLauncher()
		v.until("!$('.panel').hidden")
	}
	one.say("ALPHA")
	one.until("texts('.state').includes('Sent')")
	token := conversation(t, w)
	w.Reply(t, token, "OMEGA")
	two.until("texts('.line').join() === 'ALPHA,OMEGA'")
	two.say("BETA")
	two.until("texts('.state').includes('Sent')")
	one.until("texts('.line').join() === 'ALPHA,OMEGA,BETA'")
	two.do("window.fivechat('close')")
	one.do("window.fivechat('close')")
	w.Reply(t, token, "PSI")
	two.until("$('.badge').textContent === '1' && !$('.badge').hidden")
	one.until("$('.badge').textContent === '1' && !$('.badge').hidden")
	one.do("$('.launcher').click()")
	two.until("$('.badge').hidden") // it is read
	two.reload()
	two.pressLauncher()
	two.until("texts('.line').join() === 'ALPHA,OMEGA,BETA,PSI'")
	if got := contents(t, w, conversation(t, w)); got != "ALPHA | OMEGA | BETA | PSI" {
		t.Errorf("the conversation: %s", got)
	}
	one.quiet()
	two.quiet()
}

// TestFirstMessagesOfTwoTabsMakeOneConversation sends from two tabs at the same time.
func TestFirstMessagesOfTwoTabsMakeOneConversation(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	at := site(t, shop("en", tag(w.ClientToken)))
	tabs := []*window{open(t, desktop, at)}
	tabs = append(tabs, tabs[0].tab(at), tabs[0].tab(at))
	for _, v := range tabs {
		v.pressLauncher()
		v.until("$('.row textarea')")
		// Storage events start all tabs at once.
		v.do(`addEventListener('storage', (e) => e.key === 'go' && (($('.row textarea').value = e.newValue), ` +
			`$('.send').click()))`)
	}
	tabs[0].do("localStorage.setItem('go', 'mine'); $('.row textarea').value = 'mine'; $('.send').click()")
	harness.Eventually(t, patience, "three messages", func() (bool, any) {
		got := contents(t, w, conversation(t, w))
		return got == "mine | mine | mine", got
	})
	for i, v := range tabs {
		t.Log(i, eval[string](v, "JSON.stringify([localStorage, texts('.line'), $('.row textarea').value, document.hidden])"))
	}
	for _, v := range tabs {
		v.until("texts('.line').join() === 'mine,mine,mine'")
	}
	if got := contents(t, w, conversation(t, w)); got != "mine | mine | mine" {
		t.Errorf("the conversation: %s", got)
	}
}

// TestEndedConversationStays: an answer that the visitor hasn't seen is there on the next page, although the agent has
// ended the conversation, with the rating.
func TestEndedConversationStays(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.say("Is it in stock?")
	v.until("texts('.state').includes('Sent')")
	v.do("window.fivechat('close')")
	token := conversation(t, w)
	w.Reply(t, token, "Yes, two copies.")
	w.Writer().Send(t, 200, "PATCH", "/conversations/"+token, harness.Map{"status": "CLOSED"})
	for range 2 {
		v.reload()
		v.until("$('.badge') && $('.badge').textContent === '1' && !$('.badge').hidden")
	}
	v.do("$('.launcher').click()")
	v.until("texts('.line').join() === 'Is it in stock?,Yes, two copies.' && $('.end .stars')")
	v.do("$('.star:last-child').click(); $('.end .primary').click()")
	v.until("texts('.end div').includes('Thank you!')")
	v.do("$('.end .link').click()")
	v.until("!$('.row').hidden && !$('.line')")
	v.reload()
	v.until("$('.panel') && !$('.panel').hidden && !$('.row').hidden")
	if lines := eval[int](v, "$$('.line').length"); lines != 0 {
		t.Errorf("%d lines of the conversation that the visitor has left", lines)
	}
	v.quiet()
}

// TestHalfASentenceSurvives a reload, with the panel.
func TestHalfASentenceSurvives(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.do("$('.row textarea').focus()")
	v.write("half a sentence")
	v.reload()
	v.until("$('.panel') && !$('.panel').hidden && $('.row textarea').value === 'half a sentence'")
	if eval[bool](v, "document.activeElement !== document.body") {
		t.Error("the new page has lost the focus to the widget")
	}
	v.do("window.fivechat('close')")
	v.reload()
	v.pressLauncher()
	v.until("$('.row textarea').value === 'half a sentence'")
	v.do("window.fivechat('reset')")
	v.until("$('.panel').hidden && !$('.row textarea').value")
	v.quiet()
}

// TestPushStateChangesThePage: agents see the page that the visitor is on.
func TestPushStateChangesThePage(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.say("Hello")
	v.until("texts('.state').includes('Sent')")
	v.do("history.pushState({}, '', '/checkout?secret=1#token'); document.title = 'Checkout'")
	harness.Eventually(t, patience, "the page of the visitor", func() (bool, any) {
		context := w.Reader().Get(t, "/visitors").List("data")[0].Text("context")
		return strings.Contains(context, `/checkout"`) && strings.Contains(context, "Checkout"), context
	})
	v.quiet()
}

// TestComposedTextIsNotSent: Enter that ends the composition of an input method sends nothing, in Safari's order of
// events either.
func TestComposedTextIsNotSent(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.do("$('.row textarea').focus()")
	v.write("にほん")
	for _, event := range []string{"{key: 'Enter', keyCode: 229}", "{key: 'Enter', isComposing: true}"} {
		v.do("$('.row textarea').dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, ..." + event + "}))")
	}
	if eval[int](v, "$$('.line').length") != 0 || eval[string](v, "$('.row textarea').value") != "にほん" {
		t.Error("half a word is sent")
	}
	v.press("Enter", "\r")
	v.until("texts('.line').join() === 'にほん'")
}

// TestLinksOfMessages: addresses are links that get no access to the page.
func TestLinksOfMessages(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.say("Hello")
	v.until("texts('.state').includes('Sent')")
	w.Reply(t, conversation(t, w),
		"See https://shop.example/a?b=1, or mail help@shop.example. <a href='javascript:1'>x</a>")
	v.until("$$('.line a').length === 2")
	links := "$$('.line a').map((a) => a.href + ' ' + a.rel + ' ' + a.target).join()"
	if got := eval[string](v, links); got != "https://shop.example/a?b=1 noopener noreferrer nofollow ugc _blank,"+
		"mailto:help@shop.example noopener noreferrer nofollow ugc _blank" {
		t.Errorf("links: %s", got)
	}
	v.quiet()
}

// TestLowScreens: at 400 % zoom, and on a phone held sideways, everything can be reached.
func TestLowScreens(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]size{
		"sideways": {width: 640, height: 300, phone: true}, "400 percent": {width: 320, height: 256},
		"narrow": {width: 320, height: 568, phone: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			v := visitor(t, s, w, "en")
			v.say("Hello")
			v.until("texts('.state').includes('Sent')")
			inView := `((s) => { const r = $(s).getBoundingClientRect(); return r.width > 0 && r.top >= 0 && r.left >= 0 && ` +
				`r.bottom <= innerHeight && r.right <= innerWidth })`
			for _, part := range []string{"header > .icon", ".row textarea", ".send"} {
				if !eval[bool](v, inView+"('"+part+"')") {
					t.Errorf("%s is out of view", part)
				}
			}
			if h := eval[float64](v, "$('.log').clientHeight"); h < 80 {
				t.Errorf("the log is %v px high", h)
			}
			v.picture("widget-low-" + strings.ReplaceAll(name, " ", "-"))
			token := conversation(t, w)
			w.Writer().Send(t, 200, "PATCH", "/conversations/"+token, harness.Map{"status": "CLOSED"})
			v.until("$('.end .star')")
			v.do("$('.star').click(); $('.end .primary').scrollIntoView()")
			if !eval[bool](v, inView+"('.end .primary')") {
				t.Error("the rating can't be sent")
			}
			v.do("window.fivechat('close')")
			v.until("$('.panel').hidden")
		})
	}
}

// TestQuestionsHaveLabelsMarksAndErrors checks the form before the first message.
func TestQuestionsHaveLabelsMarksAndErrors(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{
		"chatFormFields": `[{"name":"name","required":true},{"name":"email","required":true},"order"]`,
	})
	v := open(t, desktop, site(t, shop("de", tag(w.ClientToken))))
	v.pressLauncher()
	v.until("$$('.form label').length === 3 && widget().activeElement?.name === 'name'")
	if got := eval[string](v, "texts('.form label > span:first-child').join()"); got != "Name *,E-Mail *,order" {
		t.Errorf("labels: %s", got)
	}
	v.do("$('.form input[name=email]').value = 'vera@nope'; $('.form .primary').click()")
	v.until("texts('.form label .error').join('|') === 'Bitte ausfüllen.|" +
		"Bitte eine vollständige E-Mail-Adresse angeben.|' && widget().activeElement.name === 'name'")
	v.accessible()
	v.picture("widget-form")
	v.do("$('.form input[name=name]').value = 'Vera'; $('.form input[name=email]').value = 'vera@shop.example'; " +
		"$('.form .primary').click()")
	v.until("$('.form').hidden && !$('.row').hidden")
	v.quiet()
}

// TestWidgetIsNotPrinted checks the style sheet for paper.
func TestWidgetIsNotPrinted(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.paper()
	v.until("getComputedStyle(document.querySelector('[data-fivechat]')).display === 'none'")
}
