package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// TestRandomStepsLoseNothing lets a verified visitor, with two tabs and a second device, and an agent do random things,
// while connections break and the server restarts. When everything has come to rest, each message is there once, in the
// order in which its tab sent it, and visible in all tabs.
//
// FIVECHAT_CHAT_STEPS is the number of steps, FIVECHAT_CHAT_SEED repeats the steps of another run.
func TestRandomStepsLoseNothing(t *testing.T) {
	t.Parallel()
	steps, seed := number(t, "FIVECHAT_CHAT_STEPS", 40), number(t, "FIVECHAT_CHAT_SEED", int(time.Now().Unix()))
	t.Logf("FIVECHAT_CHAT_STEPS=%d FIVECHAT_CHAT_SEED=%d", steps, seed)
	s := newStory(t, uint64(seed))
	for step := range steps {
		s.step(step)
	}
	s.rest()
	s.check()
}

// story is a website with its visitor, and what they have said so far.
type story struct {
	*stage
	site    string
	devices [2]*device
	said    map[string][]string // by the tab, or by the agent
}

// device is a browser of the visitor.
type device struct {
	tabs      []*tab
	isOffline bool
}

type tab struct {
	*window
	name string
	text string // what is in the input
}

func newStory(t *testing.T, seed uint64) *story {
	t.Helper()
	s := &story{stage: newStage(t, seed), said: map[string][]string{}}
	_, secret := s.website.Person(t, harness.Admin).NewIdentitySecret(t)
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		token := harness.SignUser(secret, harness.Map{"sub": "vera", "exp": time.Now().Add(time.Hour).Unix()})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, shop("en", `<script>window.fivechat = function () { (fivechat.q = fivechat.q || []).push(arguments) };`+
			`fivechat('identify', {token: '`+token+`'})</script>`, s.gate.tag(s.website.ClientToken)))
	}))
	t.Cleanup(pages.Close)
	s.site = pages.URL
	for i, tabs := range []int{2, 1} {
		s.devices[i] = &device{}
		for range tabs {
			s.openTab(s.devices[i])
		}
	}
	return s
}

func (s *story) openTab(d *device) {
	s.t.Helper()
	s.count++
	v := &tab{name: fmt.Sprint("tab", s.count)}
	if len(d.tabs) == 0 {
		v.window = open(s.t, desktop, s.site)
	} else {
		v.window = d.tabs[0].tab(s.site)
	}
	d.tabs = append(d.tabs, v)
}

// step does one random thing. What isn't possible at the moment is left out.
func (s *story) step(n int) {
	s.t.Helper()
	d := s.devices[s.random.IntN(len(s.devices))]
	v := d.tabs[s.random.IntN(len(d.tabs))]
	s.pick(fmt.Sprintf("%d: %s", n, v.name), append(s.disturbances(), []deed{
		{30, "write", func() { s.write(v) }},
		{6, "write three", func() { s.write(v); s.write(v); s.write(v) }},
		{8, "half a message", func() { v.add(s.next("half"), "") }},
		{25, "answer", func() { s.answer() }},
		{5, "close the conversation", func() { s.closeConversation() }},
		{5, "new conversation", func() { v.act(s.t, "$('.end .link')?.click()") }},
		{8, "open or close the panel", func() { v.act(s.t, "$('.launcher')?.click()") }},
		{4, "route", func() { v.act(s.t, "history.pushState({}, '', '/"+strconv.Itoa(n)+"')") }},
		{6, "reload", func() { s.leave(d, v, "location.reload()") }},
		{5, "navigate", func() { s.leave(d, v, "location.href = '/page/"+strconv.Itoa(n)+"'") }},
		{5, "another tab", func() { s.replaceTab(d) }},
		{often(s.gate.losesReads.Load(), 3), "reads of messages", func() {
			s.gate.losesReads.Store(!s.gate.losesReads.Load())
		}},
		{often(d.isOffline, 5), "offline or online", func() { s.cut(d, !d.isOffline) }},
	}...))
}

// act runs statements in a page, which may be one that has no widget yet.
func (v *tab) act(t *testing.T, statements string) {
	t.Helper()
	v.do("if (widget()) {" + statements + "}")
}

// add adds a text to the input, after opening the panel and a new conversation if needed, then runs statements. It
// reports whether the page has a panel at the moment.
func (v *tab) add(text, then string) bool {
	v.t.Helper()
	left := eval[*string](v.window, fmt.Sprintf(`(() => {
		if (!$('.launcher')) return null;
		if (!$('.panel') || $('.panel').hidden) $('.launcher').click();
		if (!$('.row')) return null; // the panel is being laid out
		if ($('.row').hidden) $('.end .link')?.click();
		const input = $('.row textarea');
		if (input.value !== %[1]q) throw new Error('the input has ' + input.value);
		input.value += %[2]q;
		input.dispatchEvent(new Event('input', {bubbles: true}));
		%[3]s;
		return input.value;
	})()`, v.text, text, then))
	if left != nil {
		v.text = *left
	}
	return left != nil
}

// write sends a message. The input keeps it if there are too many unsent ones.
func (s *story) write(v *tab) {
	s.t.Helper()
	text := s.next(v.name)
	before := v.text
	if v.add(text, "$('.send').click()") && v.text == "" {
		s.said[v.name] = append(s.said[v.name], before+text)
	}
}

// conversations returns those of the visitor, the oldest first.
func (s *story) conversations() []harness.Object {
	s.t.Helper()
	rows := s.website.Reader().Get(s.t, "/conversations?limit=100").List("data")
	slices.SortFunc(rows, func(a, b harness.Object) int {
		return strings.Compare(a.Text("createdAt"), b.Text("createdAt"))
	})
	return rows
}

// current returns the token of the open conversation, or "".
func (s *story) current() string {
	s.t.Helper()
	if s.system == nil {
		return ""
	}
	for _, c := range s.conversations() {
		if c.Text("status") != "CLOSED" {
			return c.Text("token")
		}
	}
	return ""
}

func (s *story) answer() {
	s.t.Helper()
	token := s.current()
	if token == "" {
		return
	}
	text := s.next("agent")
	s.website.Reply(s.t, token, text)
	s.said["agent"] = append(s.said["agent"], text)
}

func (s *story) closeConversation() {
	s.t.Helper()
	if token := s.current(); token != "" {
		s.website.Writer().Send(s.t, 200, "PATCH", "/conversations/"+token, harness.Map{"status": "CLOSED"})
	}
}

// leave goes to another page.
func (s *story) leave(d *device, v *tab, how string) {
	s.t.Helper()
	if d.isOffline {
		return
	}
	v.do("window.old = true; " + how)
	v.until("!window.old && document.body")
}

// replaceTab closes the oldest tab of a device, and opens a new one.
func (s *story) replaceTab(d *device) {
	s.t.Helper()
	if d.isOffline {
		return
	}
	s.openTab(d)
	d.tabs[0].close()
	d.tabs = d.tabs[1:]
}

func (s *story) cut(d *device, isOffline bool) {
	s.t.Helper()
	d.isOffline = isOffline
	for _, v := range d.tabs {
		v.offline(isOffline)
	}
}

func (s *story) tabs() []*tab {
	return append(slices.Clone(s.devices[0].tabs), s.devices[1].tabs...)
}

// rest ends all disturbances and waits until every message is sent.
func (s *story) rest() {
	s.t.Helper()
	s.calm()
	for _, d := range s.devices {
		s.cut(d, false)
	}
	for _, v := range s.tabs() {
		v.wake()
	}
	for _, v := range s.tabs() {
		v.until(allSent)
	}
}

// wake ends the wait for the next attempt. A page whose script could not be loaded is loaded again.
func (v *tab) wake() {
	v.t.Helper()
	if !eval[bool](v.window, "!!$('.launcher')") {
		v.reload()
		v.until("$('.launcher')")
	}
	v.do("dispatchEvent(new Event('online'))")
}

// allSent is true in a page whose visitor has no unsent message.
const allSent = "Object.keys(localStorage).every((k) => !k.includes(':draft:')) && " +
	"texts('.state').every((s) => !s.startsWith('Send'))"

// check compares what was said with the API's conversations, and with what the tabs show.
func (s *story) check() {
	s.t.Helper()
	last := s.tabs()[0]
	last.do("if (!$('.panel') || $('.panel').hidden) $('.launcher').click()")
	last.until("$('.row') && !$('.panel').hidden")
	s.write(last)
	last.until("texts('.state').includes('Sent')")
	final := s.said[last.name][len(s.said[last.name])-1]
	want := ""
	count := map[string]int{}
	for _, c := range s.conversations() {
		var shown []string
		for _, m := range s.website.Reader().Get(s.t, "/conversations/"+c.Text("token")).List("messages") {
			shown = append(shown, m.Text("content"))
			count[m.Text("content")]++
		}
		s.t.Logf("%s: %v", c.Text("status"), shown)
		for author, said := range s.said {
			place := func(text string) int { return slices.Index(said, text) }
			got := slices.DeleteFunc(slices.Clone(shown), func(text string) bool { return place(text) < 0 })
			if !slices.IsSortedFunc(got, func(a, b string) int { return place(a) - place(b) }) {
				s.t.Errorf("%s said %v, but the order is %v", author, said, got)
			}
		}
		if slices.Contains(shown, final) {
			want = strings.Join(shown, " | ")
		}
	}
	for author, said := range s.said {
		for _, text := range said {
			if count[text] != 1 {
				s.t.Errorf("the message %q of %s is there %d times", text, author, count[text])
			}
		}
	}
	for _, v := range s.tabs() {
		hasNoThread := "!Object.keys(localStorage).some((k) => k.endsWith(':thread') && localStorage[k].length > 20)"
		if eval[bool](v.window, hasNoThread) {
			v.reload() // without a conversation a device has no stream: it sees the new one on its next page
		}
		v.do("if (!$('.panel') || $('.panel').hidden) $('.launcher').click()")
		v.until("texts('.line').join(' | ') === '" + want + "'")
	}
	harness.Eventually(s.t, patience, "one stream a device", func() (bool, any) {
		n := s.gate.open.Load()
		return n == int32(len(s.devices)), n
	})
	rows := s.website.Reader().Get(s.t, "/visitors").List("data")
	rows = slices.DeleteFunc(rows, func(v harness.Object) bool { return v.Null("identity") })
	if len(rows) != 1 || !rows[0].Object("identity").Bool("verified") {
		s.t.Errorf("not one verified visitor: %v", rows)
	}
}
