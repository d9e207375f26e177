package journeys

import (
	"fmt"
	"net/smtp"
	"slices"
	"strings"
	"testing"
	"time"

	"fivechat.dev/deploy/fivechat/catcher"
	"fivechat.dev/tests/harness"
)

// mailWait is how long a mail may take to become a message, or a message a mail.
const mailWait = 20 * time.Second

// Mailing checks a ticket by e-mail in both directions: a mail to the website opens it, an agent's answer is sent as
// a mail, and the answer to that, in a second delivery too, is one message that reopens the ticket. A note isn't sent,
// and another website can't reach the ticket.
func Mailing(t *testing.T, s harness.System) {
	if s.SMTPAddr == "" || s.Caught == nil {
		return // the system runs elsewhere
	}
	w, other := s.Website(t, harness.Pro), s.Website(t, harness.Pro)
	agent := w.Person(t, harness.Agent)
	vera := harness.Unique("vera-") + "@customer.example"
	address := w.Reader().Get(t, "/mail").Text("address")
	mail := fmt.Sprintf("From: Vera Lind <%s>\r\nTo: %s\r\nSubject: The atlas\r\nMessage-ID: <%s>\r\n\r\n"+
		"Is it there?\r\n", vera, address, "first-"+vera)
	deliver(t, s, vera, address, mail)
	deliver(t, s, vera, address, mail)
	row := theTicket(t, agent.Client)
	if row.Text("title") != "The atlas" || row.Text("channel") != "EMAIL" ||
		row.Object("requester").Text("name") != "Vera Lind" || row.Int("messages") != 1 {
		t.Errorf("the ticket is %s", row)
	}

	at := "/tickets/" + row.Text("id")
	agent.Send(t, 201, "POST", at+"/messages", harness.Map{"content": "She pays late.", "messageType": "NOTE"})
	agent.Send(t, 201, "POST", at+"/messages", harness.Map{"content": "Yes, it is."})
	answer := caught(t, s, vera, 1)
	if answer.Header("In-Reply-To") != "<first-"+vera+">" || !strings.Contains(answer.Text(), "Yes, it is.") ||
		!strings.HasPrefix(answer.Header("Subject"), "Re: The atlas [#") {
		t.Errorf("the answer is %s", answer.Raw)
	}
	if all := wantState(t, agent.Client, at, "SENT"); len(all) != 2 {
		t.Errorf("the ticket has the mails %s", all)
	}

	agent.Send(t, 200, "PATCH", at+"/status", harness.Map{"status": "CLOSED"})
	reply := fmt.Sprintf("From: Vera Lind <%s>\r\nTo: %s\r\nSubject: Re: The atlas\r\nMessage-ID: <second-%s>\r\n"+
		"In-Reply-To: %s\r\nDate: Mon, 15 Jan 2024 10:40:00 +0000\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nKeep it for me, please.\r\n-- \r\nVera\r\n\r\n"+
		"On Monday, Ada wrote:\r\n> Yes, it is.\r\n--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; "+
		"filename=\"../order.html\"\r\nContent-Transfer-Encoding: base64\r\n\r\nPHNjcmlwdD4=\r\n--b--\r\n",
		vera, answer.From, vera, answer.Header("Message-ID"))
	for range 2 {
		deliver(t, s, vera, answer.From, reply)
	}
	deliver(t, s, vera, other.Reader().Get(t, "/mail").Text("address"), strings.Replace(reply, "second", "third", 1))
	harness.Eventually(t, mailWait, "the reply", func() (bool, any) {
		found := agent.Get(t, at)
		return len(found.List("messages")) == 4 && found.Text("status") == "OPEN", found
	})
	checkOriginal(t, agent.Client, at, reply)
	if foreign := theTicket(t, other.Reader()); foreign.Text("id") == row.Text("id") || foreign.Int("messages") != 1 {
		t.Errorf("the other website has %s", foreign)
	}
	if all := agent.Get(t, "/tickets/rows").List("data"); len(all) != 1 {
		t.Errorf("the website has the tickets %s", all)
	}
	if n := len(s.Caught.To(vera)); n != 1 {
		t.Errorf("Vera got %d mails", n)
	}
	form := strings.Replace(mail, "From: ", fmt.Sprintf("Reply-To: omar-%s\r\nFrom: ", vera), 1)
	deliver(t, s, vera, address, form)
	harness.Eventually(t, mailWait, "the ticket of a form's mail with the same Message-ID", func() (bool, any) {
		rows := agent.Get(t, "/tickets/rows").List("data")
		return len(rows) == 2 && rows[0].Object("requester").Text("email") == "omar-"+vera, rows
	})
	refused := smtp.SendMail(s.SMTPAddr, nil, vera, []string{strings.Replace(address, "website-", "website-1", 1)}, nil)
	if refused == nil || !strings.HasPrefix(refused.Error(), "550") {
		t.Errorf("an unknown mailbox: %v", refused)
	}
}

// checkOriginal checks that agents can read the reply to a ticket as it came, with the parts that its message leaves
// out, and save its attachment.
func checkOriginal(t *testing.T, c harness.Client, at, reply string) {
	t.Helper()
	// The reply's message is a mail to send for a moment, until the service reads that it isn't for the requester.
	all := c.Get(t, at+"/mail").List("data")
	newest := all[slices.IndexFunc(all, func(m harness.Object) bool { return m.Text("direction") == "RECEIVED" })]
	one := at + "/mail/" + newest.Text("id")
	d := c.Get(t, one)
	if d.Text("signature") != "--\nVera" || !strings.Contains(d.Text("quoted"), "> Yes, it is.") ||
		d.Text("date") != "2024-01-15T10:40:00.000Z" || newest.Text("kind") != "HUMAN" {
		t.Errorf("the mail is %s with %s", newest, d)
	}
	files := d.List("attachments")
	if len(files) != 1 || files[0].Text("name") != "order.html" || files[0].Int("size") != int64(len("<script>")) {
		t.Fatalf("the attachments are %s", files)
	}
	for path, want := range map[string][3]string{
		"/original":      {"message/rfc822", "attachment; filename=mail-" + newest.Text("id") + ".eml", reply},
		"/attachments/1": {"application/octet-stream", "attachment; filename=order.html", "<script>"},
	} {
		a := c.Do(t, "GET", one+path, nil).Want(t, 200)
		h := a.Header
		if h.Get("Content-Type") != want[0] || h.Get("Content-Disposition") != want[1] ||
			h.Get("X-Content-Type-Options") != "nosniff" || string(a.Body) != want[2] {
			t.Errorf("%s is %v\n%s", path, h, a.Body)
		}
	}
	c.Do(t, "GET", one+"/attachments/2", nil).Want(t, 404)
}

func deliver(t *testing.T, s harness.System, from, to, mail string) {
	t.Helper()
	if err := smtp.SendMail(s.SMTPAddr, nil, from, []string{to}, []byte(mail)); err != nil {
		t.Fatal(err)
	}
}

// theTicket waits until a website has a ticket with its message, and returns its row.
func theTicket(t *testing.T, c harness.Client) (row harness.Object) {
	t.Helper()
	harness.Eventually(t, mailWait, "a ticket", func() (bool, any) {
		rows := c.Get(t, "/tickets/rows").List("data")
		if len(rows) != 1 || rows[0].Int("messages") == 0 {
			return false, rows
		}
		row = rows[0]
		return true, nil
	})
	return row
}

// caught waits until an address has got n mails, and returns the last one.
func caught(t *testing.T, s harness.System, address string, n int) catcher.Mail {
	t.Helper()
	harness.Eventually(t, mailWait, "a mail", func() (bool, any) {
		return len(s.Caught.To(address)) == n, s.Caught.To(address)
	})
	return s.Caught.To(address)[n-1]
}

// wantState waits until the newest mail of a ticket has a state, and returns all of them.
func wantState(t *testing.T, c harness.Client, at, state string) (all []harness.Object) {
	t.Helper()
	harness.Eventually(t, mailWait, "the state "+state, func() (bool, any) {
		all = c.Get(t, at+"/mail").List("data")
		return len(all) > 0 && all[0].Text("state") == state, all
	})
	return all
}
