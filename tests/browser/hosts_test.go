package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// works checks that the launcher is where it belongs, and that the visitor can open the chat by a click and write.
func (w *window) works(t *testing.T) {
	t.Helper()
	w.until("$('.launcher')")
	w.until(`(() => {
		const l = $('.launcher').getBoundingClientRect();
		const isNear = (distance) => distance >= 0 && distance < 41;
		const isInCorner = l.width === 56 && isNear(innerWidth - l.right) && isNear(innerHeight - l.bottom);
		return isInCorner && document.elementFromPoint(l.x + 28, l.y + 28) === document.querySelector('[data-fivechat]');
	})()`)
	w.do("if (!$('.panel') || $('.panel').hidden) $('.launcher').click()")
	w.until("!$('.panel').hidden && widget().activeElement === $('.row textarea')")
	text := harness.Unique("Hello ")
	w.say(text)
	w.until("texts('.line').includes('" + text + "') && texts('.state').includes('Sent')")
}

// TestHostilePages puts the widget on pages whose style sheets and scripts would hide, move or remove it.
func TestHostilePages(t *testing.T) {
	t.Parallel()
	for name, hostile := range map[string]string{
		"empty elements are hidden": `<style>div:empty, *:empty { display: none }</style>`,
		"a theme like Dawn": `<style>html { box-sizing: border-box; font-size: 62.5%; height: 100% } ` +
			`*, *::before, *::after { box-sizing: inherit } body { display: grid; grid-template-rows: auto auto 1fr auto; ` +
			`grid-template-columns: 100%; min-height: 100%; margin: 0; font-size: 1.5rem; letter-spacing: 0.06rem } ` +
			`a:empty, ul:empty, dl:empty, div:empty, section:empty, article:empty, p:empty, h1:empty, h2:empty, h3:empty ` +
			`{ display: none } dialog { visibility: hidden } textarea { appearance: none; min-height: 10rem }</style>`,
		"every div is positioned": `<style>div { position: relative; z-index: 0; ` +
			`pointer-events: none }</style>`,
		"children of the body are boxes": `<style>body > * { width: 100%; max-width: 1200px; margin: ` +
			`0 auto; padding: 40px }</style>`,
		"children of the body are invisible": `<style>body > * { opacity: 0 } body > *:not(main) { ` +
			`display: none !important }` +
			`</style>`,
		"everything is reset": `<style>* { all: unset !important }</style>`,
		"everything is restyled": `<style>* { position: static !important; display: inline ` +
			`!important; transform: rotate(9deg) !important; visibility: hidden !important; margin: ` +
			`99px !important }</style>`,
		"the body is transformed": `<style>html, body { transform: scale(0.5); filter: blur(1px); ` +
			`opacity: 0.1; overflow: hidden }</style>`,
		"the body is zoomed": `<style>body { zoom: 2 }</style>`,
		"something is on top": `<style>main { position: fixed; inset: 0; z-index: 2147483647; ` +
			`background: white }</style>`,
		"requests are traced": `<script>const f = fetch; window.fetch = (u, o = {}) => f(u, ` +
			`{...o, headers: {...o.headers, 'sentry-trace': 'x', baggage: 'y', traceparent: 'z'}})</script>`,
		"arrays are extended": `<script>Array.prototype.first = function () { return this[0] ` +
			`}; Object.prototype.extra = function () {}; delete Array.prototype.at</script>`,
		"arrays have a toJSON, as by Prototype.js": `<script>Array.prototype.toJSON = function () { return ` +
			`'[' + this.map((v) => JSON.stringify(v)).join(', ') + ']' }</script>`,
		"storage is blocked": `<script>for (const s of ['localStorage', 'sessionStorage']) ` +
			`Object.defineProperty(window, s, { get() { throw new DOMException('blocked', ` +
			`'SecurityError') } })</script>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			v := open(t, desktop, site(t, shop("en", hostile, tag(w.ClientToken))))
			v.works(t)
			v.quiet()
		})
	}
}

// TestReplacedPages replaces the page below the widget. It comes back, with its state.
func TestReplacedPages(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]string{
		"new content": `document.body.innerHTML = '<h1>app</h1>'`,
		"new " +
			"body": `document.documentElement.replaceChild(document.createElement('body'), document.body)`,
		"new root content": `document.documentElement.innerHTML = '<head></head><body><h1>app</h1></body>'`,
		"removed":          `document.querySelector('[data-fivechat]').remove()`,
		"removed, another tag": `document.querySelector('[data-fivechat]').remove(); const s = ` +
			`document.createElement('script'); s.src = $tag; document.head.append(s)`,
		"document.open": `document.open(); document.write('<!doctype ` +
			`html><title>new</title><body><h1>app</h1>'); document.close()`,
		"a copy of a cache": `const copy = document.documentElement.cloneNode(true); ` +
			`document.documentElement.replaceChildren(...copy.childNodes)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			v := open(t, desktop, site(t, shop("en", tag(w.ClientToken))))
			v.works(t)
			v.do("$('.row textarea').focus()")
			v.write("half a sen")
			v.do(strings.ReplaceAll(replace, "$tag", "'"+w.URL+"/widget/"+w.ClientToken+"'"))
			v.until("document.querySelectorAll('[data-fivechat]').length === 1 && $('.launcher') && " +
				"!$('.panel').hidden")
			if text := eval[string](v, "$('.row textarea').value"); text != "half a sen" {
				t.Errorf("the text is %q", text)
			}
			v.do("$('.row textarea').value = ''; window.fivechat('close')")
			v.until("$('.panel').hidden")
			v.works(t)
		})
	}
}

// TestScriptKnowsItsServer loads the script in the ways that pages use.
func TestScriptKnowsItsServer(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	address := w.URL + "/widget/" + w.ClientToken
	text := string(w.Public().Do(t, "GET", "/widget/"+w.ClientToken, nil).Want(t, 200).Body)
	stated := `<script>window.fivechatServer = '` + w.URL + `'</script>`
	for name, tags := range map[string]string{
		"a module":         `<script type="module">await import('` + address + `')</script>`,
		"a module's tag":   `<script type="module" src="` + address + `"></script>`,
		"with crossorigin": `<script async crossorigin src="` + address + `"></script>`,
		"inline":           stated + `<script>` + text + `</script>`,
		"from a blob": stated + `<script>fetch('` + address + `').then((r) => ` +
			`r.blob()).then((b) => { const s = document.createElement('script'); s.src = ` +
			`URL.createObjectURL(b); document.head.append(s) })</script>`,
		"injected by a text": `<script>fetch('` + address + `').then((r) => r.text()).then((t) => ` +
			`eval(t + '//# sourceURL=` + address + `'))</script>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := open(t, desktop, site(t, shop("en", tags)))
			v.works(t)
			v.quiet()
		})
	}
	t.Run("inline, without its server", func(t *testing.T) {
		t.Parallel()
		v := open(t, desktop, site(t, shop("en", `<script>`+text+`</script>`, `<script>window.after `+
			`= true</script>`)))
		v.until("window.after")
		v.says(t, "set window.fivechatServer")
		if eval[bool](v, "!!document.querySelector('[data-fivechat]')") {
			t.Error("a widget without a server is shown")
		}
	})
}

// says waits until the console of the page has a text.
func (w *window) says(t *testing.T, text string) {
	t.Helper()
	harness.Eventually(t, patience, "the console says "+text, func() (bool, any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return strings.Contains(strings.Join(w.complain, "\n"), text), w.complain
	})
}

// TestIsolatedPages opens pages with policies against other origins.
func TestIsolatedPages(t *testing.T) {
	t.Parallel()
	host := harness.Running().URL
	for name, headers := range map[string][]string{
		"COEP":    {"Cross-Origin-Embedder-Policy", "require-corp", "Cross-Origin-Opener-Policy", "same-origin"},
		"a nonce": {"Content-Security-Policy", "default-src 'none'; script-src 'nonce-abc'; connect-src " + host},
		"strict": {"Content-Security-Policy", "script-src 'nonce-abc' 'strict-dynamic'; " +
			"require-trusted-types-for 'script'; trusted-types 'none'"},
		"no " +
			"frame": {"X-Frame-Options", "DENY", "Referrer-Policy", "no-referrer", "Permissions-Policy", "storage-access=()"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			nonced := strings.Replace(tag(w.ClientToken), "<script", `<script nonce="abc"`, 1)
			v := open(t, desktop, site(t, shop("en", nonced), headers...))
			v.works(t)
			v.quiet()
		})
	}
}

// TestRefusedChatIsNotOffline: a visitor whose chat the server refuses isn't shown as disconnected, and the console
// says
// why.
func TestRefusedChatIsNotOffline(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	text := string(w.Public().Do(t, "GET", "/widget/"+w.ClientToken, nil).Want(t, 200).Body)
	for name, session := range map[string]struct {
		status int
		cors   bool
		says   string
	}{
		"404":  {404, true, "the server refuses the chat (/visitor/sessions: 404)"},
		"403":  {403, true, "the server refuses the chat (/visitor/sessions: 403)"},
		"CORS": {200, false, "it does not allow the origin http://127.0.0.1:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/visitor/sessions" || session.cors {
					out.Header().Set("Access-Control-Allow-Origin", "*")
					out.Header().Set("Access-Control-Allow-Headers", "*")
				}
				out.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
				switch {
				case r.Method == http.MethodOptions:
				case strings.HasPrefix(r.URL.Path, "/widget"):
					got := w.Public().Do(t, "GET", r.URL.Path, nil)
					out.Header().Set("Content-Type", got.Header.Get("Content-Type"))
					_, _ = out.Write(got.Body)
				default:
					out.WriteHeader(session.status)
				}
			}))
			t.Cleanup(server.Close)
			v := open(t, desktop, site(t, shop("en", `<script>window.fivechatServer = '`+server.URL+`'</script>`,
				`<script>`+text+`</script>`)))
			v.pressLauncher()
			v.until("texts('.note span').includes('The chat is not available right now.')")
			v.says(t, session.says)
		})
	}
}

// TestPageFactsNeverForbidTheChat: whatever the page's address, title and context hold, the visitor can write.
func TestPageFactsNeverForbidTheChat(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 17_000)
	for name, c := range map[string]struct{ head, address string }{
		"a long fragment":  {"", "/#state=" + long},
		"a long path":      {"", "/" + strings.Repeat("é", 1_500)},
		"half a character": {`<script>document.title = 'Deal \ud83d'</script>`, "/"},
		"a large context": {`<script>fivechat('identify', {name: 'a'.repeat(99) + '\u{1f600}', ` +
			`note: 'x'.repeat(16100), odd: '\udc00', self: window})</script>`, "/"},
		"a context that fits, and a longer address": {`<script>fivechat('identify', {note: ` +
			`'x'.repeat(8000)})</script>`, "/" + strings.Repeat("a", 900)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			queue := `<script>window.fivechat = function () { (fivechat.q = fivechat.q || ` +
				`[]).push(arguments); };</script>`
			v := open(t, desktop, site(t, shop("en", queue, c.head, tag(w.ClientToken)))+c.address)
			v.works(t)
			v.do("$('.row textarea').focus()")
			v.do(`$('.row textarea').value = 'half \ud83d'`)
			v.press("Enter", "\r")
			v.until("texts('.line').includes('half \ufffd') && texts('.state').includes('Sent')")
		})
	}
}
