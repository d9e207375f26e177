package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// TestReference checks that the API's reference shows the operations and their responses, and calls them with a token.
// It requests nothing from other hosts.
func TestReference(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	shop := s.Website(t, harness.Pro)
	w := open(t, desktop, s.URL+"/docs")
	w.until(`document.querySelector('.info .title')?.textContent.includes('Fivechat')`)
	w.until(`document.querySelector('.opblock')`)
	w.picture("docs")
	only := func(tag string) { // a long list has only the operations on the screen, so the page filters by tag
		w.do("const f = document.querySelector('.operation-filter-input'); f.focus(); f.select()")
		w.write(tag)
	}
	only("Tickets")
	w.until(`document.querySelectorAll('.opblock').length > 6`)
	w.do(`document.querySelector('#operations-Tickets-createTicket button').click()`)
	w.until(`document.querySelector('#operations-Tickets-createTicket')?.innerText.includes('plan PRO')`)
	w.until(`document.querySelector('#operations-Tickets-createTicket')?.innerText.includes('Idempotency-Key')`)
	w.do(`document.querySelector('#operations-Tickets-createTicket').scrollIntoView()`)
	w.picture("docs-operation")
	w.do(`document.querySelector('.auth-wrapper .authorize').click()`)
	const bearer = `[...document.querySelectorAll('.auth-container')].find((c) => c.textContent.includes('Bearer'))`
	w.until(bearer + `?.querySelector('input')`)
	w.do(bearer + `.querySelector('input').focus()`)
	w.write(shop.Secret(harness.Read))
	w.do(bearer + `.querySelector('.authorize').click(); document.querySelector('.btn-done').click()`)
	only("Website")
	w.until(`document.querySelector('#operations-Website-getWebsite button')`)
	w.do(`document.querySelector('#operations-Website-getWebsite button').click()`)
	w.until(`document.querySelector('#operations-Website-getWebsite .try-out__btn')`)
	w.do(`document.querySelector('#operations-Website-getWebsite .try-out__btn').click()`)
	w.until(`document.querySelector('#operations-Website-getWebsite .execute')`)
	w.do(`document.querySelector('#operations-Website-getWebsite .execute').click()`)
	w.until(`document.querySelector('#operations-Website-getWebsite .live-responses-table')?.innerText.includes('` +
		shop.ClientToken + `')`)
	elsewhere := eval[[]string](w,
		`performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith(location.origin) && `+
			`!n.startsWith('data:'))`)
	if len(elsewhere) > 0 {
		t.Errorf("the reference sends requests to other hosts: %q", elsewhere)
	}
	w.quiet()
}
