package mail_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/mail"
)

const (
	domain = "m.example"
	secret = "abcdefghijkl2345"
)

// memory is a Store for tests of the use cases. Its requirements are tested over a real one.
type memory struct {
	mu        sync.Mutex
	ids       id.Mail
	received  map[id.Mail]mail.Received
	sent      map[id.Mail]mail.Sent
	addresses map[tenant.ID]mail.Address
	away      int // how many of the next calls that change a sent mail fail
}

func (m *memory) Address(_ context.Context, made mail.Address) (mail.Address, error) {
	m.addresses[made.WebsiteID] = made
	return made, nil
}

func (m *memory) FindAddress(_ context.Context, t tenant.ID) (mail.Address, error) {
	a, ok := m.addresses[t]
	if !ok {
		return a, fault.Missing("address")
	}
	return a, nil
}

func (m *memory) MailIDs(_ context.Context, n int64) (id.Mail, error) {
	m.ids += id.Mail(n)
	return m.ids - id.Mail(n) + 1, nil
}

func (m *memory) Receive(_ context.Context, r mail.Received, _ []byte) (bool, error) {
	for _, known := range m.received {
		if known.WebsiteID == r.WebsiteID && known.Key == r.Key {
			return false, nil
		}
	}
	m.received[r.ID] = r
	return true, nil
}

func (m *memory) Original(_ context.Context, t tenant.ID, ticket id.Ticket, number id.Mail) ([]byte, error) {
	if r, ok := m.received[number]; ok && r.WebsiteID == t && r.TicketID == ticket {
		return []byte("raw"), nil
	}
	return nil, fault.Missing("original")
}

func (m *memory) OfTicket(
	_ context.Context, t tenant.ID, ticket id.Ticket, _ int64,
) (received []mail.Received, sent []mail.Sent, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.received {
		if r.WebsiteID == t && r.TicketID == ticket {
			received = append(received, r)
		}
	}
	for _, one := range m.sent {
		if one.WebsiteID == t && one.TicketID == ticket {
			sent = append(sent, one)
		}
	}
	slices.SortFunc(received, func(a, b mail.Received) int { return int(b.ID - a.ID) })
	slices.SortFunc(sent, func(a, b mail.Sent) int { return int(b.ID - a.ID) })
	return received, sent, nil
}

func (m *memory) Answered(_ context.Context, t tenant.ID, messageIDs []string) (id.Ticket, bool, error) {
	for _, messageID := range messageIDs {
		for _, one := range m.sent {
			if one.WebsiteID == t && one.MessageID == messageID {
				return one.TicketID, true, nil
			}
		}
	}
	return 0, false, nil
}

func (m *memory) SentAs(_ context.Context, t tenant.ID, messageID string) (mail.Sent, error) {
	for _, one := range m.sent {
		if one.WebsiteID == t && one.MessageID == messageID {
			return one, nil
		}
	}
	return mail.Sent{}, fault.Missing("mail")
}

func (m *memory) ToFile(context.Context, time.Time, time.Time) ([]mail.Received, error) {
	return nil, nil
}

func (m *memory) ToSend(context.Context, time.Time, time.Time) ([]mail.Sent, error) { return nil, nil }

func (m *memory) SaveReceived(
	_ context.Context, _ tenant.ID, number id.Mail, change func(mail.Received) (mail.Received, error),
) (mail.Received, error) {
	saved, err := change(m.received[number])
	if err == nil {
		m.received[number] = saved
	}
	return saved, err
}

func (m *memory) SaveSent(
	_ context.Context, _ tenant.ID, number id.Mail, change func(mail.Sent) (mail.Sent, error),
) (mail.Sent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away > 0 {
		m.away--
		return mail.Sent{}, errAway
	}
	stored, ok := m.sent[number]
	if !ok {
		return stored, fault.Missing("mail")
	}
	saved, err := change(stored)
	if err == nil {
		m.sent[number] = saved
	}
	return saved, err
}

func (m *memory) Unsend(_ context.Context, _ tenant.ID, number id.Mail) error {
	delete(m.sent, number)
	return nil
}

var errAway = errors.New("the store is away")

// desk is the services tickets and accounts. Tickets 1 to 9 belong to the website 1, and 11 to 19 to the website 2. 9
// and 19 are full.
type desk struct {
	plan   identity.Plan
	room   error
	opened int
	answer mail.Answer
}

func (d *desk) AtAddress(_ context.Context, address string) (mail.Target, error) {
	if address != "ticket-7-"+secret+"@"+domain {
		return mail.Target{}, fault.Missing("ticket")
	}
	w, _ := tenant.New(1)
	return mail.Target{WebsiteID: w, TicketID: 7}, nil
}

func (d *desk) Check(context.Context, tenant.ID, id.Ticket) error { return nil }

func (d *desk) File(_ context.Context, r mail.Received) (mail.Filed, error) {
	switch {
	case r.TicketID == 0:
		d.opened++
		return mail.Filed{TicketID: 100, MessageID: 5}, nil
	case int64(r.TicketID)/10+1 != r.WebsiteID.Int64():
		return mail.Filed{}, fault.Missing("ticket")
	case r.TicketID%10 == 9:
		return mail.Filed{}, fault.New(fault.Conflict, "full")
	}
	return mail.Filed{TicketID: r.TicketID, MessageID: 5}, nil
}

func (d *desk) Answer(context.Context, tenant.ID, id.Ticket, id.TicketMessage) (mail.Answer, error) {
	return d.answer, nil
}

func (d *desk) Plan(context.Context, tenant.ID) (identity.Plan, error) { return d.plan, nil }

func (d *desk) HasRoom(context.Context, tenant.ID) error { return d.room }

func (d *desk) Authenticate(_ context.Context, _ mail.Delivery, headerFrom string) mail.Authentication {
	return mail.Authentication{Domain: headerFrom}
}

func (d *desk) Take(context.Context, string) error { return nil }

func (d *desk) Parse(raw []byte) (mail.Message, error) {
	return mail.Message{
		HeaderFrom: "c.example", Text: "x", Quoted: strings.Repeat("q", 100<<10), Signature: "Vera",
		Files: []mail.File{{Name: "a.txt", Content: func() []byte { return raw }}},
	}, nil
}

func (d *desk) Compose(c mail.Composition) ([]byte, error) { return []byte(c.MessageID), nil }

// relay answers with its next outcome.
type relay struct {
	outcomes []mail.Outcome
	accepted map[string]int // how often the content of a mail was submitted
	dies     bool           // the process ends during the submission
}

var errDied = errors.New("the process has ended")

func (r *relay) Submit(_ context.Context, _, _ string, content []byte, start func() error) (mail.Outcome, error) {
	next := mail.Outcome{State: mail.Accepted}
	if len(r.outcomes) > 0 {
		next, r.outcomes = r.outcomes[0], r.outcomes[1:]
	}
	if next.State == mail.Deferred && next.Reason == "before the content" {
		return next, nil
	}
	if err := start(); err != nil {
		return mail.Outcome{}, err
	}
	if next.State == mail.Accepted || next.State == mail.Uncertain {
		r.accepted[string(content)]++
	}
	if r.dies {
		return mail.Outcome{}, errDied
	}
	return next, nil
}

// office is a Service over fakes.
type office struct {
	*mail.Service
	store *memory
	desk  *desk
	relay *relay
	now   time.Time
	one   tenant.ID
	two   tenant.ID
}

func newOffice(t *testing.T) *office {
	t.Helper()
	one, err := tenant.New(1)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := tenant.New(2)
	o := &office{
		store: &memory{
			received: map[id.Mail]mail.Received{}, sent: map[id.Mail]mail.Sent{}, addresses: map[tenant.ID]mail.Address{},
		},
		desk:  &desk{plan: identity.Pro},
		relay: &relay{accepted: map[string]int{}},
		now:   time.UnixMilli(1_700_000_000_000), one: one, two: two,
	}
	o.desk.answer = mail.Answer{
		ForRequester: true, Content: "Yes", Title: "Lamp", Address: "ticket-7-" + secret + "@" + domain,
		Requester: mail.Mailbox{Address: "vera@c.example"},
	}
	o.Service = mail.New(mail.Ports{
		Store: o.store, Tickets: o.desk, Accounts: o.desk, Limiter: o.desk, Parser: o.desk, Composer: o.desk, Relay: o.relay,
		Authenticator: o.desk,
	}, domain, func() time.Time { return o.now })
	return o
}

// queue stores a mail to send.
func (o *office) queue(w tenant.ID, ticket id.Ticket) mail.Sent {
	o.store.ids++
	m := mail.NewSent(o.store.ids, w, ticket, id.TicketMessage(o.store.ids), domain, o.now)
	m.From.Address = o.desk.answer.Address
	o.store.sent[m.ID] = m
	return m
}
