// Package mongostore stores widgets in MongoDB.
//
// Begin with Store. Invariant: a widget and the entry of its client token are written in one transaction. Rules about
// settings belong to package widgets.
package mongostore

import (
	"context"
	"reflect"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/datasubject"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/widgets"
)

// Store implements widgets.Store.
type Store struct {
	db      *mongokit.DB
	widgets *mongokit.Collection[widgets.Widget]
	tokens  *mongokit.Global[token]
	tables  datasubject.Tables
	known   *lru.Cache[string, tenant.ID] // websites by client token; see ByToken
}

// knownTokens is how many client tokens a process remembers, with about 150 bytes each.
const knownTokens = 16_384

// token is the entry that maps a client token to its website.
type token struct {
	Token   string    `bson:"_id"`
	Website tenant.ID `bson:"websiteId"`
}

// New declares the collections.
func New(db *mongokit.DB) *Store {
	known, err := lru.New[string, tenant.ID](knownTokens)
	if err != nil { // the size isn't positive
		panic(err)
	}
	return &Store{
		known:   known,
		db:      db,
		widgets: mongokit.Tenanted[widgets.Widget](db, "widgets_widgets", "widget", mongokit.Index{Unique: true}),
		tokens:  mongokit.GlobalOf[token](db, "widgets_tokens", "widget").SpreadByID(),
		tables:  tables(db),
	}
}

// ByToken implements widgets.Store. A token belongs to one website as long as the website exists, so its entry needn't
// be read again while the widget still has the token.
func (s *Store) ByToken(ctx context.Context, clientToken string) (widgets.Widget, error) {
	if t, ok := s.known.Get(clientToken); ok {
		w, err := s.Get(ctx, t)
		if err == nil && w.ClientToken == clientToken || err != nil && !fault.Is(err, fault.NotFound) {
			return w, err
		}
		s.known.Remove(clientToken) // the website has been erased
	}
	entry, err := s.tokens.Get(ctx, bson.D{{Key: "_id", Value: clientToken}})
	if err != nil {
		return widgets.Widget{}, err
	}
	w, err := s.Get(ctx, entry.Website)
	if err == nil {
		s.known.Add(clientToken, entry.Website)
	}
	return w, err
}

// Get implements widgets.Store.
func (s *Store) Get(ctx context.Context, t tenant.ID) (widgets.Widget, error) {
	w, err := s.widgets.Get(ctx, t, nil)
	return w.Complete(), err
}

// Create implements widgets.Store.
func (s *Store) Create(ctx context.Context, w widgets.Widget) error {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.tokens.Insert(ctx, token{w.ClientToken, w.WebsiteID}); err != nil {
			return err
		}
		return s.widgets.Insert(ctx, w.WebsiteID, w)
	})
	if mongokit.IsDuplicate(err) {
		return fault.Coded(fault.Conflict, "client_token_taken", "the client token belongs to another website")
	}
	return err
}

// Loaded implements widgets.Store.
func (s *Store) Loaded(ctx context.Context, t tenant.ID, at time.Time) error {
	_, err := s.widgets.Update(ctx, t, bson.D{
		{Key: "loadedAt", Value: bson.D{{Key: "$in", Value: bson.A{time.Time{}, nil}}}},
	}, bson.D{{Key: "$set", Value: bson.D{{Key: "loadedAt", Value: at}}}})
	return err
}

// Save implements widgets.Store. It reads, changes and writes in one transaction, so that concurrent updates are all
// kept.
func (s *Store) Save(
	ctx context.Context, t tenant.ID, change func(widgets.Widget) (widgets.Widget, error),
) (saved widgets.Widget, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		w, err := s.widgets.Get(ctx, t, nil)
		if err != nil {
			return err
		}
		if saved, err = change(w.Complete()); err != nil {
			return err
		}
		if reflect.DeepEqual(saved, w.Complete()) {
			return nil
		}
		saved.Version++
		return s.widgets.Save(ctx, t, bson.D{{Key: "_id", Value: saved.ID}}, w, saved)
	})
	return saved, err
}
