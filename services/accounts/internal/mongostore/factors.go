package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// AddChallenge implements accounts.PeopleStore.
func (p people) AddChallenge(ctx context.Context, c accounts.Challenge) error {
	return p.challenges.Insert(ctx, c)
}

// Challenge implements accounts.PeopleStore.
func (p people) Challenge(ctx context.Context, hash string) (accounts.Challenge, error) {
	return p.challenges.Get(ctx, byID(hash))
}

// TakeChallenge implements accounts.PeopleStore.
func (p people) TakeChallenge(ctx context.Context, hash string) (taken bool, err error) {
	n, err := p.challenges.Delete(ctx, byID(hash))
	return n > 0, err
}

// NextPasskey implements accounts.PeopleStore.
func (p people) NextPasskey(ctx context.Context) (id.Passkey, error) {
	n, err := p.passkeyIDs.Next(ctx)
	return id.Passkey(n), err
}

// Passkeys implements accounts.PeopleStore.
func (p people) Passkeys(ctx context.Context, person id.Person) ([]accounts.Passkey, error) {
	return p.passkeys.List(ctx, bson.D{{Key: "personId", Value: person}},
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: -1}}})
}

// PasskeyByCredential implements accounts.PeopleStore.
func (p people) PasskeyByCredential(ctx context.Context, credentialID []byte) (accounts.Passkey, error) {
	return p.passkeys.Get(ctx, bson.D{{Key: "credentialId", Value: credentialID}})
}

// AddPasskey implements accounts.PeopleStore.
func (s *Store) AddPasskey(ctx context.Context, key accounts.Passkey, limit int) (added bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		all, err := s.Passkeys(ctx, key.PersonID)
		if err != nil {
			return err
		}
		if added = len(all) < limit; !added {
			return nil
		}
		return s.passkeys.Insert(ctx, key)
	})
	if mongokit.IsDuplicate(err) {
		return false, fault.Coded(fault.Conflict, "passkey_known", "this passkey is stored already")
	}
	return added, err
}

// UsedPasskey implements accounts.PeopleStore.
func (p people) UsedPasskey(ctx context.Context, key accounts.Passkey) error {
	_, err := p.passkeys.Update(ctx, byID(key.ID), bson.D{{Key: "$set", Value: bson.D{
		{Key: "credential", Value: key.Credential}, {Key: "lastUsedAt", Value: key.LastUsedAt},
	}}})
	return err
}

// RemovePasskey implements accounts.PeopleStore.
func (p people) RemovePasskey(ctx context.Context, person id.Person, key id.Passkey) (removed bool, err error) {
	n, err := p.passkeys.Delete(ctx, bson.D{{Key: "_id", Value: key}, {Key: "personId", Value: person}})
	return n > 0, err
}

// RemovePasskeys implements accounts.PeopleStore.
func (p people) RemovePasskeys(ctx context.Context, person id.Person) error {
	_, err := p.passkeys.Delete(ctx, bson.D{{Key: "personId", Value: person}})
	return err
}
