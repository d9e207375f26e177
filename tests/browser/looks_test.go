package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"

	"fivechat.dev/tests/harness"
)

// talk opens the chat and waits until a first message is stored. It returns the conversation's token.
func talk(t *testing.T, s size, w *harness.Website, language string) (*window, string) {
	t.Helper()
	v := visitor(t, s, w, language)
	v.say("Hello")
	v.until("$('.VISITOR:not(.sending)')")
	return v, conversation(t, w)
}

// TestMessagesSayWhoWroteWhen checks the heads of groups, the day and the faces.
func TestMessagesSayWhoWroteWhen(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	user := w.NewUser(t)
	v, token := talk(t, desktop, w, "de")
	for _, text := range []string{"one", "two"} {
		w.Writer().Send(t, 201, "POST", "/conversations/"+token+"/messages",
			harness.Map{"content": text, "authorId": user.Int("id")})
	}
	v.until("$$('.USER').length === 2 && texts('.name')[1] === '" + user.Text("name") + "'")
	if got := eval[string](v, "texts('.name').join() + ' ' + texts('.day').join() + ' ' + $$('.face').length"); got !=
		"Sie,"+user.Text("name")+" Heute 1" {
		t.Errorf("heads: %s", got)
	}
	if !eval[bool](v, `$$('time').every((e) => /^\d\d:\d\d$/.test(e.textContent) && `+
		`Math.abs(Date.now() - Date.parse(e.dateTime)) < 120_000)`) {
		t.Errorf("a head of a group doesn't say when: %s", eval[string](v, "$$('time').map((e) => e.outerHTML).join()"))
	}
	if text := user.Text("name"); !eval[bool](v, "$('.face').textContent === '"+strings.ToUpper(text[:1])+"' || "+
		"$('.face').textContent.length === 2") {
		t.Error("the face has no initials")
	}
	v.accessible()
	v.quiet()
}

// TestMarkdownBecomesElements: a message's Markdown is shown by elements, and what looks like markup by text.
func TestMarkdownBecomesElements(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v, token := talk(t, desktop, w, "en")
	w.Reply(t, token, "**Two** ways, *both* `free`:\n\n1. https://shop.example/pick_up_here\n2. <b>post</b>\n\n"+
		"```\na  b\n```\nCall +49 30 1234567.")
	v.until("$('.USER pre')")
	const got = "$('.USER').innerHTML.replace(/ (class|target|rel|dir)=\"[^\"]*\"/g, '')"
	if got := eval[string](v, got); got != "<strong>Two</strong> ways, <em>both</em> <code>free</code>:"+
		`<ol start="1"><li><a href="https://shop.example/pick_up_here">https://shop.example/pick_up_here</a></li>`+
		"<li>&lt;b&gt;post&lt;/b&gt;</li></ol><pre><code>a  b</code></pre>"+
		`Call <a href="tel:+49301234567">+49 30 1234567</a>.` {
		t.Errorf("the message: %s", got)
	}
	v.quiet()
}

// TestEmojiPickerWorksWithKeys opens the picker, moves, chooses and closes by keys alone.
func TestEmojiPickerWorksWithKeys(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.write("ab")
	v.do("$('.row textarea').setSelectionRange(1, 1); $('.emoji').focus()")
	v.press("Enter", "\r")
	v.until("widget().activeElement === $('.emojis button') && $('.emoji').ariaExpanded === 'true'")
	v.accessible()
	v.press("ArrowDown", "")
	v.press("ArrowRight", "")
	v.until("widget().activeElement === $$('.emojis button')[9]")
	v.press("Enter", "\r")
	v.until("$('.emojis').hidden && widget().activeElement === $('.row textarea') && " +
		"$('.row textarea').value === 'a' + $$('.emojis button')[9].textContent + 'b'")
	v.do("$('.emoji').click()")
	v.press("Escape", "")
	v.until("$('.emojis').hidden && !$('.panel').hidden && widget().activeElement === $('.emoji')")
	v.reload()
	v.until("$('.row textarea') && $('.row textarea').value.length > 3")
	v.quiet()
}

// TestLogStaysWhereItWasScrolled: the log follows new messages only at its end, and keeps its place on the next page.
func TestLogStaysWhereItWasScrolled(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v, token := talk(t, desktop, w, "en")
	const atEnd = "$('.log').scrollHeight - $('.log').scrollTop - $('.log').clientHeight < 2"
	w.Reply(t, token, strings.Repeat("line\n", 60)+"end")
	v.until("$$('.USER').length === 1 && $('.to-end').hidden && " + atEnd)
	// A message that is drawn before the browser reports the scrolling moves the log back.
	v.until("($('.log').scrollTop = 100) && JSON.stringify(sessionStorage).includes('scrolled')")
	w.Reply(t, token, "news")
	v.until("$$('.USER').length === 2 && !$('.to-end').hidden && $('.log').scrollTop === 100")
	v.accessible()
	v.reload()
	v.until("$$('.USER').length === 2 && $('.to-end').hidden && $('.log').scrollTop === 100")
	w.Reply(t, token, "more")
	v.until("$$('.USER').length === 3 && !$('.to-end').hidden && $('.log').scrollTop === 100")
	v.do("$('.to-end').click()")
	v.until("$('.to-end').hidden && widget().activeElement === $('.log') && " + atEnd)
	w.Reply(t, token, "last")
	v.until("$$('.USER').length === 4 && $('.to-end').hidden && " + atEnd)
	v.quiet()
}

// TestWebsiteChoosesThemeAndPictures: the settings override the system's theme. A picture that can't be loaded leaves
// the default look.
func TestWebsiteChoosesThemeAndPictures(t *testing.T) {
	t.Parallel()
	pictures := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/logo.svg" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><circle r="16"/></svg>`))
	}))
	t.Cleanup(pictures.Close)
	w := harness.Running().Website(t, harness.Free)
	agents := map[string]harness.Map{} // by the path of their picture
	for _, path := range []string{"/logo.svg", "/none.svg"} {
		agents[path] = harness.Map{"content": path, "authorId": w.NewUser(t).Int("id")}
		w.Writer().Send(t, 200, "PATCH", "/users/"+harness.PathID(agents[path]["authorId"].(int64)),
			harness.Map{"avatarUrl": pictures.URL + path})
	}
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{
		"theme": "dark", "logoUrl": pictures.URL + "/logo.svg", "launcherIconUrl": pictures.URL + "/none.svg",
	})
	v := open(t, desktop, "about:blank")
	send(v, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
	v.run(chromedp.Navigate(site(t, shop("en", tag(w.ClientToken)))))
	v.pressLauncher()
	v.until("$('header img').naturalWidth === 32 && $('header img').alt === ''")
	v.until("!$('.launcher img') && $('.launcher svg').getBoundingClientRect().width > 0")
	if got := eval[string](v, "getComputedStyle($('.panel')).backgroundColor"); got != "rgb(22, 24, 29)" {
		t.Errorf("the dark panel is %s", got)
	}
	v.say("Hello")
	v.until("$('.VISITOR:not(.sending)')")
	for _, message := range agents {
		w.Writer().Send(t, 201, "POST", "/conversations/"+conversation(t, w)+"/messages", message)
	}
	v.until("$$('.face').length === 2 && $$('.face img').length === 1 && $('.face img').naturalWidth === 32 && " +
		"$$('.face').every((f) => f.textContent)")
	v.accessible()
}

// long is a page that scrolls, with a button.
func long(language string, tags ...string) string {
	const more = "<button>Buy</button><p style='height:3000px'></p></main>"
	return strings.Replace(shop(language, tags...), "</main>", more, 1)
}

// TestOpenChatIsModalOnAPhone: the page behind it gets no focus and doesn't scroll. Afterwards it is as it was, also if
// it has replaced its body meanwhile.
func TestOpenChatIsModalOnAPhone(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]string{
		"same page": "",
		"new body":  "document.documentElement.replaceChild(document.body.cloneNode(true), document.body)",
		"new root":  "document.documentElement.innerHTML = document.documentElement.innerHTML",
		"document.open": "const old = document.documentElement.outerHTML; document.open(); document.write(old); " +
			"document.close()",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			v := open(t, phone, site(t, long("en", tag(w.ClientToken))))
			v.until("$('.launcher')")
			const markup = "document.documentElement.cloneNode().outerHTML + document.body.cloneNode().outerHTML"
			before := eval[string](v, markup)
			v.do("scrollTo(0, 50)")
			v.pressLauncher()
			const isModal = "!$('.panel').hidden && $('.panel').matches(':modal') && $('.panel').ariaModal === 'true'"
			v.until(isModal + " && widget().activeElement === $('.row textarea')")
			if !eval[bool](v, "getComputedStyle(document.documentElement).overflow === 'hidden'") {
				t.Error("the page scrolls behind the chat")
			}
			if replace == "" {
				v.do("document.querySelector('main button').focus()")
				for range 12 {
					if at := eval[string](v, "document.activeElement.localName"); at == "button" {
						t.Fatal("the focus is in the page behind the chat")
					}
					v.press("Tab", "")
				}
				v.accessible()
			}
			v.do(replace)
			if name != "document.open" {
				v.until("document.querySelectorAll('[data-fivechat]').length === 1 && " + isModal)
				v.do("$('header > .icon').click()")
				v.until("widget().activeElement === $('.launcher')")
			}
			v.until("$('.launcher') && (!$('.panel') || $('.panel').hidden) && " +
				"getComputedStyle(document.documentElement).overflow === 'visible'")
			if after := eval[string](v, markup); after != before {
				t.Errorf("the page is left as %s, not as %s", after, before)
			}
			v.do("document.querySelector('main button').focus()")
			if !eval[bool](v, "document.activeElement.localName === 'button'") {
				t.Error("the page is left inert")
			}
			if at := eval[float64](v, "scrollY"); replace == "" && at != 50 {
				t.Errorf("the page has scrolled to %v", at)
			}
			v.pressLauncher()
			v.until(isModal)
			v.quiet()
		})
	}
}

// TestPanelIsModalOnlyWhereItCoversThePage: turning the device changes it, and keeps the focus.
func TestPanelIsModalOnlyWhereItCoversThePage(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	const focused = " && widget().activeElement === $('.row textarea')"
	v.until("!$('.panel').matches(':modal') && !$('.panel').ariaModal" + focused)
	v.resize(640, 300)
	v.until("$('.panel').matches(':modal')" + focused)
	v.resize(1280, 800)
	v.until("!$('.panel').matches(':modal') && !$('.panel').hidden" + focused)
	v.resize(390, 844)
	v.until("$('.panel').matches(':modal')")
	v.do("$('.panel').dispatchEvent(new Event('cancel', {cancelable: true}))") // as by the Back gesture of a phone
	v.until("$('.panel').hidden && widget().activeElement === $('.launcher')")
	v.quiet()
}

// resize changes the size of the window.
func (w *window) resize(width, height int64) {
	w.t.Helper()
	send(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 2,
	})
}

// TestKeyboardOfAPhoneHidesNothing: composer and newest message stay above the keyboard, which covers a part of the
// page.
func TestKeyboardOfAPhoneHidesNothing(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v, token := talk(t, phone, w, "en")
	w.Reply(t, token, strings.Repeat("line\n", 40)+"end")
	v.until("$('.USER')")
	v.do("for (const [name, value] of Object.entries({height: 400, offsetTop: 30})) " +
		"Object.defineProperty(visualViewport, name, {get: () => value, configurable: true}); " +
		"visualViewport.dispatchEvent(new Event('resize'))")
	v.until("$('.panel').getBoundingClientRect().top === 30 && $('.panel').getBoundingClientRect().bottom === 430")
	v.until("$('.USER').getBoundingClientRect().bottom <= $('.log').getBoundingClientRect().bottom && " +
		"$('.send').getBoundingClientRect().bottom <= 430")
	v.do("delete visualViewport.height; delete visualViewport.offsetTop; " +
		"visualViewport.dispatchEvent(new Event('resize'))")
	v.until("$('.panel').getBoundingClientRect().height === innerHeight")
	// The composer grows in the frame in which the log has scrolled by itself.
	v.do("const log = $('.log'), text = $('.row textarea'); log.scrollTop = log.scrollHeight - log.clientHeight - 10; " +
		"text.value = 'one\\ntwo\\nthree\\nfour'; text.dispatchEvent(new Event('input'))")
	v.until("$('.row textarea').clientHeight > 80 && " +
		"$('.USER').getBoundingClientRect().bottom <= $('.log').getBoundingClientRect().bottom")
	v.resize(390, 500) // as if the keyboard changed the page's size
	v.until("$('.USER').getBoundingClientRect().bottom <= $('.log').getBoundingClientRect().bottom && " +
		"$('.send').getBoundingClientRect().bottom <= 500")
	v.quiet()
}

// TestArabicPageMirrorsTheSides: the agent's name and messages stand at the right, the visitor's at the left.
func TestArabicPageMirrorsTheSides(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	user := w.NewUser(t)
	v, token := talk(t, desktop, w, "ar")
	w.Writer().Send(t, 201, "POST", "/conversations/"+token+"/messages",
		harness.Map{"content": "Hello, in English", "authorId": user.Int("id")})
	v.until("texts('.name').includes('" + user.Text("name") + "')")
	v.until(`(() => {
		const log = $('.log').getBoundingClientRect();
		const isAt = (s, side) => Math.abs($(s).getBoundingClientRect()[side] - log[side]) < 70;
		return isAt('.who:not(.own) .face', 'right') && isAt('.who:not(.own) .name', 'right') && isAt('.USER', 'right') &&
			isAt('.VISITOR', 'left') && isAt('.own', 'left');
	})()`)
	v.quiet()
}

// TestThemeFollowsTheSystem while the page is open.
func TestThemeFollowsTheSystem(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	const background = "getComputedStyle($('.panel')).backgroundColor"
	v.until(background + " === 'rgb(255, 255, 255)'")
	send(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: "dark"},
	}})
	v.until(background + " === 'rgb(22, 24, 29)'")
	v.quiet()
}
