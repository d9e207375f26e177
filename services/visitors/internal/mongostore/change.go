package mongostore

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/libs/store/outbox"
	"fivechat.dev/services/visitors"
)

// Create implements visitors.Store.
func (s *Store) Create(ctx context.Context, v visitors.Visitor) error {
	return userTaken(s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.insert(ctx, v.WebsiteID, v); err != nil {
			return err
		}
		return s.log.AppendNew(ctx, v.WebsiteID, int64(v.ID), v.Created())
	}))
}

// userTaken translates the error of storing a visitor whose user another visitor is verified as.
func userTaken(err error) error {
	if mongokit.IsDuplicate(err) {
		return fault.New(fault.Conflict, "another visitor is verified as this user")
	}
	return err
}

// Save implements visitors.Store. It reads, changes and writes in one transaction, so that concurrent updates are all
// applied.
func (s *Store) Save(
	ctx context.Context, t tenant.ID, visitorToken string, change func(visitors.Visitor) (visitors.Visitor, error),
) (saved visitors.Visitor, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		v, err := s.ByToken(ctx, t, visitorToken)
		if err != nil {
			return err
		}
		if err = version.Check(ctx, v.Revision()); err != nil {
			return err
		}
		if saved, err = change(v); err != nil {
			return err
		}
		saved.Version++
		row := saved
		if !saved.IsFoundLike(v) {
			row = saved.Indexed()
		}
		if err = s.visitors.Save(ctx, t, bson.D{{Key: "_id", Value: v.ID}}, v, row); err != nil {
			return err
		}
		if err = s.saveDevices(ctx, visitorToken, v, saved); err != nil {
			return err
		}
		if err = s.texts.Resize(ctx, t, v.Texts(), saved.Texts()); err != nil {
			return err
		}
		return s.log.Append(ctx, t, int64(v.ID), saved.Changed(v))
	})
	return saved, userTaken(err)
}

// saveDevices stores and removes the tokens of a visitor's devices, or replaces the secret of the token that makes the
// change. If the visitor is blocked, or isn't any more, all tokens say so. It runs inside a transaction.
func (s *Store) saveDevices(ctx context.Context, by string, was, is visitors.Visitor) error {
	before, after := was.Tokens(), is.Tokens()
	if isBlocked := is.IsBlocked(); isBlocked != was.IsBlocked() {
		for _, kept := range before {
			if _, err := s.tokens.Update(ctx, bson.D{{Key: "_id", Value: kept}},
				bson.D{{Key: "$set", Value: bson.D{{Key: "blocked", Value: isBlocked}}}}); err != nil {
				return err
			}
		}
	}
	if is.SecretHash != "" && slices.Equal(before, after) {
		_, err := s.tokens.Update(ctx, bson.D{{Key: "_id", Value: by}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "secretHash", Value: is.SecretHash}}}})
		return err
	}
	for _, added := range after {
		if slices.Contains(before, added) {
			continue
		}
		if err := s.tokens.Insert(ctx, token{added, is.WebsiteID, is.ID, is.SecretHash, is.IsBlocked()}); err != nil {
			return err
		}
	}
	for _, removed := range before {
		if slices.Contains(after, removed) {
			continue
		}
		if _, err := s.tokens.Delete(ctx, bson.D{{Key: "_id", Value: removed}}); err != nil {
			return err
		}
	}
	return nil
}

// Imported implements visitors.Store.
func (s *Store) Imported(ctx context.Context, t tenant.ID, keys []string) (map[string]id.Visitor, error) {
	rows, err := s.visitors.List(ctx, t, bson.D{{Key: "importKey", Value: bson.D{{Key: "$in", Value: keys}}}},
		mongokit.Query{Only: []string{"importKey"}})
	ids := make(map[string]id.Visitor, len(rows))
	for _, v := range rows {
		ids[v.ImportKey] = v.ID
	}
	return ids, err
}

// Import implements visitors.Store.
func (s *Store) Import(ctx context.Context, t tenant.ID, imported []visitors.Visitor) error {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.insert(ctx, t, imported...); err != nil {
			return err
		}
		return s.log.Append(ctx, t, outbox.Many, visitors.ImportedEvent(imported))
	})
	if mongokit.IsDuplicate(err) {
		return fault.New(fault.Conflict, "another import is storing some of these visitors")
	}
	return err
}

// insert stores visitors and their tokens. It runs inside a transaction.
func (s *Store) insert(ctx context.Context, t tenant.ID, rows ...visitors.Visitor) error {
	tokens := make([]token, len(rows))
	found := make([]visitors.Visitor, len(rows))
	for i, v := range rows {
		tokens[i], found[i] = token{v.Token, v.WebsiteID, v.ID, v.SecretHash, false}, v.Indexed()
	}
	if err := s.visitors.Insert(ctx, t, found...); err != nil {
		return err
	}
	if err := s.counts.Add(ctx, t, all{}, int64(len(rows))); err != nil {
		return err
	}
	if err := s.texts.Add(ctx, t, textsOf(rows)...); err != nil {
		return err
	}
	return s.tokens.Insert(ctx, tokens...)
}
