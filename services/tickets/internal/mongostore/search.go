package mongostore

import (
	"context"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/tickets"
)

// termsField has the terms by which searches find a ticket.
const termsField = searchField + ".terms"

// maxCounted is how many tickets that a search finds are counted. Counting reads an index entry for each.
const maxCounted = 10_000

// Positions are the positions up to which tasks have processed tickets.
func (s *Store) Positions() *feed.Positions { return s.positions }

// Analysed implements tickets.Store.
func (s *Store) Analysed(
	ctx context.Context, after id.Ticket, limit int64,
) (rows []tickets.Ticket, more bool, err error) {
	return mongokit.ByNumber(ctx, s.everywhere, after, limit, "websiteId", searchField+".version", urgencyField)
}

// Newest implements tickets.Store.
func (s *Store) Newest(ctx context.Context) (int64, error) {
	return mongokit.NewestNumber(ctx, s.everywhere)
}

// Index implements tickets.Store.
func (s *Store) Index(
	ctx context.Context, one tickets.Ticket, change func(tickets.Ticket, []tickets.Message) tickets.Ticket,
) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.tickets.Get(ctx, one.WebsiteID, byID(one.ID))
		if err != nil {
			return err
		}
		var messages []tickets.Message
		var after id.TicketMessage
		for more := true; more; {
			var part []tickets.Message
			if part, more, err = s.Messages(ctx, one.WebsiteID, one.ID, after); err != nil {
				return err
			}
			messages = append(messages, part...)
			if more = more && len(part) > 0; more {
				after = part[len(part)-1].ID
			}
		}
		return s.tickets.Save(ctx, one.WebsiteID, byID(one.ID), stored, change(stored, messages))
	})
}
