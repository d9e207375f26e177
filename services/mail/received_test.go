package mail

import (
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/tenant"
)

func TestRecipientForms(t *testing.T) {
	t.Parallel()
	const secret = "abcdefghijkl2345"
	for address, want := range map[string]recipient{
		"ticket-7-" + secret + "@M.example":                       {ticket: "ticket-7-" + secret + "@m.example"},
		"TICKET-7-" + strings.ToUpper(secret) + "+news@m.example": {ticket: "ticket-7-" + secret + "@m.example"},
		"website-3-" + secret + "+a+b@m.example":                  {secret: secret},
		"ticket-7-" + secret + "@evil.example":                    {},
		"ticket-7-" + secret + "@x@m.example":                     {},
		"ticket-07-" + secret + "@m.example":                      {},
		"ticket-7-" + secret + "x@m.example":                      {},
		"ticket-7@m.example":                                      {},
		"website-99999999999999999-" + secret + "@m.example":      {},
		"":           {},
		"m.example":  {},
		"@m.example": {},
	} {
		got, ok := parseRecipient(address, "m.example")
		if ok != (want != recipient{}) || got.ticket != want.ticket || got.secret != want.secret {
			t.Errorf("%q is %+v, %v", address, got, ok)
		}
	}
}

func TestSubjectTokens(t *testing.T) {
	t.Parallel()
	token := SubjectToken("ticket-7-abcdefghijkl2345@m.example")
	if token != "[#7-abcdefgh]" || SubjectToken("vera@c.example") != "" || SubjectToken("a-b-c@m.example") != "" {
		t.Errorf("token %s", token)
	}
	if got := tokensOf("AW: Re: Lamp " + strings.ToUpper(token) + " [#8-x]"); len(got) != 1 || ticketOf(got[0]) != 7 {
		t.Errorf("tokens %v", got)
	}
}

func TestReceivedMailIsBounded(t *testing.T) {
	t.Parallel()
	w, _ := tenant.New(1)
	many := make([]string, 500)
	for i := range many {
		many[i] = strings.Repeat("r", i+1)
	}
	files := make([]File, 300)
	now := time.UnixMilli(0)
	m := Message{
		Subject: strings.Repeat("ß", 999), Text: strings.Repeat("日", 100_000), References: many, Files: files, Hops: 31,
		Kind: Human, To: make([]Mailbox, 99), MessageID: strings.Repeat("m", 2_000),
	}
	r := NewReceived(5, Target{WebsiteID: w, TicketID: 7}, Delivery{Raw: []byte("x")}, m, now)
	if len(r.Text) > maxText || len(r.Subject) > maxLine || len(r.References) != maxReferences ||
		len(r.To) != maxMailboxes || len(r.MessageID) > 100 || r.Kind != Automatic || r.References[0] != many[499] ||
		!strings.Contains(r.Text, "longer") {
		t.Errorf("%d bytes of text, %d references, kind %s", len(r.Text), len(r.References), r.Kind)
	}
	empty := NewReceived(6, Target{WebsiteID: w}, Delivery{Raw: []byte("x")}, Message{Kind: Human}, now)
	if empty.Text == "" || empty.MessageID != r.MessageID {
		t.Errorf("a mail without Message-ID: %+v", empty)
	}
	if r := NewReceived(6, Target{WebsiteID: w}, Delivery{Sender: "vera@c.example"}, Message{}, now); r.From.Address !=
		"vera@c.example" {
		t.Errorf("the author of a mail without From is %+v", r.From)
	}
	if same := NewReceived(9, Target{WebsiteID: w}, Delivery{Raw: []byte("x")}, Message{}, now); same.Key != empty.Key ||
		same.Key == r.Key {
		t.Error("a second delivery has another key, or another recipient the same one")
	}
}

func TestSentMailGivesUpAfterTwoDays(t *testing.T) {
	t.Parallel()
	w, _ := tenant.New(1)
	now := time.UnixMilli(0)
	m, tries := NewSent(1, w, 2, 3, "m.example", now), 0
	for m.NextAt != nil {
		now = *m.NextAt
		m = m.Started(now).After(Outcome{Deferred, "busy"}, now)
		tries++
	}
	if m.State != Undelivered || tries < 40 || tries > 70 || now.Sub(m.CreatedAt) < giveUpAfter {
		t.Errorf("%s after %d tries in %v", m.State, tries, now.Sub(m.CreatedAt))
	}
	if _, is := m.Interrupted(now); is {
		t.Error("a mail that isn't being sent was interrupted")
	}
	if m, is := m.Started(now).Interrupted(now); !is || m.State != Uncertain || m.NextAt != nil {
		t.Errorf("an interrupted mail: %+v", m)
	}
}
