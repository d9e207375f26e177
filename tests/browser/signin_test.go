package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// TestFirstOwnerSetsUpAWebsite walks from the operator's link to the inbox, and signs out and in again.
func TestFirstOwnerSetsUpAWebsite(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	email := harness.Unique("una.") + "@shop.example"
	c := open(t, desktop, s.URL+s.Operator().Send(t, 201, "POST", "/operator/invitations", nil).Text("path"))
	c.fill("websiteName", "Harbour Books")
	c.fill("url", "https://harbour-books.example")
	c.fill("name", "Una Berg")
	c.fill("email", email)
	c.fill("password", "password12")
	c.accessible()
	c.do("document.querySelector('.gate .primary').click()")
	c.until("document.querySelector('[role=alert]').textContent.includes('easy to guess')")
	c.picture("console-set-up")
	c.fill("password", harness.Password)
	c.do("document.querySelector('.gate .primary').click()")
	c.until("document.querySelector('.warning code') && document.title.includes('Harbour Books')")
	if eval[bool](c, "document.cookie.includes('fivechat') || location.href.includes('invitation')") {
		t.Error("a script can read the session, or the link is still in the address")
	}
	c.reload()
	c.until("document.querySelector('.rail')") // still signed in
	c.signOut()
	c.enter(email, "four words make two")
	c.until("document.querySelector('[role=alert]').textContent.includes('is wrong')")
	c.accessible()
	c.picture("console-sign-in")
	c.enter(email, harness.Password)
	c.until("document.querySelector('.rail')")
}

// TestRemovedMemberIsOut: a member who is removed while the console is open sees a notice, and can't read the website
// any more.
func TestRemovedMemberIsOut(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	owner, ben := w.Person(t, harness.Owner), w.Person(t, harness.Agent)
	c := signedIn(t, desktop, ben, "/inbox")
	w.Visit(t, nil).Open(t, "Hello?")
	c.within(quick, "document.querySelector('.conversations a.row')")
	owner.Send(t, 200, "DELETE", "/members/"+harness.PathID(ben.Member), nil)
	c.within(quick, "!document.querySelector('.rail') && "+
		"document.body.textContent.includes('not a member of any website')")
}

// TestSwitchingWebsites: a member of two websites sees the inbox of each.
func TestSwitchingWebsites(t *testing.T) {
	t.Parallel()
	one, two := harness.Running().Website(t, harness.Free), harness.Running().Website(t, harness.Free)
	ada, other := one.Person(t, harness.Agent), two.Person(t, harness.Owner)
	one.Visit(t, nil).Open(t, "Is it one?")
	two.Visit(t, nil).Open(t, "Is it two?")
	invited := other.Send(t, 201, "POST", "/invitations", harness.Map{"email": ada.Email, "role": harness.Viewer})
	c := open(t, desktop, harness.Running().URL+invited.Text("path"))
	c.enter(ada.Email, harness.Password) // a person with an account signs in first
	c.until("document.querySelector('.gate .primary')?.textContent === 'Join'")
	c.do("document.querySelector('.gate .primary').click()")
	c.until("document.querySelector('.rail')")
	for _, w := range []*harness.Website{two, one} {
		c.chooseItem("#person", w.Name)
		c.until("document.title.includes('" + w.Name + "') && document.querySelector('.list .preview')?.textContent")
		want := map[*harness.Website]string{one: "Is it one?", two: "Is it two?"}[w]
		if got := eval[string](c, "[...document.querySelectorAll('.list .preview')].map((p) => p.textContent).join()"); got !=
			want {
			t.Errorf("%s shows %q", w.Name, got)
		}
	}
	c.accessible()
}

// TestViewerMayOnlyRead: a viewer sees the conversation, and can't reply.
func TestViewerMayOnlyRead(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	token := w.Visit(t, nil).Open(t, "Hello?")
	c := signedIn(t, desktop, w.Person(t, harness.Viewer), "#/inbox/"+token)
	c.until("document.querySelector('.message')?.textContent === 'Hello?' && " +
		"document.querySelector('.reply').textContent.includes('only read') && document.getElementById('close').disabled")
	c.quiet()
}
