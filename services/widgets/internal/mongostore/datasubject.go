package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
)

// tables are the collections in an export.
func tables(db *mongokit.DB) datasubject.Tables {
	return datasubject.Tables{datasubject.Table{Kind: "widget", Small: true}.In(db, "widgets_widgets")}
}

// Export implements datasubject.DataHolder.
func (s *Store) Export(ctx context.Context, of subject.Subject, after string) (datasubject.Page, error) {
	return s.tables.Export(ctx, of, after)
}

// Remove implements widgets.Store.
func (s *Store) Remove(ctx context.Context, t tenant.ID) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		w, err := s.widgets.Get(ctx, t, nil)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := s.tokens.Delete(ctx, bson.D{{Key: "_id", Value: w.ClientToken}}); err != nil {
			return err
		}
		_, err = s.widgets.Delete(ctx, t, nil)
		return err
	})
}
