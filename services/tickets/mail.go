package tickets

import (
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// NewMail is an e-mail that the service mail files: into a ticket, or, if TicketID is zero, into a new one.
type NewMail struct {
	TicketID              id.Ticket
	MessageID             string // as the header has it; filing the same one of the same author again changes nothing
	From, FromName        string // FromName may be empty
	Subject, Text         string // Subject may be empty
	InReplyTo, References string // may be empty
	IsAutomatic           bool   // it was sent by a program, like a notice of absence: it doesn't reopen the ticket
}

// identity is the same for a second delivery. A Message-ID alone isn't: programs repeat theirs in mails of different
// persons, and a person that knows one could keep another person's mail from opening a ticket.
func (n NewMail) identity() string { return strings.ToLower(n.From) + " " + n.MessageID }

// noSubject is the title of a ticket from an e-mail without a subject.
const noSubject = "(no subject)"

// Validate reports every invalid member.
func (n NewMail) Validate() error {
	var wrong fault.Problems
	wrong.Check(n.MessageID != "", "messageId", "is required")
	wrong.Check(len(n.FromName) <= maxLine, "fromName", "must be at most 998 bytes")
	if err := n.post().Validate(); err != nil {
		return err
	}
	return wrong.Err()
}

// post returns the message of the mail.
func (n NewMail) post() Post {
	kind := string(TypeEmail)
	return Post{
		Content:        n.Text,
		Type:           &kind,
		EmailMessageID: &n.MessageID,
		SenderEmail:    &n.From,
		InReplyTo:      given(n.InReplyTo),
		References:     given(n.References),
		Subject:        given(n.Subject),
		IsFromEmail:    true,
	}
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// draft returns the ticket that the mail opens. An address that isn't valid is shown with the message only.
func (n NewMail) draft() Draft {
	d := Draft{Title: title(n.Subject), Channel: ChannelEmail}
	var wrong fault.Problems
	if checkEmail(n.From, &wrong); wrong.Err() == nil {
		d.Email = &n.From
	}
	return d
}

// title returns a subject as a title: in one line, and cut to its maximum length.
func title(subject string) string {
	s := cmp.Or(strings.Join(strings.Fields(subject), " "), noSubject)
	if utf8.RuneCountInString(s) > maxTitle {
		s = string([]rune(s)[:maxTitle-1]) + "…"
	}
	return s
}

// Filed is where an e-mail was filed.
type Filed struct {
	TicketID  id.Ticket
	MessageID id.TicketMessage
	VisitorID *id.Visitor
}

// FileMail adds an e-mail to its ticket and reopens it, or opens a ticket with it. The same Message-ID of the same
// author opens one ticket of a website and is one message of a ticket, however often and concurrently it is filed. The
// error is NotFound if the ticket doesn't exist, and Conflict if it is full.
func (s *Service) FileMail(ctx context.Context, t tenant.ID, n NewMail) (Filed, error) {
	if err := n.Validate(); err != nil {
		return Filed{}, err
	}
	one, err := s.ticketOf(ctx, t, n)
	if err != nil {
		return Filed{}, err
	}
	number, err := s.store.MessageID(ctx)
	if err != nil {
		return Filed{}, err
	}
	m := n.post().message(t, one.ID, number, s.now())
	m.SenderName = given(n.FromName)
	stored, err := s.store.AddMessage(ctx, m, func(stored Ticket) (Ticket, error) {
		changed, err := stored.with(m)
		if err == nil && !n.IsAutomatic {
			changed.Status = changed.answered()
		}
		return changed, err
	})
	return Filed{TicketID: one.ID, MessageID: stored.ID, VisitorID: one.VisitorID}, err
}

// answered returns the status after the requester has written: a ticket that waited for the requester, or was done, is
// open again.
func (t Ticket) answered() Status {
	switch t.Status {
	case StatusPending, StatusResolved, StatusClosed:
		return StatusOpen
	case StatusNew, StatusOpen:
	}
	return t.Status
}

// ticketOf returns the ticket of a mail: the named one, the one that the same mail has opened, or a new one.
func (s *Service) ticketOf(ctx context.Context, t tenant.ID, n NewMail) (Ticket, error) {
	if n.TicketID != 0 {
		return s.store.Get(ctx, t, n.TicketID)
	}
	identity := n.identity()
	opened, err := s.store.OpenedBy(ctx, t, identity)
	if !fault.Is(err, fault.NotFound) {
		return opened, err
	}
	number, err := s.store.TicketID(ctx)
	if err != nil {
		return Ticket{}, err
	}
	made := n.draft().ticket(t, number, s.mailDomain, s.now())
	made.OpenedBy, made.RequesterName = &identity, given(n.FromName)
	if err = s.store.Create(ctx, made); fault.Is(err, fault.Conflict) { // filed concurrently
		return s.store.OpenedBy(ctx, t, identity)
	}
	return made, err
}

// AtAddress returns the ticket with an e-mail address, of any website, or NotFound.
func (s *Service) AtAddress(ctx context.Context, address string) (Ticket, error) {
	return s.store.AtAddress(ctx, address)
}

// Answer is a message with what an e-mail with it needs.
type Answer struct {
	Message     Message
	Ticket      Ticket
	AuthorName  string // "" if it isn't known
	WebsiteName string // "" if it isn't known
	Requester   Requester
}

// IsForRequester reports whether the message goes to the requester by e-mail: an agent wrote it, and it is neither a
// note nor an e-mail itself.
func (a Answer) IsForRequester() bool {
	m := a.Message
	return m.AuthorID != nil && m.Type != TypeNote && !m.IsFromEmail && m.MailID() == "" && a.Requester.Email != nil
}

// Answer returns a message of a ticket, or NotFound.
func (s *Service) Answer(ctx context.Context, t tenant.ID, ticket id.Ticket, message id.TicketMessage) (Answer, error) {
	one, err := s.store.Get(ctx, t, ticket)
	if err != nil {
		return Answer{}, err
	}
	m, err := s.store.Message(ctx, t, ticket, message)
	if err != nil {
		return Answer{}, err
	}
	r, err := s.related(ctx, t, one)
	if err != nil {
		return Answer{}, err
	}
	d := r.detail(one)
	d.Messages = []Message{m}
	if d, err = s.withAuthors(ctx, d); err != nil {
		return Answer{}, err
	}
	a := Answer{Message: m, Ticket: one, Requester: d.Requester()}
	if name := d.AuthorName(m); name != nil {
		a.AuthorName = *name
	}
	if d.Website != nil {
		a.WebsiteName = d.Website.Name
	}
	return a, nil
}
