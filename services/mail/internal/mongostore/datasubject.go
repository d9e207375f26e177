package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/rowcount"
	"fivechat.dev/services/mail"
)

// tables are the collections in an export.
func tables(db *mongokit.DB) datasubject.Tables {
	originals := datasubject.Table{Kind: "mail_original", By: "mailId"}.In(db, "mail_originals")
	return datasubject.Tables{
		datasubject.Table{
			Kind:    "received_mail",
			Visitor: "visitorId",
			Omit:    []string{"key", "nextAt"},
			Under:   &originals,
		}.In(db, "mail_received"),
		datasubject.Table{Kind: "sent_mail", Visitor: "visitorId", Omit: []string{"nextAt"}}.In(db, "mail_sent"),
		datasubject.Table{Kind: "mail_address", Small: true}.In(db, "mail_addresses"),
	}
}

// Export implements datasubject.DataHolder.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	return s.tables.Export(ctx, of, after)
}

// Erase implements datasubject.DataHolder. The mails of a visitor's tickets that were filed before the ticket had its
// visitor are removed with the ticket, by its event.
func (s *Store) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	t := of.Website()
	visitor, isVisitor := of.Visitor()
	if !isVisitor {
		if more, err = s.tables.Erase(ctx, t); err == nil && !more {
			more, err = s.bytes.Erase(ctx, t)
		}
		return more, err
	}
	about := bson.D{{Key: "visitorId", Value: visitor}}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if more, err = s.removeReceived(ctx, t, about); err != nil {
			return err
		}
		_, err := s.sent.Delete(ctx, t, about)
		return err
	})
	return more, err
}

func (s *Store) countBytes(ctx context.Context, t tenant.ID, add func(int64)) error {
	if err := s.received.Each(ctx, t, nil, mongokit.Query{Only: []string{"_id"}}, func(mail.Received) {
		add(rowBytes)
	}); err != nil {
		return err
	}
	return s.originals.Each(ctx, t, nil, mongokit.Query{Only: []string{"size"}}, func(o original) { add(o.Size) })
}

// Stored counts the bytes that mails take.
func (s *Store) Stored() *rowcount.Bytes { return s.bytes }
