package mongostore

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// identities is the collection of identity secrets.
type identities struct {
	identitySecrets   *mongokit.Collection[accounts.IdentitySecret]
	identitySecretIDs *mongokit.Sequence
}

func newIdentities(db *mongokit.DB) identities {
	return identities{
		identitySecrets: mongokit.Tenanted[accounts.IdentitySecret](db, "accounts_identity_secrets", "identity secret",
			mongokit.Index{Keys: newestFirst}),
		identitySecretIDs: mongokit.NewSequence(db, "accounts", "identity secret"),
	}
}

// NextIdentitySecret implements accounts.IdentitySecretStore.
func (i identities) NextIdentitySecret(ctx context.Context) (id.IdentitySecret, error) {
	n, err := i.identitySecretIDs.Next(ctx)
	return id.IdentitySecret(n), err
}

// IdentitySecrets implements accounts.IdentitySecretStore.
func (i identities) IdentitySecrets(ctx context.Context, t tenant.ID) ([]accounts.IdentitySecret, error) {
	return i.identitySecrets.List(ctx, t, nil, mongokit.Query{Sort: newestFirst, Limit: accounts.MaxIdentitySecrets})
}

// countAddition increments a field of the website's row in the transaction of ctx, so that two additions conflict, and
// the later one counts the rows again.
func (s *Store) countAddition(ctx context.Context, t tenant.ID, field string) error {
	found, err := s.websites.Update(ctx, byID(t), bson.D{{Key: "$inc", Value: bson.D{{Key: field, Value: 1}}}})
	if err == nil && !found {
		err = fault.Missing("website")
	}
	return err
}

// AddIdentitySecret implements accounts.IdentitySecretStore.
func (s *Store) AddIdentitySecret(ctx context.Context, i accounts.IdentitySecret, e accounts.Entry) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.countAddition(ctx, i.WebsiteID, "identitySecretsVersion"); err != nil {
			return err
		}
		there, err := s.identitySecrets.Count(ctx, i.WebsiteID, nil)
		if err != nil {
			return err
		}
		if there >= accounts.MaxIdentitySecrets {
			return accounts.ErrTooManyIdentitySecrets()
		}
		if err := s.identitySecrets.Insert(ctx, i.WebsiteID, i); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
}

// DeleteIdentitySecret implements accounts.IdentitySecretStore.
func (s *Store) DeleteIdentitySecret(
	ctx context.Context, t tenant.ID, id id.IdentitySecret, entry func(accounts.IdentitySecret) accounts.Entry,
) error {
	_, err := remove(ctx, s, s.identitySecrets, t, id,
		func(i accounts.IdentitySecret) (accounts.Entry, error) { return entry(i), nil })
	return err
}
