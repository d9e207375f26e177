package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/mail"
)

// Position returns the position up to which a log has been processed. At the first start it is the head of the log:
// messages from before aren't sent.
func (s *Store) Position(log feed.Source) func(ctx context.Context, source string) (int64, error) {
	return func(ctx context.Context, source string) (int64, error) {
		head, err := log.Head(ctx)
		if err != nil {
			return 0, err
		}
		return s.positions.BeginAt(ctx, source, head)
	}
}

// Apply stores a mail for each message that may go to a requester, and removes the mails of deleted tickets.
func (s *Store) Apply(ctx context.Context, source string, records []outbox.Record) error {
	next, err := s.ids.Reserve(ctx, int64(len(records))) // before the transaction, which may run more than once
	if err != nil {
		return err
	}
	return s.positions.Apply(ctx, source, records, func(ctx context.Context, fresh []outbox.Record) error {
		for i, r := range fresh {
			if err := s.apply(ctx, r, id.Mail(next+int64(i))); err != nil {
				return err
			}
		}
		mongokit.AfterCommit(ctx, s.wake)
		return nil
	})
}

func (s *Store) apply(ctx context.Context, r outbox.Record, number id.Mail) error {
	if r.Erased || r.Website.IsZero() {
		return nil
	}
	switch r.Type {
	case contract.TicketMessageCreated:
		var made contract.TicketMessageCreatedData
		if err := r.Decode(&made); err != nil || !s.sends || made.MessageType == contract.TicketMessageTypeNote {
			return err
		}
		queued := mail.NewSent(number, r.Website, made.TicketID, made.MessageID, s.domain, s.now())
		return s.sent.Insert(ctx, r.Website, queued)
	case contract.TicketDeleted:
		var gone contract.TicketDeletedData
		if err := r.Decode(&gone); err != nil {
			return err
		}
		return s.removeTicket(ctx, r.Website, gone.TicketID)
	default:
		return nil
	}
}

// removeTicket removes the mails of a ticket, inside a transaction.
func (s *Store) removeTicket(ctx context.Context, t tenant.ID, ticket id.Ticket) error {
	of := bson.D{{Key: "ticketId", Value: ticket}}
	if _, err := s.sent.Delete(ctx, t, of); err != nil {
		return err
	}
	for {
		more, err := s.removeReceived(ctx, t, of)
		if err != nil || !more {
			return err
		}
	}
}

// removeRows is how many received mails are removed in one step.
const removeRows = 100

// removeReceived removes received mails with their originals, inside a transaction, and reports whether there may be
// more.
func (s *Store) removeReceived(ctx context.Context, t tenant.ID, filter bson.D) (more bool, err error) {
	found, err := s.received.List(ctx, t, filter, mongokit.Query{Limit: removeRows, Only: []string{"_id", "websiteId"}})
	if err != nil || len(found) == 0 {
		return false, err
	}
	numbers := make([]id.Mail, len(found))
	for i, r := range found {
		numbers[i] = r.ID
	}
	originals, err := s.originals.List(ctx, t, bson.D{mongokit.OneOf("_id", numbers)}, mongokit.Query{Omit: "content"})
	if err != nil {
		return false, err
	}
	bytes := make([]int64, 0, 2*len(found))
	for range found {
		bytes = append(bytes, rowBytes)
	}
	for _, o := range originals {
		bytes = append(bytes, o.Size)
	}
	if _, err := s.originals.Delete(ctx, t, bson.D{mongokit.OneOf("_id", numbers)}); err != nil {
		return false, err
	}
	if _, err := s.received.Delete(ctx, t, bson.D{mongokit.OneOf("_id", numbers)}); err != nil {
		return false, err
	}
	return len(found) == removeRows, s.bytes.Remove(ctx, t, bytes...)
}
