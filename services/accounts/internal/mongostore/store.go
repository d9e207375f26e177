// Package mongostore keeps websites, users and tokens in MongoDB.
package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/mongokit"
	"fivechat.dev/libs/paging"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/accounts"
)

// Store implements accounts.Store.
type Store struct {
	db       *mongokit.DB
	websites *mongokit.Global[accounts.Website]
	users    *mongokit.Collection[accounts.User]
	tokens   *mongokit.Collection[accounts.Token]
	byHash   *mongokit.Global[accounts.Token] // the same rows, for who does not know the website yet

	websiteIDs, userIDs, tokenIDs *mongokit.Sequence
}

var newestFirst = bson.D{{Key: "createdAt", Value: -1}, {Key: "_id", Value: -1}}

// New declares the collections.
func New(db *mongokit.DB) *Store {
	return &Store{
		db: db,
		websites: mongokit.GlobalOf[accounts.Website](db, "accounts_websites", "website",
			mongokit.Index{Keys: newestFirst}),
		users: mongokit.Tenanted[accounts.User](db, "accounts_users", "user",
			mongokit.Index{Keys: bson.D{{Key: "email", Value: 1}}, Unique: true}, mongokit.Index{Keys: newestFirst},
			mongokit.Changes(), mongokit.Index{Keys: bson.D{{Key: "lastSeenAt", Value: 1}}}),
		tokens: mongokit.Tenanted[accounts.Token](db, "accounts_tokens", "token",
			mongokit.Index{Keys: newestFirst}),
		byHash: mongokit.GlobalOf[accounts.Token](db, "accounts_tokens", "token",
			mongokit.Index{Keys: bson.D{{Key: "hash", Value: 1}}, Unique: true}),
		websiteIDs: mongokit.NewSequence(db, "accounts", "website"),
		userIDs:    mongokit.NewSequence(db, "accounts", "user"),
		tokenIDs:   mongokit.NewSequence(db, "accounts", "token"),
	}
}

func byID(id any) bson.D { return bson.D{{Key: "_id", Value: id}} }

// NextWebsite implements accounts.Store.
func (s *Store) NextWebsite(ctx context.Context) (tenant.ID, error) {
	n, err := s.websiteIDs.Next(ctx)
	if err != nil {
		return tenant.ID{}, err
	}
	return tenant.New(n)
}

// Website implements accounts.Store.
func (s *Store) Website(ctx context.Context, t tenant.ID) (accounts.Website, error) {
	return s.websites.Get(ctx, byID(t))
}

// AddWebsite implements accounts.Store.
func (s *Store) AddWebsite(ctx context.Context, w accounts.Website) error {
	return s.websites.Insert(ctx, w)
}

// Websites implements accounts.Store.
func (s *Store) Websites(ctx context.Context, w paging.Window) (paging.Slice[accounts.Website], error) {
	return mongokit.NewestOf(ctx, s.websites, bson.D{}, w, "")
}
