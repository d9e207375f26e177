package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/mongokit"
	"fivechat.dev/libs/paging"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/accounts"
)

// NextToken implements accounts.Store.
func (s *Store) NextToken(ctx context.Context) (int64, error) { return s.tokenIDs.Next(ctx) }

// TokenByHash implements accounts.Store.
func (s *Store) TokenByHash(ctx context.Context, hash string) (accounts.Token, error) {
	return s.byHash.Get(ctx, bson.D{{Key: "hash", Value: hash}})
}

// Tokens implements accounts.Store.
func (s *Store) Tokens(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[accounts.Token], error) {
	return mongokit.Newest(ctx, s.tokens, t, nil, w, "")
}

// AddToken implements accounts.Store.
func (s *Store) AddToken(ctx context.Context, token accounts.Token) error {
	return s.tokens.Insert(ctx, token.WebsiteID, token)
}

// DeleteToken implements accounts.Store. Of two who delete it at once, one is told that it is not there.
func (s *Store) DeleteToken(ctx context.Context, t tenant.ID, id int64) (accounts.Token, error) {
	token, err := s.tokens.Get(ctx, t, byID(id))
	if err != nil {
		return token, err
	}
	n, err := s.tokens.Delete(ctx, t, byID(id))
	if err == nil && n == 0 {
		err = fault.Missing("token")
	}
	return token, err
}

// UsedToken implements accounts.Store.
func (s *Store) UsedToken(ctx context.Context, t tenant.ID, id int64, now, noted time.Time) error {
	_, err := s.tokens.Update(ctx, t,
		bson.D{{Key: "_id", Value: id}, {Key: "lastUsedAt", Value: bson.D{{Key: "$lte", Value: noted}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "lastUsedAt", Value: now}}}})
	return err
}
