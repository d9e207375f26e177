package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"fivechat.dev/tests/harness"
)

// close closes a tab as a visitor does.
func (w *window) close() {
	w.t.Helper()
	send(w, page.Close, cdp.Empty{})
}

// TestTabsShareOneStream: five tabs of a visitor read one event stream. When its tab is closed, another one reads on,
// and nothing is lost or shown twice.
func TestTabsShareOneStream(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	g := newGate(t, w.URL)
	at := site(t, shop("en", g.tag(w.ClientToken)))
	tabs := []*window{open(t, desktop, at)}
	tabs[0].pressLauncher()
	tabs[0].say("one")
	tabs[0].until("texts('.state').includes('Sent')")
	for range 4 {
		v := tabs[0].tab(at)
		v.pressLauncher()
		v.until("texts('.line').join() === 'one'")
		tabs = append(tabs, v)
	}
	token := conversation(t, w)
	path := "/conversations/" + token
	said := []string{"one"}
	lines := func() string { return "texts('.line').join() === '" + strings.Join(said, ",") + "'" }
	all := func(visible string) {
		t.Helper()
		for _, v := range tabs {
			v.within(quick, visible)
		}
	}
	for {
		all(lines())
		if len(tabs) == 2 {
			break
		}
		w.Writer().Do(t, "POST", path+"/typing", harness.Map{"typing": true}).Want(t, 204)
		all("$('.typing').textContent.includes('typing')")
		answer := fmt.Sprint("answer ", len(tabs))
		w.Reply(t, token, answer)
		said = append(said, answer)
		all(lines())
		// The proxy may notice a moment later that a tab was closed.
		harness.Eventually(t, quick, fmt.Sprint(len(tabs), " tabs have one stream"), func() (bool, any) {
			n := g.open.Load()
			return n == 1, n
		})
		tabs[0].close()
		tabs = tabs[1:]
		missed := fmt.Sprint("missed ", len(tabs)) // perhaps while no tab leads
		w.Reply(t, token, missed)
		said = append(said, missed)
	}
	if n := g.opened.Load(); n > 4 {
		t.Errorf("%d streams were opened for five tabs, of which three led", n)
	}
	tabs[1].do("$('.row textarea').focus()")
	tabs[1].write("Yes, pl")
	harness.Eventually(t, quick, "the agent sees the visitor type", func() (bool, any) {
		c := w.Reader().Get(t, path).Object("conversation")
		return c.Bool("visitorTyping"), c
	})
	if rows := w.Reader().Get(t, "/visitors").List("data"); len(rows) != 1 {
		t.Errorf("the agents see %d visitors", len(rows))
	}
	tabs[0].quiet()
}

// TestTabStreamsByItselfWithoutLocks: a page in a sandbox has neither locks nor storage, and works.
func TestTabStreamsByItselfWithoutLocks(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := open(t, desktop, site(t, shop("en", tag(w.ClientToken)), "Content-Security-Policy", "sandbox allow-scripts"))
	v.works(t)
	w.Reply(t, conversation(t, w), "OMEGA")
	v.until("texts('.line').includes('OMEGA')")
	v.quiet()
}

// TestWayBackKeepsTheChat: the browser keeps a page with a conversation for the way back. Then the page follows the
// conversation again, and has what happened meanwhile.
func TestWayBackKeepsTheChat(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v := visitor(t, desktop, w, "en")
	v.say("one")
	v.until("texts('.state').includes('Sent') && navigator.locks.query().then((q) => q.held.length)")
	token := conversation(t, w)
	v.do("window.kept = true; location.href = '/next'")
	v.until("!window.kept && $('.panel') && texts('.line').join() === 'one'")
	v.say("two")
	v.until("texts('.line').join() === 'one,two' && texts('.state').includes('Sent')")
	v.do("history.back()")
	v.until("location.pathname === '/' && window.kept && texts('.line').join() === 'one,two'")
	w.Reply(t, token, "three")
	v.within(quick, "texts('.line').join() === 'one,two,three'")
	v.quiet()
}
