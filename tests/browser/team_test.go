package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// TestRandomTeam lets two agents, one with two tabs, and three visitors do random things in their browsers, while
// connections break and the server restarts. When everything has come to rest, each page shows what the API says:
// without a reload.
//
// FIVECHAT_CHAT_STEPS is the number of steps, FIVECHAT_CHAT_SEED repeats the steps of another run.
func TestRandomTeam(t *testing.T) {
	t.Parallel()
	steps, seed := number(t, "FIVECHAT_CHAT_STEPS", 25), number(t, "FIVECHAT_CHAT_SEED", int(time.Now().Unix()))
	t.Logf("FIVECHAT_CHAT_STEPS=%d FIVECHAT_CHAT_SEED=%d", steps, seed)
	s := newShift(t, uint64(seed))
	for step := range steps {
		s.step(step)
	}
	s.rest()
	s.check()
}

// shift is a website with visitors who write and agents who answer.
type shift struct {
	*stage
	visitors []*tab
	desks    []*desk
	said     []string // messages that their pages have taken
}

// desk is a tab of an agent with the console.
type desk struct {
	*window
	name      string
	person    harness.Person
	isOffline bool
}

func newShift(t *testing.T, seed uint64) *shift {
	t.Helper()
	s := &shift{stage: newStage(t, seed)}
	at := site(t, shop("en", s.gate.tag(s.website.ClientToken)))
	for i := range 3 {
		s.visitors = append(s.visitors, &tab{window: open(t, desktop, at), name: fmt.Sprint("visitor", i+1)})
	}
	for i := range 2 {
		p := s.website.Person(t, harness.Agent)
		c := open(t, desktop, s.gate.URL+"/console/inbox/all")
		c.enter(p.Email, harness.Password)
		c.until("document.querySelector('.rail')")
		s.desks = append(s.desks, &desk{window: c, person: p, name: fmt.Sprint("agent", i+1)})
		if i == 0 {
			s.desks = append(s.desks, &desk{
				window: c.tab(s.gate.URL + "/console/inbox/all"), person: p, name: "agent1's other tab",
			})
		}
	}
	return s
}

// step does one random thing. What isn't possible at the moment is left out.
func (s *shift) step(n int) {
	s.t.Helper()
	v, c := s.visitors[s.random.IntN(len(s.visitors))], s.desks[s.random.IntN(len(s.desks))]
	at := s.random.IntN(10)
	s.pick(fmt.Sprint(n), append(s.disturbances(), []deed{
		{30, v.name + " writes", func() { s.write(v) }},
		{4, v.name + " goes to another page", func() { v.do("history.pushState({}, '', '/a')") }},
		{4, v.name + " begins anew", func() { v.act(s.t, "$('.end .link')?.click()") }},
		{30, c.name + " opens a conversation", func() { c.do(fmt.Sprintf("%s.at(%d)?.click()", rows, at)) }},
		{30, c.name + " replies", func() { s.reply(c) }},
		{8, c.name + " takes one", func() { c.do("document.getElementById('take')?.click()") }},
		{8, c.name + " closes or reopens one", func() { c.do("document.getElementById('close')?.click()") }},
		{8, c.name + " changes the view", func() {
			c.do(fmt.Sprintf("[...document.querySelectorAll('[data-view]')].at(%d)?.click()", at%9))
		}},
		{5, c.name + " goes back", func() { c.do("if (history.state?.__TSR_index > 0) history.back()") }},
		{5, c.name + " loads the page again", func() {
			if !c.isOffline && s.system != nil && !s.gate.isShut.Load() {
				c.reload()
				c.until("document.querySelector('.rail')")
			}
		}},
		{often(c.isOffline, 5), c.name + " is offline or online", func() { c.cut(!c.isOffline) }},
	}...))
}

func (d *desk) cut(isOffline bool) {
	d.t.Helper()
	d.isOffline = isOffline
	d.offline(isOffline)
}

func (s *shift) write(v *tab) {
	s.t.Helper()
	text := v.text + s.next(v.name)
	if v.add(text[len(v.text):], "$('.send').click()") && v.text == "" {
		s.said = append(s.said, text)
	}
}

// reply sends a reply in the conversation that a desk shows, also if another agent was quicker.
func (s *shift) reply(c *desk) {
	s.t.Helper()
	if !eval[bool](c.window, "document.getElementById('reply')?.value === ''") {
		return
	}
	text := s.next("agent")
	c.do("document.getElementById('reply').focus()")
	c.write(text)
	c.press("Enter", "\r")
	c.do("document.querySelector('.overtaken .primary')?.click()")
	c.until("document.getElementById('reply').value === ''")
	s.said = append(s.said, text)
}

// rest ends all disturbances and waits until everything is sent.
func (s *shift) rest() {
	s.t.Helper()
	s.calm()
	for _, c := range s.desks {
		c.cut(false)
		c.do("dispatchEvent(new Event('online'))")
	}
	for _, v := range s.visitors {
		v.wake()
	}
	for _, v := range s.visitors {
		v.until(allSent)
	}
}

// list is what the API says about a view, and how the console shows it.
type list struct{ view, query string }

var lists = []list{
	{"all", "status=OPEN&snoozed=false&sort=newest"},
	{"unassigned", "status=OPEN&snoozed=false&assigneeId=none&sort=newest"},
	{"mine", "status=OPEN&snoozed=false&assigneeId=me&sort=newest"},
	{"waiting", "status=OPEN&snoozed=false&waiting=true&sort=waiting"},
	{"closed", "status=CLOSED&sort=newest"},
}

// shown is what a page shows of a list.
const shown = rows + `.map((r) => [r.dataset.token, r.querySelector('.preview').textContent.split(' ').at(-1),
	r.querySelector('.badge')?.textContent ?? '0'].join(' ')).join('\n')`

// check compares what all pages show with what the API says.
func (s *shift) check() {
	s.t.Helper()
	said := func(token string) func() string {
		return func() string { return contents(s.t, s.website, token) }
	}
	threads := map[string]bool{}
	for _, row := range s.website.Reader().Get(s.t, "/conversations?limit=100").List("data") {
		threads[row.Text("token")] = true
	}
	for _, c := range s.desks {
		s.retry(c, threads)
	}
	for _, c := range s.desks {
		for _, l := range lists {
			c.do("document.querySelector('[data-view=" + l.view + "]').click()")
			c.same(c.name+", "+l.view, shown, func() string { return s.rows(c.person, l.query) })
		}
		c.same(c.name+", the counts", `[...document.querySelectorAll('[data-view]')].map((v) =>
			v.dataset.view + ' ' + (v.querySelector('.count')?.textContent ?? '0')).join()`, func() string {
			n := c.person.Get(s.t, "/inbox/counts")
			text := ""
			for _, of := range [][2]string{
				{"mine", "mine"},
				{"unassigned", "unassigned"},
				{"all", "open"},
				{"waiting", "waiting"},
				{"overdue", "overdue"},
				{"mentions", "mentioned"},
				{"snoozed", "snoozed"},
				{"closed", "closed"},
				{"spam", "spam"},
			} {
				text += fmt.Sprintf(",%s %d", of[0], n.Int(of[1]))
			}
			return text[1:]
		})
	}
	for token := range threads {
		for _, c := range s.desks {
			s.openAt(c, token)
			c.same(c.name+", conversation "+token,
				"[...document.querySelectorAll('.message')].map((m) => m.textContent).join(' | ')", said(token))
		}
	}
	s.onceEach(threads)
	for _, v := range s.visitors {
		kept := eval[string](v.window,
			"localStorage[Object.keys(localStorage).find((k) => k.endsWith(':thread'))] ?? ''")
		for token := range threads {
			if strings.Contains(kept, token) {
				v.do("if (!$('.panel') || $('.panel').hidden) $('.launcher').click()")
				v.same(v.name, "texts('.line').join(' | ')", said(token))
			}
		}
	}
}

// same waits until an expression in the page is what the API says.
func (w *window) same(what, expression string, api func() string) {
	w.t.Helper()
	harness.Eventually(w.t, patience, what+" is what the API says", func() (bool, any) {
		got, want := eval[string](w, expression), api()
		page := eval[string](w, "document.body.innerText.slice(0, 2000)")
		return got == want, fmt.Sprintf("the page shows\n%s\nthe API says\n%s\nthe page has the text\n%s", got, want, page)
	})
}

// openAt shows a conversation without loading the page again.
func (s *shift) openAt(c *desk, token string) {
	s.t.Helper()
	c.do("history.pushState(null, '', '/console/inbox/all/" + token + "')")
	c.until("document.querySelector('.talk .title') && document.querySelector('.message')")
}

// rows returns a list of the API in the form of shown.
func (s *shift) rows(p harness.Person, query string) string {
	s.t.Helper()
	var all []string
	for _, row := range p.Get(s.t, "/inbox?limit=100&"+query).List("data") {
		all = append(all, fmt.Sprint(row.Object("conversation").Text("token"), " ",
			row.Object("lastMessage").Text("content"), " ", row.Int("unreadByMe")))
	}
	return strings.Join(all, "\n")
}

// retry sends what a desk couldn't send, as the agent would.
func (s *shift) retry(c *desk, threads map[string]bool) {
	s.t.Helper()
	kept := eval[string](c.window, "JSON.stringify(Object.entries(localStorage).filter(([k]) => k.includes('outbox:')))")
	for token := range threads {
		if !strings.Contains(kept, token) {
			continue
		}
		s.openAt(c, token)
		c.within(2*patience, "(document.querySelector('.draft .retry')?.click(), !document.querySelector('.draft'))")
	}
}

// onceEach checks that each message is in one thread, once.
func (s *shift) onceEach(threads map[string]bool) {
	s.t.Helper()
	count := map[string]int{}
	for token := range threads {
		for text := range strings.SplitSeq(contents(s.t, s.website, token), " | ") {
			count[text]++
		}
	}
	for _, text := range s.said {
		if count[text] != 1 {
			s.t.Errorf("the message %q is there %d times", text, count[text])
		}
	}
}
