package browser

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// previewFrame is the frame with the preview of the widget. Scripts of the console can't look into it.
const previewFrame = "document.querySelector('.widget-preview iframe')"

// change sets a field of a form as a person does, so that the page's script sees it.
func (w *window) change(selector, value string) {
	w.t.Helper()
	w.until("document.querySelector('" + selector + "')")
	w.do("const f = document.querySelector('" + selector + "'); " +
		"Object.getOwnPropertyDescriptor(Object.getPrototypeOf(f), 'value').set.call(f, '" + value + "'); " +
		"f.dispatchEvent(new Event(f.tagName === 'SELECT' ? 'change' : 'input', {bubbles: true}))")
}

// TestOwnerDesignsTheWidget: a change is saved, a visitor sees it, and the save can be undone. What another person has
// saved meanwhile isn't overwritten unseen.
func TestOwnerDesignsTheWidget(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	admin := w.Person(t, harness.Admin)
	at := "/widgets/" + w.ClientToken
	color := func() string { return w.Public().Get(t, at).Text("color") }
	c := signedIn(t, desktop, admin, "/settings/widget")
	c.change("#widget [name=color]", "#0b6e6e")
	c.until("document.querySelector('.widget-preview iframe') && !document.querySelector('#widget .primary').disabled")
	c.accessible()
	c.picture("console-widget.png")
	c.do("document.querySelector('#widget .primary').click()")
	c.until("document.getElementById('undo-save')")
	c.apart(".toast", "#widget .primary")
	if got := color(); got != "#0b6e6e" {
		t.Errorf("after the save the colour is %s", got)
	}
	c.do("document.getElementById('undo-save').click()")
	c.until("document.querySelector('#widget [name=color]').value === '#2563eb'")
	if got := color(); got != "#2563eb" {
		t.Errorf("after undoing the save the colour is %s", got)
	}

	admin.Send(t, 200, "PATCH", at, harness.Map{"bubbleColor": "#ffffff"})
	c.change("#widget [name=color]", "#123456")
	c.do("document.querySelector('#widget .primary').click()")
	c.until("document.getElementById('conflict')")
	if got := color(); got != "#2563eb" {
		t.Errorf("a save that another one has overtaken stored %s", got)
	}
	c.accessible()
	c.do("document.querySelector('#conflict .primary').click()")
	c.until("!document.getElementById('conflict') && " +
		"document.querySelector('#widget [name=bubbleColor]').value === '#ffffff'")
	if now := w.Public().Get(t, at); now.Text("color") != "#123456" || now.Text("bubbleColor") != "#ffffff" {
		t.Errorf("both changes: %s", now)
	}
	agent := signedIn(t, desktop, w.Person(t, harness.Agent), "/settings/widget")
	agent.until("document.querySelector('.empty') && !document.getElementById('widget')")
}

// TestPreviewIsTheRealWidget: the frame shows the settings of the form before they are saved, also while the chat is
// switched off. It creates no visitor, and doesn't count as an installation.
func TestPreviewIsTheRealWidget(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	admin := w.Person(t, harness.Admin)
	admin.Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{"chatEnabled": false})
	c := signedIn(t, desktop, admin, "/settings/widget")
	c.until(previewFrame)
	c.quiet()
	settings := `{websiteClientToken: '` + w.ClientToken + `', color: '#0b6e6e', buttonBgColor: '#0b6e6e',
		buttonTextColor: '#ffffff', welcomeMessages: '["Ahoy!"]', awayMessages: '[]', chatFormFields: '[]',
		notices: ['badge'], theme: 'light', chatEnabled: false, ratingEnabled: true}`
	p := open(t, phone, harness.Running().URL+"/console/preview") // where the panel covers the page
	p.do(`window.postMessage({settings: ` + settings + `, language: 'de', state: 'chat', isDark: false, agent: 'Ada',
		question: 'In stock?', answer: 'Two of them.'}, '*')`)
	p.until("texts('.line').includes('In stock?') && texts('.line').includes('Two of them.') && " +
		"texts('.name').includes('Ada')")
	if got := eval[string](p, "getComputedStyle($('.launcher')).backgroundColor"); got != "rgb(11, 110, 110)" {
		t.Errorf("the launcher is %s", got)
	}
	if eval[bool](p, "!!$('.panel').contains(widget().activeElement)") {
		t.Error("the preview takes the focus from the form")
	}
	p.do("dispatchEvent(new Event('pointerdown'))")
	p.say("Keep one, please.")
	p.until("texts('.line').includes('Keep one, please.') && texts('.state').length")
	p.quiet()
	if rows := w.Reader().Get(t, "/visitors").List("data"); len(rows) != 0 {
		t.Errorf("the preview has created %d visitors", len(rows))
	}
	if website := w.Reader().Get(t, "/website"); website.M["widgetLoadedAt"] != nil {
		t.Errorf("the preview counts as an installation: %s", website)
	}
}

// TestPreviewFollowsTheForm: the frame in the console is the page of the preview, and shows what the form has.
func TestPreviewFollowsTheForm(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	c := signedIn(t, phone, w.Person(t, harness.Owner), "/settings/widget")
	c.until("document.getElementById('widget') && " + previewFrame)
	c.do("window.frame = " + previewFrame)
	c.change("#widget [name=buttonBgColor]", "#ffee00")
	c.until("document.querySelector('.colour.low') && " + previewFrame + " !== window.frame")
	c.fits("the widget's settings")
	if !eval[bool](c, "document.querySelector('.widget-preview iframe').getBoundingClientRect().bottom <= "+
		"document.getElementById('widget').getBoundingClientRect().top + 1") {
		t.Error("the preview isn't above the form")
	}
	c.picture("console-widget-phone.png")
	c.accessible()
	c.do("document.querySelector('#widget .primary').click()")
	c.apart(".toast", "#widget .primary")
	c.quiet()
}

// apart waits for an element, and checks that it doesn't cover another.
func (w *window) apart(selector, other string) {
	w.t.Helper()
	w.until("document.querySelector('" + selector + "')")
	if eval[bool](w, "(() => { const [a, b] = ['"+selector+"', '"+other+"'].map((s) => "+
		"document.querySelector(s).getBoundingClientRect()); "+
		"return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; })()") {
		w.t.Errorf("%s covers %s", selector, other)
	}
}

// TestWrongColourSaysWhatWouldBeRight: the form names the form of a colour, and saves nothing.
func TestWrongColourSaysWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	c := signedIn(t, desktop, w.Person(t, harness.Owner), "/settings/widget")
	c.change("#widget [name=color]", "banana")
	c.until("document.querySelector('#widget [name=color]').ariaInvalid === 'true' && " +
		"document.querySelector('#widget .field .error').textContent.includes('like #2563eb')")
	c.accessible()
	c.do("document.querySelector('#widget .primary').click()")
	c.until("document.activeElement.name === 'color' && document.activeElement.title.includes('like #2563eb')")
	if got := w.Public().Get(t, "/widgets/"+w.ClientToken).Text("color"); got != "#2563eb" {
		t.Errorf("the colour is %s", got)
	}
	c.change("#widget [name=color]", "#0b6e6e")
	c.until("!document.querySelector('#widget .field .error')")
	c.quiet()
}

// TestSettingsIndexLeadsToEachPage: an owner finds every page. An agent finds only those that they may use.
func TestSettingsIndexLeadsToEachPage(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	const links = "[...document.querySelectorAll('#settings .cards a')].map((a) => a.getAttribute('href'))"
	c := signedIn(t, desktop, w.Person(t, harness.Owner), "")
	c.click(".rail [aria-label=Settings]")
	c.until("document.querySelectorAll('#settings .cards a').length > 8")
	c.accessible()
	c.picture("console-settings.png")
	all := eval[[]string](c, links)
	for _, link := range all {
		c.do("window.link = [...document.querySelectorAll('#settings .cards a')].find((a) => a.getAttribute('href') === '" +
			link + "'); window.name = window.link.querySelector('b').textContent; window.link.click()")
		c.until("!document.getElementById('settings') && document.querySelector('main .tabs [aria-current=page]')" +
			"?.textContent === window.name")
		c.click(".tabs .up")
		c.until("document.getElementById('settings')")
	}
	c.quiet()
	agent := signedIn(t, phone, w.Person(t, harness.Agent), "/settings")
	agent.until("document.getElementById('settings')")
	if own := eval[[]string](agent, links); len(own) == 0 || len(own) >= len(all) ||
		slices.Contains(own, "/console/team") || slices.Contains(own, "/console/settings/widget") {
		t.Errorf("an agent finds %v", own)
	}
	agent.fits("the settings")
	agent.quiet()
}

// TestOwnerInstallsTheWidget: each snippet has the website's token. The one for HTML is a tag that works.
func TestOwnerInstallsTheWidget(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	c := signedIn(t, desktop, w.Person(t, harness.Owner), "/settings/install")
	c.until("document.getElementById('snippet')")
	for i := range eval[int](c, "document.querySelectorAll('[name=snippet]').length") {
		c.do("document.querySelectorAll('[name=snippet]')[" + string(rune('0'+i)) + "].click()")
		c.until("document.getElementById('snippet').textContent.includes('" + w.ClientToken + "')")
	}
	c.accessible()
	c.do("document.querySelector('[name=snippet]').click()")
	snippet := eval[string](c, "document.getElementById('snippet').textContent")
	v := open(t, desktop, site(t, shop("en", snippet)))
	v.until("$('.launcher')")
	c.until("!document.querySelector('.page .note')")
	c.quiet()
	if !strings.Contains(snippet, harness.Running().URL) {
		t.Errorf("the snippet names another server: %s", snippet)
	}
}
