package mail

import (
	"context"
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Ports are what a Service needs.
type Ports struct {
	Store    Store
	Tickets  Tickets
	Accounts Accounts
	Limiter  Limiter
	Parser   Parser
	Composer Composer
	Relay    Relay // nil: nothing is sent

	Authenticator Authenticator // nil: senders aren't checked
}

// Service has the use cases of mail.
type Service struct {
	Ports
	domain string
	now    func() time.Time
}

// New returns a Service for the addresses at domain. now is the clock; its times are truncated to milliseconds, the
// precision of the database.
func New(p Ports, domain string, now func() time.Time) *Service {
	return &Service{Ports: p, domain: domain, now: timestamp.Clock(now)}
}

// Sends reports whether answers are sent.
func (s *Service) Sends() bool { return s.Relay != nil }

// Address returns a website's own e-mail address, which it gets at the first call.
func (s *Service) Address(ctx context.Context, t tenant.ID) (string, error) {
	a, err := s.Store.FindAddress(ctx, t)
	if fault.Is(err, fault.NotFound) {
		a, err = s.Store.Address(ctx, NewAddress(t, s.now()))
	}
	return a.At(s.domain), err
}

// errUnknown says the same for an address of a wrong form and for one that belongs to no ticket and no website.
func errUnknown() error { return fault.Missing("mailbox") }

// Recipient returns what an address leads to, and counts a mail to it. Errors are faults: NotFound, Forbidden if the
// website's plan has no tickets, TooLarge if the website has reached its storage limit, Limited, Unavailable.
func (s *Service) Recipient(ctx context.Context, address string) (Target, error) {
	r, ok := parseRecipient(address, s.domain)
	if !ok {
		return Target{}, errUnknown()
	}
	at, err := s.target(ctx, r)
	if err != nil {
		return Target{}, err
	}
	plan, err := s.Accounts.Plan(ctx, at.WebsiteID)
	switch {
	case fault.Is(err, fault.NotFound):
		return Target{}, errUnknown()
	case err != nil:
		return Target{}, err
	case plan != identity.Pro:
		return Target{}, fault.Coded(fault.Forbidden, "plan_required", "this website doesn't receive e-mail")
	}
	if err := s.Accounts.HasRoom(ctx, at.WebsiteID); err != nil {
		return Target{}, err
	}
	return at, s.Limiter.Take(ctx, "website "+at.WebsiteID.String())
}

func (s *Service) target(ctx context.Context, r recipient) (Target, error) {
	if r.ticket != "" {
		at, err := s.Tickets.AtAddress(ctx, r.ticket)
		if fault.Is(err, fault.NotFound) {
			err = errUnknown()
		}
		return at, err
	}
	a, err := s.Store.FindAddress(ctx, r.website)
	if fault.Is(err, fault.NotFound) || err == nil && !a.has(r.secret) {
		return Target{}, errUnknown()
	}
	return Target{WebsiteID: r.website}, err
}

// Admit counts a connection of a server. The error is Limited if it has opened too many.
func (s *Service) Admit(ctx context.Context, peer string) error {
	return s.Limiter.Take(ctx, "server "+peer)
}

// Receive stores a mail for each of its targets. Without an error all of them are stored, now or by an earlier delivery
// of the same mail. It returns how many are stored now. The error is Invalid if the mail can't be read.
func (s *Service) Receive(ctx context.Context, d Delivery) (int, error) {
	m, err := s.Parser.Parse(d.Raw)
	if err != nil {
		return 0, fault.Bad("mail", err.Error())
	}
	var checked *Authentication
	if s.Authenticator != nil {
		a := s.Authenticator.Authenticate(ctx, d, m.HeaderFrom)
		checked = &a
	}
	firstID, err := s.Store.MailIDs(ctx, int64(len(d.Targets)))
	if err != nil {
		return 0, err
	}
	now, stored := s.now(), 0
	for i, at := range d.Targets { // if one fails, the server delivers again, and those before are known
		r := NewReceived(firstID+id.Mail(i), at, d, m, now)
		r.Authentication = checked
		isNew, err := s.Store.Receive(ctx, r, d.Raw)
		if err != nil {
			return stored, err
		}
		if isNew {
			stored++
		}
	}
	return stored, nil
}

// maxShown is how many mails of each direction are shown of a ticket.
const maxShown = 500

// OfTicket returns the newest 500 received and the newest 500 sent mails of a ticket, newest first. The error is
// NotFound if the website has no such ticket.
func (s *Service) OfTicket(ctx context.Context, t tenant.ID, ticket id.Ticket) ([]Received, []Sent, error) {
	if err := s.Tickets.Check(ctx, t, ticket); err != nil {
		return nil, nil, err
	}
	return s.Store.OfTicket(ctx, t, ticket, maxShown)
}

// File puts a received mail into its ticket, and returns the rule by which it found it. If that fails, the mail is
// tried again later.
func (s *Service) File(ctx context.Context, r Received) (Rule, error) {
	rule, filed, err := s.place(ctx, r)
	_, saving := s.Store.SaveReceived(ctx, r.WebsiteID, r.ID, func(stored Received) (Received, error) {
		if err != nil {
			return stored.Failed(s.now()), nil
		}
		stored.TicketID, stored.TicketMessageID, stored.VisitorID = filed.TicketID, filed.MessageID, filed.VisitorID
		return stored.FiledAs(rule), nil
	})
	if fault.Is(saving, fault.NotFound) { // erased meanwhile
		saving = nil
	}
	if err != nil {
		return "", err
	}
	return rule, saving
}

// place files a mail by the first rule that applies.
func (s *Service) place(ctx context.Context, r Received) (Rule, Filed, error) {
	unfiled := Filed{TicketID: r.TicketID}
	isOfSent, err := s.bounced(ctx, r)
	if isOfSent || err != nil {
		return AsBounce, unfiled, err
	}
	_, err = s.Store.SentAs(ctx, r.WebsiteID, r.MessageID)
	if err == nil {
		return AsOwn, unfiled, nil
	}
	if !fault.Is(err, fault.NotFound) {
		return "", unfiled, err
	}
	if r.TicketID != 0 {
		filed, err := s.Tickets.File(ctx, r)
		switch {
		case fault.Is(err, fault.NotFound):
			return AsGone, unfiled, nil
		case fault.Is(err, fault.Conflict): // the ticket is full
			return s.open(ctx, r)
		}
		return ByAddress, filed, err
	}
	for _, find := range []struct {
		rule   Rule
		ticket func(context.Context, Received) (id.Ticket, bool, error)
	}{{ByReference, s.byReference}, {BySubject, s.bySubject}} {
		ticket, found, err := find.ticket(ctx, r)
		if err != nil {
			return "", unfiled, err
		}
		if !found {
			continue
		}
		of := r
		of.TicketID = ticket
		filed, err := s.Tickets.File(ctx, of)
		if err == nil || !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) {
			return find.rule, filed, err
		}
	}
	return s.open(ctx, r)
}

// open files a mail into a new ticket.
func (s *Service) open(ctx context.Context, r Received) (Rule, Filed, error) {
	r.TicketID = 0
	filed, err := s.Tickets.File(ctx, r)
	return AsNew, filed, err
}

func (s *Service) byReference(ctx context.Context, r Received) (id.Ticket, bool, error) {
	if len(r.References) == 0 {
		return 0, false, nil
	}
	return s.Store.Answered(ctx, r.WebsiteID, r.References)
}

// bySubject returns the ticket whose token is in the subject. The token is checked against the address in a mail that
// was sent for the ticket, because only such mails have a token.
func (s *Service) bySubject(ctx context.Context, r Received) (id.Ticket, bool, error) {
	for _, token := range tokensOf(r.Subject) {
		ticket := ticketOf(token)
		_, sent, err := s.Store.OfTicket(ctx, r.WebsiteID, ticket, 1)
		if err != nil {
			return 0, false, err
		}
		if len(sent) > 0 && SubjectToken(sent[0].From.Address) == token {
			return ticket, true, nil
		}
	}
	return 0, false, nil
}

// bounced reports whether a mail is a bounce of a sent mail, which it marks if another attempt is useless. Any other
// bounce is filed as a mail of a program.
func (s *Service) bounced(ctx context.Context, r Received) (bool, error) {
	if r.Kind != Bounce || r.OriginalID == "" {
		return false, nil
	}
	sent, err := s.Store.SentAs(ctx, r.WebsiteID, r.OriginalID)
	if err == nil && r.Permanent {
		_, err = s.Store.SaveSent(ctx, r.WebsiteID, sent.ID, func(stored Sent) (Sent, error) {
			return stored.Bounced(r.Diagnostic, s.now()), nil
		})
	}
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// ToFile returns received mails to file. Another replica doesn't get them for a while.
func (s *Service) ToFile(ctx context.Context) ([]Received, error) {
	now := s.now()
	return s.Store.ToFile(ctx, now, now.Add(claimFor))
}

// ToSend returns sent mails whose next step is due. Another replica doesn't get them for a while.
func (s *Service) ToSend(ctx context.Context) ([]Sent, error) {
	now := s.now()
	return s.Store.ToSend(ctx, now, now.Add(claimFor))
}

// threadSize is how many mails of each direction References names.
const threadSize = 10

// compose returns the mail for an answer, after those that its ticket had.
func (s *Service) compose(ctx context.Context, m Sent, a Answer) (Composition, error) {
	received, sent, err := s.Store.OfTicket(ctx, m.WebsiteID, m.TicketID, threadSize)
	if err != nil {
		return Composition{}, err
	}
	c := Composition{
		From:      Mailbox{Name: senderName(a), Address: a.Address},
		To:        a.Requester,
		Subject:   subject(a, received),
		MessageID: m.MessageID,
		Date:      m.CreatedAt,
		Website:   a.WebsiteName,
		Text:      a.Content,
	}
	type known struct {
		messageID string
		at        time.Time
	}
	var thread []known
	for _, r := range received {
		thread = append(thread, known{r.MessageID, r.CreatedAt})
	}
	for _, one := range sent {
		if one.State == Accepted || one.State == Uncertain {
			thread = append(thread, known{one.MessageID, one.CreatedAt})
		}
	}
	slices.SortStableFunc(thread, func(x, y known) int { return x.at.Compare(y.at) })
	for _, one := range thread {
		c.References = append(c.References, one.messageID)
	}
	switch {
	case len(received) > 0:
		c.InReplyTo = received[0].MessageID
	case len(thread) > 0:
		c.InReplyTo = thread[len(thread)-1].messageID
	}
	return c, nil
}

// senderName returns "Ada (Harbour Books)", or the part of it that is known.
func senderName(a Answer) string {
	switch {
	case a.AuthorName == "":
		return a.WebsiteName
	case a.WebsiteName == "":
		return a.AuthorName
	default:
		return a.AuthorName + " (" + a.WebsiteName + ")"
	}
}

// subject returns the subject of an answer: the ticket's title, with its token. It is the same in all mails of a
// ticket, because mail programs show mails with another subject apart.
func subject(a Answer, received []Received) string {
	s := a.Title
	token := SubjectToken(a.Address)
	if len(tokensOf(s)) == 0 && token != "" {
		s += " " + token
	}
	if len(received) > 0 && !strings.HasPrefix(strings.ToLower(s), "re:") {
		s = "Re: " + s
	}
	return s
}
