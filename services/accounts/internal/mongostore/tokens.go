package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// NextToken implements accounts.Store.
func (s *Store) NextToken(ctx context.Context) (id.Token, error) {
	n, err := s.tokenIDs.Next(ctx)
	return id.Token(n), err
}

// TokenByHash implements accounts.Store.
func (s *Store) TokenByHash(ctx context.Context, hash string) (accounts.Token, error) {
	return s.byHash.Get(ctx, bson.D{{Key: "hash", Value: hash}})
}

// Tokens implements accounts.Store.
func (s *Store) Tokens(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[accounts.Token], error) {
	return mongokit.Newest(ctx, s.tokens, t, nil, w, mongokit.Query{})
}

// AddToken implements accounts.Store.
func (s *Store) AddToken(ctx context.Context, token accounts.Token, e accounts.Entry) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.tokens.Insert(ctx, token.WebsiteID, token); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
}

// SaveToken implements accounts.Store.
func (s *Store) SaveToken(
	ctx context.Context, t tenant.ID, id id.Token, change func(accounts.Token) (accounts.Token, accounts.Entry, error),
) (accounts.Token, error) {
	return save(ctx, s, s.tokens, t, id, change)
}

// RotateToken implements accounts.Store.
func (s *Store) RotateToken(
	ctx context.Context, t tenant.ID, id id.Token,
	change func(accounts.Token) (old, next accounts.Token, e accounts.Entry, err error),
) (rotated accounts.Token, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.tokens.Get(ctx, t, byID(id))
		if err != nil {
			return err
		}
		old, next, e, err := change(stored)
		if err != nil {
			return err
		}
		rotated = old
		if err := s.tokens.Save(ctx, t, byID(id), stored, old); err != nil {
			return err
		}
		if err := s.tokens.Insert(ctx, t, next); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
	return rotated, err
}

// DeleteToken implements accounts.Store.
func (s *Store) DeleteToken(
	ctx context.Context, t tenant.ID, id id.Token, entry func(accounts.Token) accounts.Entry,
) (accounts.Token, error) {
	return remove(ctx, s, s.tokens, t, id, func(t accounts.Token) (accounts.Entry, error) { return entry(t), nil })
}

// UsedToken implements accounts.Store.
func (s *Store) UsedToken(ctx context.Context, t tenant.ID, id id.Token, now, noted time.Time) error {
	_, err := s.tokens.Update(ctx, t,
		bson.D{{Key: "_id", Value: id}, {Key: "lastUsedAt", Value: bson.D{{Key: "$lte", Value: noted}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "lastUsedAt", Value: now}}}})
	return err
}
