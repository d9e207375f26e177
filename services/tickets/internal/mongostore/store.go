// Package mongostore stores tickets and their messages in MongoDB.
//
// Begin with Store. Invariant: a ticket, its messages, its row counts and its event are written in one transaction.
// Rules about tickets belong to package tickets.
package mongostore

import (
	"context"
	"reflect"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/tickets"
)

// mailIDField is absent in messages that are no e-mails. Older rows have null.
const mailIDField = "emailMessageId"

// openedByField is absent in tickets that no e-mail has opened.
const openedByField = "openedBy"

// addressField is what mail to a ticket names. Only the service mail looks tickets up by it.
const addressField = "uniqueEmailAddress"

// searchField is needed only for its index, so lists don't load it.
const searchField = "search"

// Store implements tickets.Store.
type Store struct {
	db         *mongokit.DB
	log        *outbox.Log
	tickets    *mongokit.Collection[tickets.Ticket]
	everywhere *mongokit.Global[tickets.Ticket] // the same, of all websites
	positions  *feed.Positions
	messages   *mongokit.Collection[tickets.Message]
	ticketIDs  *mongokit.Sequence
	messageIDs *mongokit.Sequence
	counts     *rowcount.Counter[key]
	texts      *rowcount.Bytes
	tables     datasubject.Tables
}

// New declares the collections.
func New(db *mongokit.DB, log *outbox.Log) *Store {
	s := &Store{
		db: db, log: log,
		tickets: mongokit.Tenanted[tickets.Ticket](db, "tickets_tickets", "ticket",
			append(listIndexes(), mongokit.Index{
				Keys: bson.D{{Key: openedByField, Value: 1}}, Unique: true, Present: openedByField,
			})...),
		messages: mongokit.Tenanted[tickets.Message](db, "tickets_messages", "ticket message",
			mongokit.Index{Keys: bson.D{{Key: "ticketId", Value: 1}, {Key: "_id", Value: 1}}},
			mongokit.Index{Keys: bson.D{{Key: "ticketId", Value: 1}, {Key: mailIDField, Value: 1}}, Present: mailIDField},
		).Spread("ticketId"),
		everywhere: mongokit.GlobalOf[tickets.Ticket](db, "tickets_tickets", "ticket",
			mongokit.Index{Keys: bson.D{{Key: addressField, Value: 1}}}),
		positions:  feed.NewPositions(db, "tickets"),
		ticketIDs:  mongokit.NewSequence(db, "tickets", "tickets"),
		messageIDs: mongokit.NewSequence(db, "tickets", "messages"),
		tables:     tables(db),
	}
	s.counts = rowcount.New(db, "tickets_tally", s.count)
	s.texts = rowcount.NewBytes(db, "tickets_bytes", s.countTexts)
	return s
}

func byID(ticket id.Ticket) bson.D { return bson.D{{Key: "_id", Value: ticket}} }

// TicketID implements tickets.Store.
func (s *Store) TicketID(ctx context.Context) (id.Ticket, error) {
	n, err := s.ticketIDs.Next(ctx)
	return id.Ticket(n), err
}

// MessageID implements tickets.Store.
func (s *Store) MessageID(ctx context.Context) (id.TicketMessage, error) {
	n, err := s.messageIDs.Next(ctx)
	return id.TicketMessage(n), err
}

// Create implements tickets.Store.
func (s *Store) Create(ctx context.Context, made tickets.Ticket) error {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.tickets.Insert(ctx, made.WebsiteID, made); err != nil {
			return err
		}
		if err := s.counts.Add(ctx, made.WebsiteID, keyOf(made), 1); err != nil {
			return err
		}
		if err := s.texts.Add(ctx, made.WebsiteID, textOf(made)); err != nil {
			return err
		}
		if made.VisitorID == nil {
			return s.log.AppendNew(ctx, made.WebsiteID, int64(made.ID), made.Created())
		}
		return s.appendEvent(ctx, made, made.Created())
	})
	if mongokit.IsDuplicate(err) {
		return fault.New(fault.Conflict, "the same e-mail has opened another ticket")
	}
	return err
}

// OpenedBy implements tickets.Store.
func (s *Store) OpenedBy(ctx context.Context, t tenant.ID, identity string) (tickets.Ticket, error) {
	return s.tickets.Get(ctx, t, bson.D{{Key: openedByField, Value: identity}})
}

// AtAddress implements tickets.Store.
func (s *Store) AtAddress(ctx context.Context, address string) (tickets.Ticket, error) {
	return s.everywhere.Get(ctx, bson.D{{Key: addressField, Value: address}})
}

// Message implements tickets.Store.
func (s *Store) Message(
	ctx context.Context, t tenant.ID, ticket id.Ticket, message id.TicketMessage,
) (tickets.Message, error) {
	return s.messages.Get(ctx, t, bson.D{{Key: "ticketId", Value: ticket}, {Key: "_id", Value: message}})
}

// Get implements tickets.Store.
func (s *Store) Get(ctx context.Context, t tenant.ID, ticket id.Ticket) (tickets.Ticket, error) {
	return s.tickets.Get(ctx, t, byID(ticket))
}

// ByIDs implements tickets.Store.
func (s *Store) ByIDs(ctx context.Context, t tenant.ID, ids []id.Ticket) ([]tickets.Ticket, bool, error) {
	return s.tickets.Part(ctx, t, bson.D{
		{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}},
	}, mongokit.Query{Omit: searchField})
}

// Messages implements tickets.Store.
func (s *Store) Messages(
	ctx context.Context, t tenant.ID, ticket id.Ticket, after id.TicketMessage,
) ([]tickets.Message, bool, error) {
	filter := bson.D{{Key: "ticketId", Value: ticket}}
	if after != 0 {
		filter = append(filter, bson.E{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}})
	}
	return s.messages.Part(ctx, t, filter, mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Bytes: paging.MaxBytes})
}

// Save implements tickets.Store.
func (s *Store) Save(
	ctx context.Context, t tenant.ID, ticket id.Ticket, change func(tickets.Ticket) (tickets.Ticket, error),
) (saved tickets.Ticket, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.tickets.Get(ctx, t, byID(ticket))
		if err != nil {
			return err
		}
		if err = version.Check(ctx, stored.Revision()); err != nil {
			return err
		}
		if saved, err = change(stored); err != nil {
			return err
		}
		changed, err := s.write(ctx, stored, &saved)
		if err != nil || !changed {
			return err
		}
		return s.appendEvent(ctx, saved, saved.UpdatedFrom(stored))
	})
	return saved, err
}

// AddMessage implements tickets.Store. It changes the ticket in the same transaction. So concurrent messages are all
// counted, none outlives a ticket that is deleted concurrently, and an e-mail that is delivered twice at the same time
// is stored once.
func (s *Store) AddMessage(
	ctx context.Context, m tickets.Message, change func(tickets.Ticket) (tickets.Ticket, error),
) (added tickets.Message, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.tickets.Get(ctx, m.WebsiteID, byID(m.TicketID))
		if err != nil {
			return err
		}
		known, err := s.mail(ctx, m)
		if err != nil {
			return err
		}
		if len(known) > 0 {
			added = known[0]
			return nil
		}
		changed, err := change(stored)
		if err != nil {
			return err
		}
		if _, err := s.write(ctx, stored, &changed); err != nil {
			return err
		}
		if err := s.messages.Insert(ctx, m.WebsiteID, m); err != nil {
			return err
		}
		added = m
		if err := s.appendEvent(ctx, stored, m.Created()); err != nil || changed.Status == stored.Status {
			return err
		}
		return s.appendEvent(ctx, stored, changed.UpdatedFrom(stored))
	})
	return added, err
}

// mail returns a message of a ticket that is the same e-mail as m, or none. Two known senders must be the same.
func (s *Store) mail(ctx context.Context, m tickets.Message) ([]tickets.Message, error) {
	if m.MailID() == "" {
		return nil, nil
	}
	same := bson.D{{Key: "ticketId", Value: m.TicketID}, {Key: mailIDField, Value: m.MailID()}}
	if m.SenderEmail != nil {
		same = append(same, bson.E{Key: "senderEmail", Value: bson.D{{Key: "$in", Value: bson.A{*m.SenderEmail, nil}}}})
	}
	return s.messages.List(ctx, m.WebsiteID, same, mongokit.Query{Limit: 1})
}

// Delete implements tickets.Store.
func (s *Store) Delete(ctx context.Context, t tenant.ID, ticket id.Ticket) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.tickets.Get(ctx, t, byID(ticket))
		if err != nil {
			return err
		}
		if err = version.Check(ctx, stored.Revision()); err != nil {
			return err
		}
		if _, err := s.tickets.Delete(ctx, t, byID(ticket)); err != nil {
			return err
		}
		if _, err := s.messages.Delete(ctx, t, bson.D{{Key: "ticketId", Value: ticket}}); err != nil {
			return err
		}
		if err := s.counts.Add(ctx, t, keyOf(stored), -1); err != nil {
			return err
		}
		if err := s.texts.Remove(ctx, t, textOf(stored)); err != nil {
			return err
		}
		return s.appendEvent(ctx, stored, stored.Deleted())
	})
}

// appendEvent appends an event of a ticket, which is about its visitor.
func (s *Store) appendEvent(ctx context.Context, one tickets.Ticket, data contract.Data) error {
	if one.VisitorID == nil {
		return s.log.Append(ctx, one.WebsiteID, int64(one.ID), data)
	}
	return s.log.AppendAbout(ctx, one.WebsiteID, *one.VisitorID, int64(one.ID), data)
}

// write stores a changed ticket with a new version, its row counts and its bytes. It reports whether the ticket differs
// from before.
func (s *Store) write(ctx context.Context, before tickets.Ticket, after *tickets.Ticket) (bool, error) {
	if reflect.DeepEqual(before, *after) {
		return false, nil
	}
	after.Version++
	if err := s.tickets.Save(ctx, before.WebsiteID, byID(before.ID), before, *after); err != nil {
		return false, err
	}
	if err := s.counts.Move(ctx, before.WebsiteID, keyOf(before), keyOf(*after)); err != nil {
		return false, err
	}
	return true, s.texts.Resize(ctx, before.WebsiteID, textOf(before), textOf(*after))
}
