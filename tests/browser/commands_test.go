package browser

import (
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// stub lets a page call commands before the script has loaded.
const stub = `<script>window.fivechat = window.fivechat || ` +
	`function () { (fivechat.q = fivechat.q || []).push(arguments) }` +
	`</script>`

// contextHas waits until the only visitor's context has a text.
func contextHas(t *testing.T, w *harness.Website, text string) {
	t.Helper()
	harness.Eventually(t, patience, text, func() (bool, any) {
		rows := w.Reader().Get(t, "/visitors").List("data")
		return len(rows) == 1 && strings.Contains(rows[0].Text("context"), text), rows
	})
}

func TestCommandsOfPages(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	early := `<script>fivechat('context', {cart: 'two atlases'}); fivechat('hide')</script>`
	v := open(t, desktop, site(t, shop("en", stub, early, tag(w.ClientToken))))
	v.until("$('.launcher') && $('.launcher').hidden")
	if rows := w.Reader().Get(t, "/visitors").List("data"); len(rows) != 0 {
		t.Errorf("facts alone create visitors: %v", rows)
	}
	v.do("fivechat('message', 'Where is order 7?')")
	v.until("!$('.panel').hidden && $('.row textarea').value === 'Where is order 7?' && !$('.line')")
	v.do("fivechat('message', 'Something else')")
	v.until("$('.row textarea').value === 'Where is order 7?'") // the visitor has begun to write
	v.do("fivechat('message', 'Hello', {send: true})")
	v.until("texts('.line').join() === 'Hello' && texts('.state').some((s) => s.includes('Sent'))")
	contextHas(t, w, "two atlases")
	v.do("fivechat('context', {coupon: 'SEA'})")
	contextHas(t, w, "SEA")
	contextHas(t, w, "two atlases")

	v.do("fivechat('locale', 'de')")
	v.until("$('.row textarea').placeholder.startsWith('Nachricht')")
	if got := eval[string](v, "$('.row textarea').value + texts('.line')"); got != "Where is order 7?Hello" {
		t.Errorf("in German the panel has %q", got)
	}
	v.do("fivechat('locale', 'ar')")
	v.until("document.querySelector('[data-fivechat]').dir === 'rtl' && !$('.panel').hidden && $$('.panel').length === 1")
	v.do("fivechat('close'); fivechat('show')")
	v.until("!$('.launcher').hidden && $('.panel').hidden")
	v.quiet()
	v.do("fivechat('opne')")
	v.says(t, "'opne' is no command. The commands are open, close, toggle,")
}

// TestConsentComesFirst: with data-consent="required" nothing is requested beyond the script, and nothing stored,
// before the page says that the visitor consents. When consent is withdrawn, nothing is left.
func TestConsentComesFirst(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	asking := strings.Replace(tag(w.ClientToken), "<script", `<script data-consent="required"`, 1)
	v := open(t, desktop, site(t, shop("de", stub, `<script>fivechat('identify', {name: 'Vera'})</script>`, asking)))
	requests := "performance.getEntriesByType('resource').filter((e) => e.name.startsWith('" + w.URL + "')).length"
	stored := "JSON.stringify([{...localStorage}, {...sessionStorage}])"
	isUntouched := "!document.querySelector('[data-fivechat]') && " + stored + " === '[{},{}]'"
	v.until("window.fivechatStarted && document.readyState === 'complete'")
	v.do("fivechat('open')")
	if !eval[bool](v, isUntouched+" && "+requests+" === 1") {
		t.Errorf("before consent: %d requests, %s", eval[int](v, requests), eval[string](v, stored))
	}
	v.do("fivechat('consent', true)")
	v.until("$('.panel') && !$('.panel').hidden")
	v.say("Hallo")
	v.until("texts('.line').join() === 'Hallo' && localStorage.length")
	harness.Eventually(t, patience, "the visitor Vera", func() (bool, any) {
		rows := w.Reader().Get(t, "/visitors").List("data")
		return len(rows) == 1 && rows[0].Text("name") == "Vera", rows
	})
	v.do("fivechat('consent', false)")
	v.until(isUntouched)
	v.do("fivechat('consent', true); fivechat('open')")
	v.until("$('.panel') && !$('.panel').hidden && !$('.line')")
	v.quiet()
}

// TestHebrewIsMirrored: a page in Hebrew, by its former code, has the chat from right to left.
func TestHebrewIsMirrored(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "iw")
	v.say("שלום")
	v.until("texts('.state').includes('נשלח')")
	if got := eval[string](v, "getComputedStyle($('.panel')).direction"); got != "rtl" {
		t.Errorf("the direction is %s", got)
	}
	v.accessible()
	v.quiet()
}
