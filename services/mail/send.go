package mail

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/fault"
)

// errTaken says that another replica has submitted a mail, or that it was marked otherwise.
var errTaken = fault.New(fault.Conflict, "another replica submits the mail")

// storeWait bounds storing an outcome, even if the process is stopping.
const storeWait = 10 * time.Second

// Send makes the next step of a sent mail: it submits the mail, or marks it UNCERTAIN if its submission was
// interrupted. It removes a mail that isn't to be sent. The outcome is the zero Outcome if no step was made.
//
// The state SENDING is stored after the relay has accepted the sender and the recipient, and before it gets the
// content. So a mail whose state is QUEUED or DEFERRED was never accepted, and one that is SENDING is never submitted
// again.
func (s *Service) Send(ctx context.Context, m Sent) (Outcome, error) {
	if interrupted, is := m.Interrupted(s.now()); is {
		_, err := s.Store.SaveSent(ctx, m.WebsiteID, m.ID, func(stored Sent) (Sent, error) {
			if stored.State != Sending || stored.Tries != m.Tries {
				return stored, errTaken
			}
			return interrupted, nil
		})
		return Outcome{Uncertain, interrupted.Reason}, err
	}
	a, err := s.Tickets.Answer(ctx, m.WebsiteID, m.TicketID, m.TicketMessageID)
	if fault.Is(err, fault.NotFound) || err == nil && !a.ForRequester {
		return Outcome{}, s.Store.Unsend(ctx, m.WebsiteID, m.ID)
	}
	if err != nil {
		return Outcome{}, err
	}
	c, err := s.compose(ctx, m, a)
	if err != nil {
		return Outcome{}, err
	}
	content, err := s.Composer.Compose(c)
	if err != nil { // the address can't be written to
		return s.record(ctx, m, Outcome{Undelivered, err.Error()})
	}
	m, err = s.Store.SaveSent(ctx, m.WebsiteID, m.ID, func(stored Sent) (Sent, error) {
		stored.From, stored.To, stored.Subject, stored.VisitorID = c.From, c.To, c.Subject, a.VisitorID
		return stored, nil
	})
	if err != nil {
		return Outcome{}, err
	}
	o, err := s.Relay.Submit(ctx, c.From.Address, c.To.Address, content, func() error {
		started, err := s.Store.SaveSent(ctx, m.WebsiteID, m.ID, func(stored Sent) (Sent, error) {
			if stored.Tries != m.Tries || stored.State != Queued && stored.State != Deferred {
				return stored, errTaken
			}
			return stored.Started(s.now()), nil
		})
		if err == nil {
			m = started
		}
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	return s.record(ctx, m, o)
}

// record stores the outcome of a submission.
func (s *Service) record(ctx context.Context, m Sent, o Outcome) (Outcome, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeWait)
	defer cancel()
	saved, err := s.Store.SaveSent(ctx, m.WebsiteID, m.ID, func(stored Sent) (Sent, error) {
		if stored.Tries != m.Tries || stored.State != m.State {
			return stored, errTaken
		}
		return stored.After(o, s.now()), nil
	})
	if fault.Is(err, fault.NotFound) { // the ticket was deleted meanwhile
		return o, nil
	}
	return Outcome{saved.State, saved.Reason}, err
}
