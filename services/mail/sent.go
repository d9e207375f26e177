package mail

import (
	"crypto/rand"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/excerpt"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// State is the delivery state of a sent mail.
type State string

// The states.
//
//	QUEUED ──► SENDING ──► SENT ──► UNDELIVERED (a bounce came back)
//	  ▲  │        │ ├────► UNDELIVERED (the relay refused it)
//	  │  └──► DEFERRED     (the relay refused it for now, or couldn't be reached)
//	  └──────────┘└──────► UNCERTAIN (the outcome isn't known, because the process or the connection ended)
const (
	Queued      State = "QUEUED"
	Sending     State = "SENDING" // the relay may accept it at any moment
	Accepted    State = "SENT"    // the relay has accepted it
	Deferred    State = "DEFERRED"
	Undelivered State = "UNDELIVERED"
	Uncertain   State = "UNCERTAIN"
)

// States are all states.
var States = []State{Queued, Sending, Accepted, Deferred, Undelivered, Uncertain}

// Sent is an agent's answer as an e-mail.
type Sent struct {
	ID              id.Mail          `bson:"_id"`
	WebsiteID       tenant.ID        `bson:"websiteId"`
	TicketID        id.Ticket        `bson:"ticketId"`
	TicketMessageID id.TicketMessage `bson:"ticketMessageId"`
	VisitorID       *id.Visitor      `bson:"visitorId,omitempty"` // of the ticket
	MessageID       string           `bson:"messageId"`           // fixed before the first attempt
	From            Mailbox          `bson:"from"`
	To              Mailbox          `bson:"to"`
	Subject         string           `bson:"subject"`
	State           State            `bson:"state"`
	Reason          string           `bson:"reason"` // of a state other than SENT, as the relay or the bounce says it
	Tries           int              `bson:"tries"`
	NextAt          *time.Time       `bson:"nextAt,omitempty"` // of the next step; nil if there is none
	CreatedAt       time.Time        `bson:"createdAt"`
	UpdatedAt       time.Time        `bson:"updatedAt"`
}

// NewSent returns the mail of a ticket's message. Its Message-ID is at domain, random, and says nothing about the
// website.
func NewSent(
	number id.Mail, t tenant.ID, ticket id.Ticket, message id.TicketMessage, domain string, now time.Time,
) Sent {
	return Sent{
		ID: number, WebsiteID: t, TicketID: ticket, TicketMessageID: message,
		MessageID: strings.ToLower(rand.Text()) + "@" + domain, State: Queued, NextAt: &now, CreatedAt: now, UpdatedAt: now,
	}
}

// The times of sending.
const (
	claimFor    = 2 * time.Minute  // after which another replica prepares a mail again
	sendingFor  = 15 * time.Minute // after which a submission without an outcome is UNCERTAIN
	deferFirst  = time.Minute
	deferLast   = time.Hour
	giveUpAfter = 48 * time.Hour
	maxReason   = 500 // bytes
)

// Started returns s as it is stored before its content is submitted.
func (s Sent) Started(now time.Time) Sent {
	s.Tries++
	return s.in(Sending, "", now).next(now.Add(sendingFor))
}

// Outcome is what the relay did.
type Outcome struct {
	State  State // SENT, DEFERRED, UNDELIVERED or UNCERTAIN
	Reason string
}

// After returns s with the outcome of an attempt.
func (s Sent) After(o Outcome, now time.Time) Sent {
	if o.State != Deferred {
		return s.in(o.State, o.Reason, now)
	}
	if s.State != Sending { // the relay refused it before its content
		s.Tries++
	}
	if now.Sub(s.CreatedAt) > giveUpAfter {
		return s.in(Undelivered, "given up after 48 hours: "+o.Reason, now)
	}
	return s.in(Deferred, o.Reason, now).next(now.Add(pause(s.Tries, deferFirst, deferLast)))
}

// Interrupted returns s if it is being submitted for too long: its process has ended, perhaps after the relay had
// accepted it.
func (s Sent) Interrupted(now time.Time) (Sent, bool) {
	if s.State != Sending {
		return s, false
	}
	return s.in(Uncertain, "the process ended during the submission; the mail may have been sent", now), true
}

// Bounced returns s after a bounce said that it can't be delivered.
func (s Sent) Bounced(diagnostic string, now time.Time) Sent {
	return s.in(Undelivered, diagnostic, now)
}

func (s Sent) in(state State, reason string, now time.Time) Sent {
	s.State, s.Reason, s.UpdatedAt, s.NextAt = state, excerpt.Cut(reason, maxReason), now, nil
	return s
}

func (s Sent) next(at time.Time) Sent {
	s.NextAt = &at
	return s
}
