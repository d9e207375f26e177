package browser

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// identify calls the widget's command identify with the token that the website's backend signs for a user.
func (w *window) identify(secret, user string) {
	w.t.Helper()
	soon := time.Now().Add(time.Hour).Unix()
	token := harness.SignUser(secret, harness.Map{"sub": user, "name": "User " + user, "exp": soon})
	w.do(fmt.Sprintf("fivechat('identify', {token: %q})", token))
}

// verified waits until a website has a visitor who is verified as a user.
func verified(t *testing.T, w *harness.Website, user string) {
	t.Helper()
	harness.Eventually(t, patience, "the visitor "+user, func() (bool, any) {
		rows := w.Reader().Get(t, "/visitors").List("data")
		for _, v := range rows {
			if !v.Null("identity") && v.Object("identity").Text("userId") == user {
				return v.Object("identity").Bool("verified"), v
			}
		}
		return false, rows
	})
}

// stored returns everything that the widget keeps in the browser.
const stored = "JSON.stringify({...localStorage})"

// credentials matches a visitor's token and secret.
var credentials = regexp.MustCompile(`v(is|sec)_[a-z2-7]+`)

// TestAnotherPersonSeesNothingOfTheLast: a verified visitor resumes after a reload. When another person identifies on
// the same page, the last one's thread, draft and credentials are gone from screen and storage, and the new one's
// thread is live. After reset there is no thread.
func TestAnotherPersonSeesNothingOfTheLast(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	_, secret := w.Person(t, harness.Admin).NewIdentitySecret(t)
	v := visitor(t, desktop, w, "en")
	v.identify(secret, "vera")
	verified(t, w, "vera")
	v.say("Vera's question")
	v.until("texts('.state').includes('Sent')")
	token := conversation(t, w)
	v.reload()
	v.until("$('.launcher')")
	v.identify(secret, "vera")
	v.until(`texts('.line').join() === "Vera's question"`)
	v.do("$('.row textarea').focus()")
	v.write("half a sentence of Vera")
	before := credentials.FindAllString(eval[string](v, stored), -1)
	if len(before) < 2 {
		t.Fatalf("the storage has the credentials %v", before)
	}

	v.identify(secret, "ned")
	v.until("!texts('.line').length && !$('.row textarea').value")
	verified(t, w, "ned")
	after := eval[string](v, stored)
	for _, kept := range before {
		if strings.Contains(after, kept) {
			t.Errorf("the storage still has %s: %s", kept, after)
		}
	}
	v.say("Ned's question")
	v.until("texts('.state').includes('Sent')")
	rows := w.Reader().Get(t, "/conversations").List("data")
	if len(rows) != 2 || rows[0].Text("token") == token {
		t.Fatalf("conversations: %v", rows)
	}
	w.Reply(t, token, "For Vera")
	w.Reply(t, rows[0].Text("token"), "For Ned")
	v.until("texts('.line').includes('For Ned')")
	if got := eval[string](v, "texts('.line').join()"); got != "Ned's question,For Ned" {
		t.Errorf("Ned sees %s", got)
	}

	v.do("fivechat('reset')")
	v.until("!texts('.line').length && $('.panel').hidden")
	if got := eval[string](v, stored); credentials.MatchString(got) {
		t.Errorf("the storage after reset: %s", got)
	}
	v.reload()
	v.pressLauncher()
	v.until(visits + " === 1")
	if got := eval[int](v, "texts('.line').length"); got != 0 {
		t.Errorf("%d lines after reset", got)
	}
	v.quiet()
}

// TestDevicesOfAPersonShareTheirThread: two browsers of one verified person show one conversation, live.
func TestDevicesOfAPersonShareTheirThread(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	_, secret := w.Person(t, harness.Admin).NewIdentitySecret(t)
	first := visitor(t, desktop, w, "en")
	first.identify(secret, "vera")
	verified(t, w, "vera")
	first.say("from the desk")
	first.until("texts('.state').includes('Sent')")
	token := conversation(t, w)

	second := visitor(t, phone, w, "en")
	second.identify(secret, "vera")
	second.until("texts('.line').join() === 'from the desk'")
	second.say("from the phone")
	first.until("texts('.line').join() === 'from the desk,from the phone'")
	w.Reply(t, token, "for both")
	for _, v := range []*window{first, second} {
		v.until("texts('.line').includes('for both')")
		v.quiet()
	}
}

// TestRefusedClaimKeepsTheVisitor: a claim that isn't signed with the website's secret is a warning in the page's
// console, and changes nothing.
func TestRefusedClaimKeepsTheVisitor(t *testing.T) {
	t.Parallel()
	w, other := harness.Running().Website(t, harness.Free), harness.Running().Website(t, harness.Free)
	_, secret := other.Person(t, harness.Admin).NewIdentitySecret(t)
	v := visitor(t, desktop, w, "en")
	v.say("one")
	v.until("texts('.state').includes('Sent')")
	before := eval[string](v, stored)
	v.do("window.warned = ''; console.warn = (...said) => { window.warned += said.join(' '); }")
	v.identify(secret, "vera")
	v.until("window.warned.includes('400')")
	if after := eval[string](v, stored); after != before {
		t.Errorf("the storage was %s, is %s", before, after)
	}
	if got := eval[string](v, "texts('.line').join()"); got != "one" || visitors(t, w) != 1 {
		t.Errorf("the visitor sees %s; there are %d visitors", got, visitors(t, w))
	}
}

// TestConsoleMarksVerifiedVisitors: the agent sees a mark at a verified visitor, and a claim as a claim.
func TestConsoleMarksVerifiedVisitors(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	_, secret := w.Person(t, harness.Admin).NewIdentitySecret(t)
	w.Visit(t, harness.Map{"identity": harness.Map{"userId": "4711", "userHash": harness.UserHash(secret, "4711")}}).
		Open(t, "I am verified")
	w.Visit(t, harness.Map{"identity": harness.Map{"userId": "4712"}}).Open(t, "I only say so")
	c := signedIn(t, desktop, w.Person(t, harness.Agent), "")
	open := func(preview string) {
		row := fmt.Sprintf("[...document.querySelectorAll('.list a')].find((a) => a.textContent.includes(%q))", preview)
		c.until(row)
		c.do(row + ".click()")
	}
	facts := "document.querySelector('.facts').textContent"
	open("I am verified")
	c.until(facts + ".includes('Verified user4711') && document.querySelector('.facts .verified')")
	c.accessible()
	open("I only say so")
	c.until(facts + ".includes('Says they are4712') && !document.querySelector('.facts .verified')")
	c.quiet()
}
