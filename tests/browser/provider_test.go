package browser

import (
	"testing"

	"fivechat.dev/tests/harness"
)

// TestSignInAtAProvider walks from the provider's button to the view that was asked for, and out again. Without an
// invitation the person sees a message.
func TestSignInAtAProvider(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	w := s.Website(t, harness.Free)
	token := w.Visit(t, nil).Open(t, "Hello?")
	c := open(t, desktop, s.URL+"/console#/inbox/"+token)
	const button = "document.querySelector('.provider')"
	c.until(button + "?.textContent === 'Sign in with " + harness.ProviderName + "'")
	c.accessible()
	c.do(button + ".click()")
	c.until("document.querySelector('[role=alert]')?.textContent.includes('no account for your e-mail address')")
	if eval[bool](c, "location.pathname + location.hash !== '/console' || !!document.querySelector('.rail')") {
		t.Error("the code is still in the address, or the person is in")
	}
	s.Operator().Send(t, 201, "POST", "/operator/invitations",
		harness.Map{"websiteId": w.ID, "email": harness.ProvidersEmail, "role": harness.Agent})
	c.do("location.hash = '#/inbox/" + token + "'")
	c.reload()
	c.until(button)
	c.do(button + ".click()")
	c.until("document.querySelector('.message')?.textContent === 'Hello?'")
	if eval[bool](c, "document.cookie.includes('fivechat') || !location.pathname.endsWith('/inbox/all/"+token+"')") {
		t.Error("a script can read the session, or another view is shown")
	}
	c.reload()
	c.until("document.querySelector('.rail')")
	c.signOut()
	c.until(button)
	c.picture("console-providers")
}
