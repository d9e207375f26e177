package browser

import (
	"net/smtp"
	"strings"
	"testing"
	"time"

	"fivechat.dev/tests/harness"
)

// keepSaved keeps the files that the page saves: their names, and the bytes of the last one.
const keepSaved = "window.files = []; URL.createObjectURL = (b) => { b.text().then((s) => { window.last = s; }); " +
	"return '#'; }; HTMLAnchorElement.prototype.click = function () { files.push(this.download); }; "

// TestAgentOpensWhatAMailBrought: the history and the signature that were cut from a mail, its attachment and its
// source. A mail of a program is marked. If an original can't be read, the page says so.
func TestAgentOpensWhatAMailBrought(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	if s.SMTPAddr == "" {
		return // the system runs elsewhere
	}
	w := s.Website(t, harness.Pro)
	ada := w.Person(t, harness.Agent)
	ticket := w.NewTicket(t, harness.Map{"title": "A torn chart", "email": "vera@customer.example"})
	at := "/tickets/" + ticket.Text("id")
	for _, mail := range []string{
		"From: Vera <vera@customer.example>\r\nCc: Omar <omar@customer.example>\r\nSubject: Torn\r\n" +
			"Date: Mon, 15 Jan 2024 10:40:00 +0000\r\nMessage-ID: <1@customer.example>\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the picture.\r\n-- \r\n" +
			"Vera Lind, Harbour 4\r\n\r\n" +
			"On Monday, Ada wrote:\r\n> Which page?\r\n--b\r\nContent-Type: text/html\r\n" +
			"Content-Disposition: attachment; filename=page.html\r\n\r\n<b>torn</b>\r\n--b--\r\n",
		"From: Vera <vera@customer.example>\r\nSubject: Away\r\nMessage-ID: <2@customer.example>\r\n" +
			"Auto-Submitted: auto-replied\r\n\r\nI am away.\r\n",
	} {
		to := []string{ticket.Text("uniqueEmailAddress")}
		if err := smtp.SendMail(s.SMTPAddr, nil, "vera@customer.example", to, []byte(mail)); err != nil {
			t.Fatal(err)
		}
	}
	c := signedIn(t, desktop, ada, at)
	c.until("document.querySelectorAll('.thread li').length === 2")
	c.until("document.querySelectorAll('.mail summary').length === 2")
	c.until("[...document.querySelectorAll('.mail .pill')].map((p) => p.textContent).join() === 'Automatic answer'")
	if eval[bool](c, "document.body.textContent.includes('Which page?')") {
		t.Error("the history is shown before it is asked for")
	}
	c.do("window.torn = [...document.querySelectorAll('.thread li')].find((li) => li.textContent.includes('picture.')); " +
		"torn.querySelector('summary').focus()")
	c.press("Enter", "\r")
	c.until("document.querySelectorAll('.mail blockquote').length === 2")
	text := eval[string](c, "torn.querySelector('details').innerText")
	for _, want := range []string{
		"Vera <vera@customer.example>", "Omar <omar@customer.example>", "Which page?", "Vera Lind, Harbour 4", "page.html",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the details lack %q: %s", want, text)
		}
	}
	c.accessible()
	c.picture("ticket-mail")
	c.do(keepSaved + "torn.querySelector('[title=\"Save page.html\"]').click()")
	c.until("files.join() === 'page.html' && window.last === '<b>torn</b>'")
	c.do("[...torn.querySelectorAll('.button')].at(-1).click()")
	c.until("files.length === 2 && files[1].endsWith('.eml') && last.includes('Message-ID: <1@customer.example>')")
	c.quiet()

	narrow := signedIn(t, phone, ada, at)
	narrow.do("const real = window.fetch; window.fetch = (...a) => String(a[0]).includes('/mail/') ? " +
		"Promise.resolve(new Response('{\"code\":\"not_found\",\"detail\":\"original not found\"}', {status: 404}))" +
		" : real(...a)")
	narrow.until("document.querySelectorAll('.mail summary').length === 2")
	narrow.do("document.querySelector('.mail summary').click()")
	narrow.until("document.querySelector('.mail [role=alert]')?.textContent.includes('original not found')")
	narrow.accessible()
}

// TestAgentSeesWhetherASenderIsVerified: a domain that takes responsibility for a mail is named, a mail that fails
// DMARC is marked, and nothing is shown of a mail whose sender isn't known.
func TestAgentSeesWhetherASenderIsVerified(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	if s.SMTPAddr == "" {
		return // the system runs elsewhere
	}
	w := s.Website(t, harness.Pro)
	ticket := w.NewTicket(t, harness.Map{"title": "A torn chart", "email": "vera@customer.example"})
	to := []string{ticket.Text("uniqueEmailAddress")}
	for range 4 {
		mail := "From: Vera <vera@customer.example>\r\nSubject: Torn\r\nX: " + harness.Unique("x") + "\r\n\r\nHello.\r\n"
		if err := smtp.SendMail(s.SMTPAddr, nil, "vera@customer.example", to, []byte(mail)); err != nil {
			t.Fatal(err)
		}
	}
	harness.Eventually(t, 20*time.Second, "the mails in their ticket", func() (bool, any) {
		found := w.Reader().Get(t, "/tickets/"+ticket.Text("id"))
		return len(found.List("messages")) == 4, found
	})
	// The mails of the tests aren't checked: their verdicts are put into the response.
	c := signedIn(t, phone, w.Person(t, harness.Agent), "/tickets")
	c.do("const real = window.fetch; window.fetch = async (...a) => { const r = await real(...a); " +
		"if (!String(a[0]).endsWith('/mail')) return r; const list = await r.json(); " +
		"const of = (isVerified, spf, dkim, dmarc) => ({domain: 'customer.example', isVerified, spf, dkim, dmarc}); " +
		"[of(true, 'PASS', 'NONE', 'PASS'), of(false, 'FAIL', 'NONE', 'FAIL'), of(false, 'NONE', 'NONE', 'NONE'), null]" +
		".forEach((one, i) => list.data[i].authentication = one); return new Response(JSON.stringify(list)); }")
	row := "document.querySelector('.ticket[data-id=\"" + ticket.Text("id") + "\"]')"
	c.until(row)
	c.do(row + ".click()")
	c.until("document.querySelectorAll('.mail').length === 4")
	c.until("document.body.innerText.split('From customer.example, verified').length === 2")
	c.until("[...document.querySelectorAll('.mail .error')].map((e) => e.textContent).join() === " +
		"' · May be forged: customer.example doesn’t confirm this e-mail'")
	c.do("document.querySelector('.mail:has(.error) summary').click()")
	c.until("document.querySelector('.mail dl')?.textContent.includes('SPF FAIL · DKIM NONE · DMARC FAIL')")
	c.accessible()
	c.picture("ticket-mail-forged")
	c.quiet()
}

// TestAdminFindsTheAddressToForwardTo: the settings have the website's e-mail address. They say if mail isn't received
// or sent, and that tickets need the plan PRO.
func TestAdminFindsTheAddressToForwardTo(t *testing.T) {
	t.Parallel()
	s := harness.Running()
	if s.SMTPAddr == "" {
		return // the system runs elsewhere
	}
	w := s.Website(t, harness.Pro)
	c := signedIn(t, phone, w.Person(t, harness.Admin), "/settings")
	c.until("document.querySelector('a[href$=\"/settings/mail\"]')")
	c.do("document.querySelector('a[href$=\"/settings/mail\"]').click()")
	address := w.Reader().Get(t, "/mail").Text("address")
	c.until("document.querySelector('#mail-address')?.textContent === '" + address + "'")
	c.until("document.querySelectorAll('.note').length === 0")
	c.accessible()
	c.picture("settings-mail")
	c.do("const real = window.fetch; window.fetch = (...a) => String(a[0]).endsWith('/mail') ? " +
		"Promise.resolve(new Response('{\"address\":\"a@b.example\",\"receives\":false,\"sends\":false}')) : real(...a)")
	c.do("history.back()")
	c.until("document.querySelector('.cards')")
	c.do("document.querySelector('a[href$=\"/settings/mail\"]').click()")
	c.until("document.querySelectorAll('.note').length === 2 && !document.querySelector('#mail-address')")
	c.quiet()

	free := s.Website(t, harness.Free)
	c = signedIn(t, desktop, free.Person(t, harness.Admin), "/settings/mail")
	c.until("document.querySelector('.empty')")
	agent := signedIn(t, desktop, w.Person(t, harness.Agent), "/settings/mail")
	agent.until("document.querySelector('.empty') && !document.querySelector('#mail-address')")
}
