package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// TestVisitorsPage shows who is on the website and where, finds one by a name, and opens them beside the list.
func TestVisitorsPage(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Pro)
	on := func(name, path string) harness.Session {
		return w.Visit(t, harness.Map{
			"name": name, "context": harness.Map{"page": "https://shop.example" + path, "title": "Page " + path},
		})
	}
	vera := on("Vera Lindqvist", "/shop/atlas")
	on("Nils Berg", "/help")
	vera.Open(t, "Is the atlas in stock?")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "/visitors")
	c.until("document.querySelectorAll('.row.visitor').length === 2 && " +
		"document.querySelector('.desk-views .selected b')?.textContent === '2'")
	c.accessible()
	c.picture("console-visitors")
	c.do("document.querySelector('[name=page]').focus()")
	c.write("/shop")
	c.until("document.querySelectorAll('.row.visitor').length === 1 && " +
		"document.querySelector('.visitor .where').textContent === 'Page /shop/atlas'")
	c.do("document.querySelector('.row.visitor').click()")
	c.until("document.querySelector('.drawer .who b')?.textContent === 'Vera Lindqvist' && " +
		"document.querySelector('.drawer .earlier')?.textContent.includes('Is the atlas in stock?')")
	c.accessible()
	c.until("document.querySelector('.drawer .visit a')?.textContent === 'shop.example/shop/atlas'")
	c.do("document.querySelector('.drawer .note-composer textarea').focus()")
	c.write("Prefers parcels to the office.")
	c.press("Enter", "\r")
	c.until("document.querySelector('.drawer .private-note .note-text')?.textContent.includes('to the office')")
	c.do("window.confirm = () => true; document.querySelector('.drawer .who .icon').focus()")
	c.press("Enter", "\r")
	c.until("document.querySelector('.menu-item')")
	c.press("Enter", "\r")
	c.until("document.querySelector('.drawer .who .error')")
	c.accessible()
	c.do("document.querySelector('.drawer header .icon').click()")
	c.until("!document.querySelector('.drawer')")
	c.do("[...document.querySelectorAll('.desk-views a')][1].click()")
	c.until("document.querySelectorAll('.row.visitor').length === 2 && !document.querySelector('[name=page]')")
	c.do("document.querySelector('#search').focus()")
	c.write("lindq")
	c.until("document.querySelectorAll('.row.visitor').length === 1 && location.search.includes('lindq')")
	c.quiet()
}
