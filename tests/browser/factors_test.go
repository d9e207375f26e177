package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/pquerna/otp/totp"

	"fivechat.dev/tests/harness"
)

// localhost returns the address of the system with a host for which browsers allow passkeys.
func localhost() string {
	return strings.Replace(harness.Running().URL, "127.0.0.1", "localhost", 1)
}

// click clicks on the element of a selector, as soon as there is one.
func (w *window) click(selector string) {
	w.t.Helper()
	w.until("document.querySelector('" + selector + "')")
	w.do("document.querySelector('" + selector + "').click()")
}

// signOut signs out, and waits for the form to sign in.
func (w *window) signOut() {
	w.t.Helper()
	w.chooseItem("#person", "Sign out")
	w.until("document.querySelector('[name=email]')")
}

// TestSecondFactors: a person adds an authenticator app and a passkey, signs in with each, and signs out everywhere.
func TestSecondFactors(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	una := w.Person(t, harness.Agent)
	c := open(t, desktop, localhost()+"/console/account")
	send(c, webauthn.Enable, webauthn.EnableParams{})
	send(c, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	c.enter(una.Email, harness.Password)
	c.click("#totp")
	c.until("document.querySelector('.settings img')?.complete && document.querySelector('.settings form code')")
	c.accessible()
	c.picture("console-authenticator")
	secret := eval[string](c, "document.querySelector('.settings form code').textContent")
	code := func(steps int) string {
		text, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	enter := func(code string) {
		c.until("document.querySelector('[name=code]')")
		c.do("const i = document.querySelector('[name=code]'); i.focus(); i.select()")
		c.write(code)
		c.do("document.querySelector('[name=code]').form.requestSubmit()")
	}
	enter("000000")
	c.until("document.querySelector('.settings [role=alert]').textContent.includes('wrong')")
	enter(code(0))
	c.until("document.querySelector('.settings .warning code')?.textContent.split('\\n').length === 10")
	recovery := eval[string](c, "document.querySelector('.settings .warning code').textContent.split('\\n')[0]")

	c.signOut()
	c.enter(una.Email, harness.Password)
	enter("000000")
	c.until("document.querySelector('[role=alert]').textContent.includes('wrong')")
	c.accessible()
	enter(code(1))
	c.until("document.querySelector('.rail')")
	c.signOut()
	c.enter(una.Email, harness.Password)
	enter(recovery)
	c.click("#passkey")
	c.until("[...document.querySelectorAll('.settings small')].some((e) => e.textContent.startsWith('Passkey'))")
	c.accessible()
	c.picture("console-account")
	c.signOut()
	c.click("#with-passkey")
	c.until("document.querySelectorAll('#sessions li').length === 2") // the harness's, and this one
	c.click("#everywhere")
	c.until("document.querySelector('[name=email]')")
	una.Do(t, "GET", "/auth/session", nil).Want(t, 401)
}

// TestOwnerRunsTheTeam: an owner invites a person by a link, changes their role and removes the person.
func TestOwnerRunsTheTeam(t *testing.T) {
	t.Parallel()
	w := harness.Running().Website(t, harness.Free)
	c := signedIn(t, desktop, w.Person(t, harness.Owner), "/team")
	email := harness.Unique("ben.") + "@shop.example"
	c.until("document.querySelectorAll('#members li').length === 1")
	c.do("const i = document.querySelector('#invite [name=email]'); i.focus()")
	c.write(email)
	c.do("document.getElementById('invite').requestSubmit()")
	c.until("document.querySelector('.settings .warning code')")
	link := eval[string](c, "document.querySelector('.settings .warning code').textContent")

	ben := open(t, phone, link)
	ben.fill("name", "Ben")
	ben.fill("password", harness.Password)
	ben.do("document.querySelector('.gate .primary').click()")
	ben.until("document.querySelector('.rail')")
	if eval[bool](ben, "!!document.querySelector('.rail [aria-label=Team]')") {
		t.Error("an agent sees the team page")
	}
	c.do("location.hash = '#/'")
	c.until("document.querySelector('.tiles')")
	c.do("location.hash = '#/team'")
	c.until("document.querySelectorAll('#members li').length === 2 && " +
		"document.querySelector('#members select').value === 'agent'")
	c.accessible()
	c.picture("console-team")
	c.do("const s = document.querySelector('#members select:not(:disabled)'); s.value = 'admin'; " +
		"s.dispatchEvent(new Event('change', {bubbles: true}))")
	c.until("document.querySelector('#members select').value === 'admin'")
	ben.reload()
	ben.click(".rail [aria-label=Team]")
	ben.until("document.querySelectorAll('#members li').length === 2")
	ben.picture("phone-team")
	ben.accessible()
	c.do("window.confirm = () => true; document.querySelector('#members li:first-child .button').click()")
	ben.within(quick, "document.body.textContent.includes('not a member of any website')")
}

// TestResetLink: a person with the operator's link chooses a new password and signs in with it.
func TestResetLink(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	w := s.Website(t, harness.Free)
	una := w.Person(t, harness.Agent)
	path := s.Operator().Send(t, 201, "POST", "/operator/people/"+harness.PathID(una.ID)+"/resets", nil).Text("path")
	c := open(t, desktop, s.URL+path)
	c.fill("password", "password12")
	c.do("document.querySelector('.gate .primary').click()")
	c.until("document.querySelector('[role=alert]').textContent.includes('easy to guess')")
	c.accessible()
	c.fill("password", "five words make a sentence")
	c.do("document.querySelector('.gate .primary').click()")
	c.until("document.body.textContent.includes('Your password is changed')")
	c.enter(una.Email, "five words make a sentence")
	c.until("document.querySelector('.rail')")
	again := open(t, desktop, s.URL+path)
	again.fill("password", "six words make a longer sentence")
	again.do("document.querySelector('.gate .primary').click()")
	again.until("document.querySelector('[role=alert]').textContent.includes('has been used')")
}
