// Package mongostore stores websites, users, tokens, persons, their sessions, memberships and invitations, erasures and
// the audit log in MongoDB. Store implements accounts.Store and accounts.PeopleStore; New declares its collections and
// indexes.
//
// Invariant: a change and its audit entry are written in one transaction. The package holds no business rules; those
// are in package accounts.
package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// Store implements accounts.Store and accounts.PeopleStore.
type Store struct {
	db       *mongokit.DB
	websites *mongokit.Global[accounts.Website]
	users    *mongokit.Collection[accounts.User]
	teams    *mongokit.Collection[accounts.Team]
	tokens   *mongokit.Collection[accounts.Token]
	byHash   *mongokit.Global[accounts.Token] // the same rows, for lookups that do not know the website yet

	audit       *mongokit.Collection[accounts.Entry]
	allAudit    *mongokit.Global[accounts.Entry] // the same rows
	erasures    *mongokit.Global[accounts.Erasure]
	formerUsers *mongokit.Collection[accounts.User]
	departures  *mongokit.Global[accounts.Departure]
	stored      *mongokit.Global[datasubject.Row] // the websites as raw documents
	tables      datasubject.Tables

	people
	identities
	signOns

	websiteIDs, userIDs, teamIDs, tokenIDs, entryIDs, erasureIDs *mongokit.Sequence
}

var (
	newestFirst = bson.D{{Key: "createdAt", Value: -1}, {Key: "_id", Value: -1}}
	byLastSeen  = bson.D{{Key: "lastSeenAt", Value: 1}}
)

// New declares the collections.
func New(db *mongokit.DB) *Store {
	return &Store{
		db: db,
		websites: mongokit.GlobalOf[accounts.Website](db, "accounts_websites", "website",
			mongokit.Index{Keys: newestFirst}),
		users: mongokit.Tenanted[accounts.User](db, "accounts_users", "user",
			mongokit.Index{Keys: bson.D{{Key: "email", Value: 1}}, Unique: true}, mongokit.Index{Keys: newestFirst},
			mongokit.ChangeIndex(), mongokit.Index{Keys: byLastSeen, Needed: true}),
		teams: mongokit.Tenanted[accounts.Team](db, "accounts_teams", "team", mongokit.Index{Keys: newestFirst}),
		tokens: mongokit.Tenanted[accounts.Token](db, "accounts_tokens", "token",
			// few rows per website, found by their hash, which is unique over all websites
			mongokit.Index{Keys: newestFirst}).Unsharded(),
		byHash: mongokit.GlobalOf[accounts.Token](db, "accounts_tokens", "token",
			mongokit.Index{Keys: bson.D{{Key: "hash", Value: 1}}, Unique: true}),
		audit:    mongokit.Tenanted[accounts.Entry](db, "accounts_audit", "entry", mongokit.Index{Keys: newestFirst}),
		allAudit: mongokit.GlobalOf[accounts.Entry](db, "accounts_audit", "entry", mongokit.Index{Keys: newestFirst}),
		erasures: mongokit.GlobalOf[accounts.Erasure](db, "accounts_erasures", "erasure",
			mongokit.Index{Keys: bson.D{{Key: "open", Value: 1}}, Unique: true, Present: "open"},
			mongokit.Index{Keys: bson.D{{Key: "doneAt", Value: 1}, {Key: "dueAt", Value: 1}}}),
		formerUsers: mongokit.Tenanted[accounts.User](db, "accounts_former_users", "user",
			mongokit.Index{Keys: newestFirst}).Unsharded(),
		departures: mongokit.GlobalOf[accounts.Departure](db, "accounts_departures", "departure",
			mongokit.Index{Keys: bson.D{{Key: "dueAt", Value: 1}}}),
		stored: mongokit.GlobalOf[datasubject.Row](db, "accounts_websites", "website"),
		tables: tables(db),
		people: newPeople(db),

		identities: newIdentities(db),
		signOns:    newSignOns(db),

		websiteIDs: mongokit.NewSequence(db, "accounts", "website"),
		userIDs:    mongokit.NewSequence(db, "accounts", "user"),
		teamIDs:    mongokit.NewSequence(db, "accounts", "team"),
		tokenIDs:   mongokit.NewSequence(db, "accounts", "token"),
		entryIDs:   mongokit.NewSequence(db, "accounts", "audit"),
		erasureIDs: mongokit.NewSequence(db, "accounts", "erasure"),
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
func (s *Store) AddWebsite(ctx context.Context, w accounts.Website, e accounts.Entry) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.websites.Insert(ctx, w); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
}

// SaveWebsite implements accounts.Store.
func (s *Store) SaveWebsite(
	ctx context.Context, t tenant.ID, change func(accounts.Website) (accounts.Website, accounts.Entry, error),
) (saved accounts.Website, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		w, err := s.Website(ctx, t)
		if err != nil {
			return err
		}
		var e accounts.Entry
		if saved, e, err = change(w); err != nil {
			return err
		}
		update, err := mongokit.Changes(w, saved)
		if err != nil {
			return err
		}
		if len(update) > 0 {
			if _, err := s.websites.Update(ctx, byID(t), update); err != nil {
				return err
			}
		}
		return s.AddEntry(ctx, e)
	})
	return saved, err
}

// Websites implements accounts.Store.
func (s *Store) Websites(ctx context.Context, w paging.Window) (paging.Slice[accounts.Website], error) {
	return mongokit.NewestOf(ctx, s.websites, bson.D{}, w, mongokit.Query{})
}

// save reads, changes and writes a row in one transaction, so that concurrent updates are all applied.
func save[T any, ID ~int64](
	ctx context.Context, s *Store, c *mongokit.Collection[T], t tenant.ID, id ID,
	change func(T) (T, accounts.Entry, error),
) (saved T, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := c.Get(ctx, t, byID(id))
		if err != nil {
			return err
		}
		var e accounts.Entry
		if saved, e, err = change(row); err != nil {
			return err
		}
		if err := c.Save(ctx, t, byID(id), row, saved); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
	return saved, err
}

// remove deletes a row and returns its last state. Of two concurrent calls, one gets NotFound.
func remove[T any, ID ~int64](
	ctx context.Context, s *Store, c *mongokit.Collection[T], t tenant.ID, id ID, entry func(T) (accounts.Entry, error),
) (row T, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		if row, err = c.Get(ctx, t, byID(id)); err != nil {
			return err
		}
		e, err := entry(row)
		if err != nil {
			return err
		}
		if _, err := c.Delete(ctx, t, byID(id)); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
	return row, err
}
