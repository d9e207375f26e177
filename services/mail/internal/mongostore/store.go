// Package mongostore stores mails in MongoDB, with the position up to which the log of tickets has been processed.
//
// Begin with Store. Invariants: a received mail and its original are written in one transaction, and the unique index
// of keys refuses a second delivery. A mail to send and the position of its event are written in one transaction. Rules
// about mails belong to package mail.
package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/largeread"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/feed"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/mail"
)

// Store implements mail.Store, and Position and Apply of a feed.Follower.
type Store struct {
	db        *mongokit.DB
	domain    string // of Message-IDs
	sends     bool
	received  *mongokit.Collection[mail.Received]
	toFile    *mongokit.Global[mail.Received]
	originals *mongokit.Collection[original]
	old       *mongokit.Global[original]
	sent      *mongokit.Collection[mail.Sent]
	toSend    *mongokit.Global[mail.Sent]
	addresses *mongokit.Collection[mail.Address]
	ids       *mongokit.Sequence
	positions *feed.Positions
	bytes     *rowcount.Bytes
	tables    datasubject.Tables
	wake      func()
	now       func() time.Time
}

// original is a received mail as it came.
type original struct {
	ID        id.Mail   `bson:"_id"`
	WebsiteID tenant.ID `bson:"websiteId"`
	MailID    id.Mail   `bson:"mailId"` // the same as the id, for exports
	Content   []byte    `bson:"content"`
	Size      int64     `bson:"size"`
	CreatedAt time.Time `bson:"createdAt"`
}

// rowBytes is what a received mail counts towards the website's stored bytes, in addition to its original.
const rowBytes = rowcount.Block

// Options say what a Store plans.
type Options struct {
	Domain string // of the Message-IDs of mails to send
	Sends  bool   // whether answers are sent; otherwise events add no mails
	Wake   func() // called when there may be mails to file or to send
	Now    func() time.Time
}

// New declares the collections.
func New(db *mongokit.DB, o Options) *Store {
	keys := func(fields ...string) mongokit.Index {
		var ix mongokit.Index
		for _, f := range fields {
			ix.Keys = append(ix.Keys, bson.E{Key: f, Value: 1})
		}
		return ix
	}
	newest := func(fields ...string) mongokit.Index {
		ix := keys(fields...)
		ix.Keys = append(ix.Keys, bson.E{Key: "createdAt", Value: -1}, bson.E{Key: "_id", Value: -1})
		return ix
	}
	due := keys("nextAt")
	due.Present = "nextAt"
	once := keys("key")
	once.Unique = true
	ofMessage := keys("ticketMessageId")
	ofMessage.Unique = true
	s := &Store{
		db: db, domain: o.Domain, sends: o.Sends, wake: o.Wake, now: timestamp.Clock(o.Now),
		received: mongokit.Tenanted[mail.Received](db, "mail_received", "mail",
			once, keys("messageId"), newest("ticketId"), newest("visitorId"), newest()),
		toFile: mongokit.GlobalOf[mail.Received](db, "mail_received", "mail", due),
		originals: mongokit.Tenanted[original](db, "mail_originals", "original",
			keys("mailId", "_id"), newest()),
		old: mongokit.GlobalOf[original](db, "mail_originals", "original", keys("createdAt")),
		sent: mongokit.Tenanted[mail.Sent](db, "mail_sent", "mail",
			ofMessage, keys("messageId"), newest("ticketId"), newest("visitorId"), newest()),
		toSend:    mongokit.GlobalOf[mail.Sent](db, "mail_sent", "mail", due, keys("state")),
		addresses: mongokit.Tenanted[mail.Address](db, "mail_addresses", "address", keys("createdAt")),
		ids:       mongokit.NewSequence(db, "mail", "mail"),
		positions: feed.NewPositions(db, "mail"),
		tables:    tables(db),
	}
	s.bytes = rowcount.NewBytes(db, "mail_bytes", s.countBytes)
	return s
}

func byID(number id.Mail) bson.D { return bson.D{{Key: "_id", Value: number}} }

// Address implements mail.Store. The row's id is the website's number, so that concurrent calls store one.
func (s *Store) Address(ctx context.Context, made mail.Address) (mail.Address, error) {
	return s.addresses.Upsert(ctx, made.WebsiteID, bson.D{{Key: "_id", Value: made.WebsiteID}}, bson.D{
		{Key: "$setOnInsert", Value: bson.D{
			{Key: "secret", Value: made.Secret}, {Key: "createdAt", Value: made.CreatedAt},
		}},
	})
}

// FindAddress implements mail.Store.
func (s *Store) FindAddress(ctx context.Context, t tenant.ID) (mail.Address, error) {
	return s.addresses.Get(ctx, t, bson.D{{Key: "_id", Value: t}})
}

// MailIDs implements mail.Store.
func (s *Store) MailIDs(ctx context.Context, n int64) (id.Mail, error) {
	number, err := s.ids.Reserve(ctx, n)
	return id.Mail(number), err
}

// Receive implements mail.Store.
func (s *Store) Receive(ctx context.Context, r mail.Received, content []byte) (bool, error) {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.received.Insert(ctx, r.WebsiteID, r); err != nil {
			return err
		}
		if err := s.bytes.Add(ctx, r.WebsiteID, r.Size+rowBytes); err != nil {
			return err
		}
		return s.originals.Insert(ctx, r.WebsiteID, original{r.ID, r.WebsiteID, r.ID, content, r.Size, r.CreatedAt})
	})
	if mongokit.IsDuplicate(err) {
		return false, nil
	}
	if err == nil {
		s.wake()
	}
	return err == nil, err
}

// Original implements mail.Store. A request for a large one takes a place for large reads.
func (s *Store) Original(ctx context.Context, t tenant.ID, ticket id.Ticket, number id.Mail) ([]byte, error) {
	r, err := s.received.Get(ctx, t, byID(number))
	if err != nil {
		return nil, err
	}
	if r.TicketID != ticket {
		return nil, fault.Missing("mail")
	}
	if err := largeread.Charge(ctx, r.Size); err != nil {
		return nil, err
	}
	o, err := s.originals.Get(ctx, t, byID(number))
	return o.Content, err
}

// OfTicket implements mail.Store.
func (s *Store) OfTicket(
	ctx context.Context, t tenant.ID, ticket id.Ticket, limit int64,
) ([]mail.Received, []mail.Sent, error) {
	of := bson.D{{Key: "ticketId", Value: ticket}}
	q := mongokit.Query{
		Sort: bson.D{{Key: "createdAt", Value: -1}, {Key: "_id", Value: -1}}, Limit: limit, Omit: "text",
	}
	received, err := s.received.List(ctx, t, of, q)
	if err != nil {
		return nil, nil, err
	}
	q.Omit = ""
	sent, err := s.sent.List(ctx, t, of, q)
	return received, sent, err
}

// Answered implements mail.Store.
func (s *Store) Answered(ctx context.Context, t tenant.ID, messageIDs []string) (id.Ticket, bool, error) {
	known := bson.D{mongokit.OneOf("messageId", messageIDs)}
	only := mongokit.Query{Only: []string{"_id", "websiteId", "ticketId", "messageId"}, Limit: maxAnswered}
	sent, err := s.sent.List(ctx, t, known, only)
	if err != nil {
		return 0, false, err
	}
	received, err := s.received.List(ctx, t, known, only)
	if err != nil {
		return 0, false, err
	}
	tickets := map[string]id.Ticket{}
	for _, r := range received {
		if r.TicketID != 0 {
			tickets[r.MessageID] = r.TicketID
		}
	}
	for _, m := range sent {
		tickets[m.MessageID] = m.TicketID
	}
	for _, messageID := range messageIDs {
		if ticket, found := tickets[messageID]; found {
			return ticket, true, nil
		}
	}
	return 0, false, nil
}

// maxAnswered bounds the rows that have some Message-IDs: a mail to several recipients has several rows.
const maxAnswered = 200

// SentAs implements mail.Store.
func (s *Store) SentAs(ctx context.Context, t tenant.ID, messageID string) (mail.Sent, error) {
	return s.sent.Get(ctx, t, bson.D{{Key: "messageId", Value: messageID}})
}

// SaveReceived implements mail.Store.
func (s *Store) SaveReceived(
	ctx context.Context, t tenant.ID, number id.Mail, change func(mail.Received) (mail.Received, error),
) (mail.Received, error) {
	return save(ctx, s.db, s.received, t, number, change)
}

// SaveSent implements mail.Store.
func (s *Store) SaveSent(
	ctx context.Context, t tenant.ID, number id.Mail, change func(mail.Sent) (mail.Sent, error),
) (mail.Sent, error) {
	return save(ctx, s.db, s.sent, t, number, change)
}

func save[T any](
	ctx context.Context, db *mongokit.DB, rows *mongokit.Collection[T], t tenant.ID, number id.Mail,
	change func(T) (T, error),
) (saved T, err error) {
	err = db.Tx(ctx, func(ctx context.Context) error {
		stored, err := rows.Get(ctx, t, byID(number))
		if err != nil {
			return err
		}
		if saved, err = change(stored); err != nil {
			return err
		}
		return rows.Save(ctx, t, byID(number), stored, saved)
	})
	return saved, err
}

// Unsend implements mail.Store. A mail that was submitted stays.
func (s *Store) Unsend(ctx context.Context, t tenant.ID, number id.Mail) error {
	_, err := s.sent.Delete(ctx, t, bson.D{
		{Key: "_id", Value: number}, {Key: "state", Value: bson.D{{Key: "$in", Value: bson.A{mail.Queued, mail.Deferred}}}},
	})
	return err
}
