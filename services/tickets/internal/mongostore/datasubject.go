package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
)

// tables are the collections in an export.
func tables(db *mongokit.DB) datasubject.Tables {
	messages := datasubject.Table{Kind: "ticket_message", By: "ticketId"}.In(db, "tickets_messages")
	return datasubject.Tables{
		datasubject.Table{
			Kind:    "ticket",
			Visitor: "visitorId",
			Omit:    []string{searchField},
			Under:   &messages,
		}.In(db, "tickets_tickets"),
	}
}

// Export implements datasubject.DataHolder.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	return s.tables.Export(ctx, of, after)
}

// eraseTickets is how many of a visitor's tickets one batch erases.
const eraseTickets = 20

// Erase implements datasubject.DataHolder. The events of tickets have only
// ids, so none has the visitor's name.
func (s *Store) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	t := of.Website()
	if visitor, ok := of.Visitor(); ok {
		return s.eraseVisitor(ctx, t, visitor)
	}
	if more, err = s.tables.Erase(ctx, t); err == nil && !more {
		more, err = s.Stored().Erase(ctx, t)
	}
	if err == nil && !more {
		more, err = s.log.EraseWebsite(ctx, t)
	}
	if err != nil || more {
		return more, err
	}
	return false, s.log.Unpublish(ctx)
}

func (s *Store) eraseVisitor(ctx context.Context, t tenant.ID, visitor id.Visitor) (more bool, err error) {
	found, err := s.tickets.List(ctx, t, bson.D{
		{Key: "visitorId", Value: visitor},
	}, mongokit.Query{Limit: eraseTickets, Omit: searchField})
	for _, one := range found {
		if err := s.Delete(ctx, t, one.ID); err != nil && !fault.Is(err, fault.NotFound) {
			return true, err
		}
	}
	return len(found) > 0, err
}
