package browser

import (
	"net/http"
	"slices"
	"testing"

	"fivechat.dev/tests/harness"
)

// TestOwnerSetsUpAWebhook: from the first address, which is refused, to the deletion. The secret is shown once, a test
// is delivered and sent again, a pause stops it, and a second thought keeps it.
func TestOwnerSetsUpAWebhook(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	owner := w.Person(t, harness.Owner)
	r := harness.Receive(t, nil)
	c := signedIn(t, desktop, owner, "/settings/webhooks")
	c.until("document.querySelector('.empty')")
	c.accessible()
	c.click("#new-webhook")
	c.into("#webhook [name=url]", "https://user:password@crm.example/")
	c.click("#webhook .primary")
	c.until("document.querySelector('#webhook [name=url]').ariaInvalid === 'true' && " +
		"document.querySelector('#webhook .field .error').textContent")
	c.accessible()
	c.picture("console-webhook-new.png")
	if all := owner.Get(t, "/webhooks").List("data"); len(all) != 0 {
		t.Errorf("a refused address was stored: %v", all)
	}
	c.into("#webhook [name=url]", r.URL)
	c.into("#webhook [name=description]", "CRM")
	c.click(`#webhook [value="ticket.deleted"]`)
	c.click("#webhook .primary")
	const secret = "document.querySelector('.warning code')?.textContent"
	c.until(secret + "?.startsWith('whsec_')")
	first := eval[string](c, secret)
	c.click(".settings a.button")
	c.until("document.getElementById('test')")
	c.click("#test")
	c.until("document.querySelector('#deliveries .delivery')?.textContent.includes('Delivered')")
	c.click("#deliveries summary")
	c.until("document.querySelector('.attempt pre')?.textContent.includes('Webhook-Id') && " +
		"document.querySelector('.delivery > figure')?.textContent.includes('webhook.test')")
	c.accessible()
	c.picture("console-webhook.png")
	c.click("#deliveries .button")
	harness.Eventually(t, patience, "it is sent again", func() (bool, any) {
		n := len(r.Got())
		return n == 2, n
	})
	stored := owner.Get(t, "/webhooks").List("data")[0]
	events := stored.Texts("events")
	if slices.Contains(events, "*") || slices.Contains(events, "ticket.deleted") ||
		!slices.Contains(events, "ticket.created") {
		t.Errorf("the webhook receives %v", events)
	}

	c.click("#pause")
	c.until("document.querySelector('.settings .chip').textContent === 'Paused' && " +
		"document.getElementById('test').disabled")
	c.click("#rotate")
	c.click("[role=dialog] .primary")
	c.until(secret + "?.startsWith('whsec_') && " + secret + " !== '" + first + "'")
	c.click("#delete")
	c.until("document.querySelector('[role=dialog]')")
	c.accessible()
	c.press("Escape", "")
	c.until("!document.querySelector('[role=dialog]')")
	if n := len(owner.Get(t, "/webhooks").List("data")); n != 1 {
		t.Errorf("after a second thought there are %d webhooks", n)
	}
	c.click("#delete")
	c.click("[role=dialog] .primary")
	c.until("location.pathname === '/console/settings/webhooks' && document.querySelector('.empty')")
	agent := signedIn(t, phone, w.Person(t, harness.Agent), "/settings/webhooks")
	agent.until(noRight + " && !document.getElementById('new-webhook')")
	agent.quiet()
}

// TestFailingWebhookShowsWhy: the page of a webhook shows the status and the body that its server answered.
func TestFailingWebhookShowsWhy(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	r := harness.Receive(t, func(rw http.ResponseWriter, _ *http.Request) {
		http.Error(rw, "the disk is full", http.StatusInternalServerError)
	})
	hook := w.NewWebhook(t, r.URL, "conversation.opened")
	w.Visit(t, nil).Open(t, "Is it open?")
	c := signedIn(t, phone, w.Person(t, harness.Admin), "/settings/webhooks")
	c.until("document.querySelector('#webhooks .chip.failed')")
	c.fits("the webhooks")
	c.click("#webhooks a")
	c.until("location.pathname.endsWith('/" + harness.PathID(hook.Int("id")) + "')")
	c.click("#deliveries summary")
	c.until("document.querySelector('.attempt h3')?.textContent.includes('HTTP 500') && " +
		"[...document.querySelectorAll('.attempt pre')].at(-1).textContent.includes('the disk is full')")
	c.fits("a webhook")
	c.accessible()
	c.picture("phone-webhook.png")
	c.quiet()
}
