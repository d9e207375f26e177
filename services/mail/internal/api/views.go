package api

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/services/mail"
)

type list struct {
	Data []view `json:"data"`
	// older mails are left out
	HasMore bool `json:"hasMore"`
}

// view is a mail as agents see it.
type view struct {
	ID        id.Mail   `json:"id,string"`
	Direction string    `json:"direction"`
	MessageID *string   `json:"messageId"` // of the ticket's message; nil for a mail that is none
	From      mailbox   `json:"from"`
	To        []mailbox `json:"to"`
	Cc        []mailbox `json:"cc"`
	Subject   string    `json:"subject"`
	State     string    `json:"state"`
	Reason    string    `json:"reason"`
	// those of a received mail; nil for one that was sent
	Kind          *string    `json:"kind"`
	OriginalUntil *time.Time `json:"originalUntil"`
	// of a received mail; nil if its sender wasn't checked
	Authentication *authentication `json:"authentication"`
	CreatedAt      time.Time       `json:"createdAt"`
}

type authentication struct {
	Domain     string `json:"domain"`
	IsVerified bool   `json:"isVerified"`
	SPF        string `json:"spf"`
	DKIM       string `json:"dkim"`
	DMARC      string `json:"dmarc"`
}

func authenticationOf(a *mail.Authentication) *authentication {
	if a == nil {
		return nil
	}
	return &authentication{
		a.Domain, a.IsVerified, strings.ToUpper(a.SPF), strings.ToUpper(a.DKIM), strings.ToUpper(a.DMARC),
	}
}

// details are those of a received mail that its ticket's message doesn't have.
type details struct {
	ID          id.Mail      `json:"id,string"`
	Date        *time.Time   `json:"date"`
	Quoted      string       `json:"quoted"`
	Signature   string       `json:"signature"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	Position int    `json:"position"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Size     int    `json:"size"`
	IsInline bool   `json:"isInline"`
}

func detailsOf(number id.Mail, d mail.Details) details {
	v := details{ID: number, Quoted: d.Quoted, Signature: d.Signature}
	if !d.Date.IsZero() {
		v.Date = &d.Date
	}
	for i, f := range d.Files {
		v.Attachments = append(v.Attachments, attachment{i + 1, f.Name, f.Type, f.Size, f.IsInline})
	}
	return v
}

type mailbox struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// The directions of mails.
const (
	received = "RECEIVED"
	sent     = "SENT"
)

// JSONBytes implements paging.Sized.
func (v view) JSONBytes() int {
	const base, perMailbox = 512, 64
	n := base + searchterms.JSONLength(v.Subject) + searchterms.JSONLength(v.Reason)
	for _, m := range slices.Concat([]mailbox{v.From}, v.To, v.Cc) {
		n += perMailbox + searchterms.JSONLength(m.Name) + searchterms.JSONLength(m.Address)
	}
	return n
}

// listOf returns the mails of a ticket, the newest first.
func listOf(in []mail.Received, out []mail.Sent) list {
	views := make([]view, 0, len(in)+len(out))
	for _, r := range in {
		kind, until := strings.ToUpper(string(r.Kind)), r.OriginalUntil()
		views = append(views, view{
			Kind: &kind, OriginalUntil: &until, Authentication: authenticationOf(r.Authentication),
			ID: r.ID, Direction: received, MessageID: messageOf(r.TicketMessageID), From: mailbox(r.From),
			To: mailboxes(r.To), Cc: mailboxes(r.Cc), Subject: r.Subject, State: received, CreatedAt: r.CreatedAt,
		})
	}
	for _, m := range out {
		views = append(views, view{
			ID: m.ID, Direction: sent, MessageID: messageOf(m.TicketMessageID), From: mailbox(m.From),
			To: mailboxes([]mail.Mailbox{m.To}), Cc: []mailbox{}, Subject: m.Subject, State: stateOf(m), Reason: m.Reason,
			CreatedAt: m.CreatedAt,
		})
	}
	slices.SortStableFunc(views, func(a, b view) int { return b.CreatedAt.Compare(a.CreatedAt) })
	fitting, cut := paging.Fit(views)
	return list{fitting, cut}
}

// messageOf returns the id of a ticket's message, or nil for none.
func messageOf(number id.TicketMessage) *string {
	if number == 0 {
		return nil
	}
	s := strconv.FormatInt(int64(number), 10)
	return &s
}

// stateOf returns the state of a sent mail for agents: one that is being submitted is still queued.
func stateOf(m mail.Sent) string {
	if m.State == mail.Sending {
		return string(mail.Queued)
	}
	return string(m.State)
}

func mailboxes(all []mail.Mailbox) []mailbox {
	views := make([]mailbox, len(all))
	for i, m := range all {
		views[i] = mailbox(m)
	}
	return views
}
