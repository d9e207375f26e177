package browser

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// visits counts the sessions that the page has begun, in the browser's list of requests.
const visits = "performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/visitor/sessions')).length"

// visitors returns the number of a website's visitors.
func visitors(t *testing.T, w *harness.Website) int64 {
	t.Helper()
	return w.Reader().Get(t, "/visitors").Int("total")
}

// TestNoVisitorBeforeAReason: a page view creates no visitor, but opening the chat does, and so does identify. A known
// visitor is resumed at once.
func TestNoVisitorBeforeAReason(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	ready := `<script>window.fivechat = function () { (fivechat.q = fivechat.q || []).push(arguments); }; ` +
		`fivechat('on', 'ready', () => { window.ready = true; });</script>`
	v := open(t, desktop, site(t, shop("en", ready, tag(w.ClientToken))))
	v.until("$('.launcher') && window.ready")
	// The response to this request comes after those to the widget's requests.
	v.until("fetch('" + w.URL + "/widgets/" + w.ClientToken + "').then((a) => a.ok)")
	if n, made := visitors(t, w), eval[int](v, visits); n != 0 || made != 0 {
		t.Errorf("a page view created %d visitors and %d sessions", n, made)
	}
	v.do("$('.launcher').click()")
	v.until(visits + " === 1")
	harness.Eventually(t, patience, "the visitor who opened the chat", func() (bool, any) {
		n := visitors(t, w)
		return n == 1, n
	})
	v.reload()
	v.until("$('.launcher') && window.ready && " + visits + " === 1")
	if n := visitors(t, w); n != 1 {
		t.Errorf("a returning visitor is one of %d", n)
	}
	v.quiet()

	named := open(t, desktop, site(t, shop("en", ready, `<script>fivechat('identify', {name: 'Vera'})</script>`,
		tag(w.ClientToken))))
	harness.Eventually(t, patience, "the visitor who was identified", func() (bool, any) {
		rows := w.Reader().Get(t, "/visitors").List("data")
		return len(rows) == 2 && rows[0].Text("name") == "Vera", rows
	})
	named.quiet()
}

// TestPageAddressIsCut: the fragment of the page's address never leaves the page, and of its query only the parameters
// that the website names.
func TestPageAddressIsCut(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{"pageParameters": []string{"lang"}})
	at := site(t, shop("en", tag(w.ClientToken)), "Referrer-Policy", "unsafe-url")
	v := open(t, desktop, at+"/account/reset?token=secret-of-the-query&lang=de#secret-of-the-fragment")
	v.pressLauncher()
	v.until(visits + " === 1")
	var context string
	harness.Eventually(t, patience, "the visitor", func() (bool, any) {
		rows := w.Reader().Get(t, "/visitors").List("data")
		if len(rows) == 1 {
			context = rows[0].Text("context")
		}
		return context != "", rows
	})
	if !strings.Contains(context, fmt.Sprintf("%q", at+"/account/reset?lang=de")) || strings.Contains(context, "secret") {
		t.Errorf("the widget sent the page's address: %s", context)
	}
	v.quiet()
}

// TestSecretIsKept: the visitor's secret survives a reload. An open page of an older version without secrets, which
// overwrites the visitor, doesn't remove it.
func TestSecretIsKept(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.say("one")
	v.until("texts('.state').includes('Sent')")
	token := conversation(t, w)
	v.do("const k = 'fivechat:" + w.ClientToken +
		"'; localStorage.setItem(k, JSON.stringify({visitor: 'vis_another', outbox: [], asked: false}))")
	v.reload()
	v.until("$('.launcher') && " + visits + " === 1")
	v.until("texts('.line').join() === 'one'") // the panel was open
	v.say("two")
	v.until("texts('.state').includes('Sent')")
	if got := contents(t, w, token); got != "one | two" {
		t.Errorf("the conversation: %s", got)
	}
	v.quiet()
}
