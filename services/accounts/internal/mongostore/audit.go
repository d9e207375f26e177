package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// NextEntry implements accounts.Store.
func (s *Store) NextEntry(ctx context.Context) (int64, error) { return s.entryIDs.Next(ctx) }

// AddEntry implements accounts.Store.
func (s *Store) AddEntry(ctx context.Context, e accounts.Entry) error {
	return s.audit.Insert(ctx, e.WebsiteID, e)
}

// AddEntries implements accounts.PeopleStore.
func (s *Store) AddEntries(ctx context.Context, entries []accounts.Entry) error {
	return s.allAudit.Insert(ctx, entries...)
}

// Entries implements accounts.Store.
func (s *Store) Entries(
	ctx context.Context, f accounts.AuditFilter, w paging.Window,
) (paging.Slice[accounts.Entry], error) {
	filter := bson.D{}
	if !f.Since.IsZero() {
		filter = bson.D{{Key: "createdAt", Value: bson.D{{Key: "$gte", Value: f.Since}}}}
	}
	if f.Website.IsZero() {
		return mongokit.NewestOf(ctx, s.allAudit, filter, w, mongokit.Query{})
	}
	return mongokit.Newest(ctx, s.audit, f.Website, filter, w, mongokit.Query{})
}
