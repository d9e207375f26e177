package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"fivechat.dev/libs/client/api"
	"fivechat.dev/tests/harness"
)

// item is the entry of the header's menu with a text.
func item(text string) string {
	return "$$('.menu button').find((e) => e.textContent === '" + text + "')"
}

// choose opens the header's menu and chooses an entry, by keys alone.
func (w *window) choose(text string) {
	w.t.Helper()
	w.do("$('.options .icon').focus()")
	w.press("Enter", "\r")
	w.until("$('.options .icon').ariaExpanded === 'true' && !" + item(text) + ".hidden")
	w.do(item(text) + ".focus()")
	w.press("Enter", "\r")
	w.until("$('.menu').hidden")
}

// newest is the token of the newest of a number of conversations.
func newest(t *testing.T, w *harness.Website, count int) string {
	t.Helper()
	rows := w.Reader().Get(t, "/conversations").List("data")
	if len(rows) != count {
		t.Fatalf("%d conversations, not %d", len(rows), count)
	}
	return rows[0].Text("token")
}

// TestEarlierConversationsCanBeRead: the visitor ends a conversation, begins another one, reads the first one again and
// returns.
func TestEarlierConversationsCanBeRead(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	v, first := talk(t, desktop, w, "ar")
	w.Reply(t, first, "Here is **the atlas**.")
	v.until("$('.USER') && " + item("المحادثات السابقة") + ".hidden")
	v.do("$('.options .icon').focus(); $('.options .icon').click(); $('.options .icon').blur()") // as Safari does
	v.until("!$('.menu').hidden")
	v.do("$('.log').dispatchEvent(new PointerEvent('pointerdown', {bubbles: true}))")
	v.until("$('.menu').hidden")
	v.choose("إنهاء المحادثة")
	v.until("!$('.end').hidden && $('.end').contains(widget().activeElement)")
	if c := w.Reader().Get(t, "/conversations/"+first).Object("conversation"); c.Text("status") != "CLOSED" {
		t.Errorf("ended: %s", c)
	}
	v.do("$$('.end .link')[0].click()")
	v.say("Two")
	v.until("texts('.line').join() === 'Two' && $('.VISITOR:not(.sending)') && !" + item("المحادثات السابقة") + ".hidden")
	second := newest(t, w, 2)

	v.choose("المحادثات السابقة")
	v.until("texts('.earlier li .text').join() === 'Here is the atlas.' && " +
		"widget().activeElement === $('.earlier li button') && $('.row').hidden")
	v.accessible()
	v.press("Enter", "\r")
	v.until("texts('.earlier .line').join() === 'Hello,Here is the atlas.' && " +
		"widget().activeElement === $('.earlier .log') && $('.earlier strong')")
	v.accessible()
	w.Reply(t, second, "Are you there?")
	v.until("$('.earlier-foot .link').textContent.endsWith(' (1)')")
	if m := w.Reader().Get(t, "/conversations/"+second).List("messages"); len(m) != 2 || m[1].Bool("read") {
		t.Errorf("a message that isn't on the screen counts as read: %v", m)
	}
	v.do("$('.earlier-foot .link').click()")
	v.until("$('.earlier li')")
	v.press("Escape", "")
	v.until("$('.earlier').hidden && widget().activeElement === $('.row textarea') && " +
		"texts('.line').join() === 'Two,Are you there?'")
	harness.Eventually(t, patience, "the agent sees that it is read", func() (bool, any) {
		m := w.Reader().Get(t, "/conversations/"+second).List("messages")[1]
		return m.Bool("read"), m
	})
	v.quiet()
}

// TestHeaderShowsTheUsualReplyTime: agents have answered five conversations at once, and one is online.
func TestHeaderShowsTheUsualReplyTime(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	rows := make([]api.ImportRow, 5) // a session before the answers would make the server remember that it has none
	for i := range rows {
		rows[i] = harness.Dialogue(fmt.Sprint("row/", i), "Hello?")
	}
	harness.Of(w.Agent().API(t).ImportConversations(t.Context(), nil, api.Import{Rows: rows})).OK(t)
	for _, c := range w.Reader().Get(t, "/conversations").List("data") {
		w.Reply(t, c.Text("token"), "Hello!")
	}
	harness.Eventually(t, patience, "the statistics know the answers", func() (bool, any) {
		days := w.Reader().Get(t, "/statistics/history").List("data")
		return days[len(days)-1].Object("firstResponse").Int("count") == 5, days
	})
	user := w.NewUser(t)
	v := visitor(t, desktop, w, "de")
	v.until("$('.note').textContent && $('.replies').hidden && $('.replies').textContent.endsWith(': 1 Minute')")
	w.Writer().Do(t, "POST", "/users/"+harness.PathID(user.Int("id"))+"/heartbeat", nil).Want(t, 204)
	v.reload()
	v.until("$('.replies') && !$('.replies').hidden && $('.replies').textContent === 'Übliche Antwortzeit: 1 Minute'")
	v.accessible()
	v.quiet()
}

// TestAwayTextSaysWhenAgentsAreBack outside of the business hours, in the visitor's time zone and language.
func TestAwayTextSaysWhenAgentsAreBack(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	user := w.NewUser(t)
	opening := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 2).Add(9 * time.Hour)
	weekday := func(at time.Time) string { return strings.ToUpper(at.Weekday().String()[:3]) }
	patch := func(days ...harness.Map) {
		w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{
			"awayMessages":  `["We sleep.", {"lang": "de", "text": "Wir schlafen."}]`,
			"businessHours": harness.Map{"timezone": "UTC", "days": days},
		})
	}
	patch(harness.Map{"day": weekday(opening), "from": "09:00", "to": "17:00"})
	v := open(t, desktop, site(t, shop("de", tag(w.ClientToken))))
	send(v, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"})
	v.pressLauncher()
	back := fmt.Sprintf("new Intl.DateTimeFormat('de', {weekday: 'long', hour: 'numeric', minute: '2-digit', "+
		"timeZone: 'Asia/Tokyo'}).format(%d)", opening.UnixMilli())
	v.until("$('.note span')?.textContent === 'Wir schlafen.\\nWieder da: ' + " + back)
	if got := eval[string](v, back); !strings.Contains(got, "18:00") {
		t.Errorf("opens at %s in Tokyo", got)
	}
	v.accessible()

	var always []harness.Map
	for n := range 7 {
		always = append(always, harness.Map{"day": weekday(opening.AddDate(0, 0, n)), "from": "00:00", "to": "24:00"})
	}
	patch(always...)
	inHours := open(t, desktop, site(t, shop("de", tag(w.ClientToken))))
	inHours.pressLauncher()
	inHours.until("$('.note span')?.textContent.startsWith('Gerade ist niemand da.')")

	w.Writer().Do(t, "POST", "/users/"+harness.PathID(user.Int("id"))+"/heartbeat", nil).Want(t, 204)
	patch(harness.Map{"day": weekday(opening), "from": "09:00", "to": "17:00"})
	there := visitor(t, desktop, w, "de")
	there.until("$('.note').hidden")
	for _, v := range []*window{v, inHours, there} {
		v.quiet()
	}
}

// TestEndedConversationIsContinued, or another one begins, as the website's setting says.
func TestEndedConversationIsContinued(t *testing.T) {
	t.Parallel()
	for reopen, count := range map[bool]int{true: 1, false: 2} {
		t.Run(fmt.Sprint(reopen), func(t *testing.T) {
			t.Parallel()
			w := harness.Running().Website(t, harness.Free)
			w.Writer().Send(t, 200, "PATCH", "/widgets/"+w.ClientToken, harness.Map{"reopen": reopen})
			v, token := talk(t, desktop, w, "en")
			w.Writer().Send(t, 200, "PATCH", "/conversations/"+token, harness.Map{"status": "CLOSED"})
			v.until(fmt.Sprintf("!$('.end').hidden && $('.row').hidden !== %v", reopen))
			v.accessible()
			if !reopen {
				v.do("$$('.end .link')[0].click()")
			}
			v.say("One more thing")
			v.until("$('.end').hidden && texts('.line').includes('One more thing') && !$('.sending')")
			last := newest(t, w, count)
			if c := w.Reader().Get(t, "/conversations/"+last).Object("conversation"); c.Text("status") != "OPEN" ||
				(last == token) != reopen {
				t.Errorf("it is written into %s", c)
			}
			v.quiet()
		})
	}
}

// TestVisitorSavesTheConversation as a text file, under a strict Content-Security-Policy too.
func TestVisitorSavesTheConversation(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	host := harness.Running().URL
	v := open(t, desktop, site(t, shop("en", tag(w.ClientToken)), "Content-Security-Policy",
		"default-src 'none'; script-src "+host+"; connect-src "+host))
	v.pressLauncher()
	v.until("$('.options')?.hidden")
	v.say("Is it there?")
	v.until("$('.VISITOR:not(.sending)')")
	w.Reply(t, conversation(t, w), "It *is*.")
	v.until("$('.USER')")
	v.do("const real = URL.createObjectURL; " +
		"URL.createObjectURL = (blob) => { window.saved = blob; return real(blob); }; " +
		"HTMLAnchorElement.prototype.click = function () { window.named = this.download; }")
	v.choose("Save chat")
	v.until("window.saved && /^chat-\\d{4}-\\d\\d-\\d\\d\\.txt$/.test(window.named)")
	got := eval[string](v, "saved.text()")
	if want := eval[string](v, "$$('time').map((e, i) => new Intl.DateTimeFormat('en', "+
		"{dateStyle: 'long', timeStyle: 'short'}).format(new Date(e.dateTime)) + "+
		"[' · You\\nIs it there?\\n', ' · Support\\nIt *is*.\\n'][i]).join('\\n')"); got != want {
		t.Errorf("saved %q, not %q", got, want)
	}
	v.quiet()
}
