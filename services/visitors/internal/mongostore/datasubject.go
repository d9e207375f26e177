package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/visitors"
)

// tables are the collections that data exports contain.
func tables(db *mongokit.DB) datasubject.Tables {
	return datasubject.Tables{
		datasubject.Table{
			Kind: "visitor", Visitor: "_id", Omit: []string{searchField, "notes", "noteBytes", "noteChanges"},
		}.In(db, "visitors_visitors"),
		// The export of a visitor's data has no notes: they are the team's, not the visitor's.
		datasubject.Table{Kind: "visitor_note"}.In(db, "visitors_notes"),
	}
}

// Export implements datasubject.DataHolder.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	return s.tables.Export(ctx, of, after)
}

// The numbers of visitors that one transaction erases, and of notes that one batch erases.
const (
	eraseVisitors = 500
	eraseNotes    = 1_000
)

// Erase implements datasubject.DataHolder.
func (s *Store) Erase(ctx context.Context, of subject.Subject) (more bool, err error) {
	t := of.Website()
	if visitor, ok := of.Visitor(); ok {
		more, err = s.eraseVisitor(ctx, t, visitor)
	} else if more, err = s.eraseSome(ctx, t); err == nil && !more {
		var gone int64
		if gone, err = s.notes.DeleteSome(ctx, t, nil, eraseNotes); gone > 0 || err != nil {
			return gone > 0, err
		}
		if _, err = s.erased.Delete(ctx, t, nil); err == nil {
			_, err = s.policies.rows.Delete(ctx, t, nil)
		}
		if err == nil {
			more, err = s.Stored().Erase(ctx, t)
		}
		if err == nil && !more {
			more, err = s.log.EraseWebsite(ctx, t)
		}
	}
	if err != nil || more {
		return more, err
	}
	return false, s.log.Unpublish(ctx)
}

// eraseVisitor removes a visitor. Their events stay in the log for statistics, without personal data.
func (s *Store) eraseVisitor(ctx context.Context, t tenant.ID, visitor id.Visitor) (more bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		found, err := s.ByIDs(ctx, t, []id.Visitor{visitor})
		if more = len(found) > 0; err != nil || !more {
			return err
		}
		if err := s.remove(ctx, t, found); err != nil {
			return err
		}
		if _, err := s.notes.Delete(ctx, t, notesAbout(visitor)); err != nil {
			return err
		}
		if _, err := s.erased.Upsert(ctx, t, nil,
			bson.D{{Key: "$inc", Value: bson.D{{Key: "visitors", Value: int64(len(found))}}}}); err != nil {
			return err
		}
		if err := s.log.Redact(ctx, t, int64(visitor)); err != nil {
			return err
		}
		return s.log.Append(ctx, t, int64(visitor), found[0].Erased())
	})
	return more, err
}

// eraseSome removes up to eraseVisitors of a website's visitors.
func (s *Store) eraseSome(ctx context.Context, t tenant.ID) (more bool, err error) {
	found, err := s.visitors.List(ctx, t, nil, mongokit.Query{Limit: eraseVisitors, Only: []string{"token", "identity"}})
	if err != nil || len(found) == 0 {
		return false, err
	}
	return true, s.db.Tx(ctx, func(ctx context.Context) error { return s.remove(ctx, t, found) })
}

// remove removes visitors and their tokens. It runs inside a transaction.
func (s *Store) remove(ctx context.Context, t tenant.ID, gone []visitors.Visitor) error {
	var tokens []string
	ids := make([]id.Visitor, len(gone))
	for i, v := range gone {
		tokens, ids[i] = append(tokens, v.Tokens()...), v.ID
	}
	if _, err := s.tokens.Delete(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: tokens}}}}); err != nil {
		return err
	}
	n, err := s.visitors.Delete(ctx, t, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	if err != nil {
		return err
	}
	if err := s.counts.Add(ctx, t, all{}, -n); err != nil {
		return err
	}
	return s.texts.Remove(ctx, t, textsOf(gone)...)
}
