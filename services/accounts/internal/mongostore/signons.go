package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// signOns are the collections of signing in at identity providers. Its second names of other collections' rows have
// the indexes of its lookups.
type signOns struct {
	identities *mongokit.Global[accounts.Identity]
	used       *mongokit.Global[accounts.Used]
	federated  *mongokit.Global[accounts.Session]
	invited    *mongokit.Global[accounts.Invitation]
}

func newSignOns(db *mongokit.DB) signOns {
	return signOns{
		identities: mongokit.GlobalOf[accounts.Identity](db, "accounts_identities", "identity",
			mongokit.Index{Keys: bson.D{{Key: "personId", Value: 1}}}),
		used: mongokit.GlobalOf[accounts.Used](db, "accounts_used", "value",
			mongokit.Index{Keys: bson.D{{Key: "expiresAt", Value: 1}}, TTL: time.Hour}),
		federated: mongokit.GlobalOf[accounts.Session](db, "accounts_sessions", "session",
			mongokit.Index{Keys: bson.D{{Key: "signOn.identity", Value: 1}}},
			mongokit.Index{Keys: bson.D{{Key: "signOn.providerSession", Value: 1}}}),
		invited: mongokit.GlobalOf[accounts.Invitation](db, "accounts_invitations", "invitation",
			mongokit.Index{Keys: bson.D{{Key: "email", Value: 1}, {Key: "_id", Value: 1}}}),
	}
}

// Use implements accounts.SignOnStore.
func (i signOns) Use(ctx context.Context, u accounts.Used) error {
	err := i.used.Insert(ctx, u)
	if mongokit.IsDuplicate(err) {
		return fault.New(fault.Conflict, "the value has been used before")
	}
	return err
}

// Identity implements accounts.SignOnStore.
func (i signOns) Identity(ctx context.Context, id string) (accounts.Identity, error) {
	return i.identities.Get(ctx, byID(id))
}

// LinkIdentity implements accounts.SignOnStore.
func (s *Store) LinkIdentity(ctx context.Context, i accounts.Identity) (ended []accounts.Session, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		ended = nil
		others, err := s.signOns.identities.Count(ctx, bson.D{{Key: "personId", Value: i.PersonID}})
		if err != nil {
			return err
		}
		if err := s.addIdentity(ctx, i); err != nil || others > 0 {
			return err
		}
		_, err = s.persons.Update(ctx, byID(i.PersonID), bson.D{{Key: "$set", Value: bson.D{
			{Key: "password", Value: ""}, {Key: "authenticator", Value: nil}, {Key: "newAuthenticator", Value: ""},
		}}})
		if err != nil {
			return err
		}
		if _, err := s.passkeys.Delete(ctx, bson.D{{Key: "personId", Value: i.PersonID}}); err != nil {
			return err
		}
		if ended, err = s.Sessions(ctx, i.PersonID); err != nil {
			return err
		}
		return s.removeSessions(ctx, ended)
	})
	return ended, err
}

// addIdentity stores an identity. The error is Conflict if it is linked to a person.
func (i signOns) addIdentity(ctx context.Context, identity accounts.Identity) error {
	err := i.identities.Insert(ctx, identity)
	if mongokit.IsDuplicate(err) {
		return fault.New(fault.Conflict, "the identity is linked to a person")
	}
	return err
}

// maxInvitations bounds the invitations to one e-mail address that a first sign-in accepts.
const maxInvitations = accounts.MaxMemberships

// InvitationsTo implements accounts.SignOnStore.
func (i signOns) InvitationsTo(
	ctx context.Context, email string, now time.Time,
) (open []accounts.Invitation, err error) {
	all, err := i.invited.List(ctx, bson.D{{Key: "email", Value: email}},
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: maxInvitations})
	for _, one := range all {
		if !one.WebsiteID.IsZero() && !one.Expired(now) {
			open = append(open, one)
		}
	}
	return open, err
}

// AddAccount implements accounts.SignOnStore.
func (s *Store) AddAccount(ctx context.Context, a accounts.Account) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if len(a.Invitations) > 0 {
			n, err := s.allInvitations.Delete(ctx, byID(bson.D{{Key: "$in", Value: a.Invitations}}))
			if err != nil {
				return err
			}
			if n < int64(len(a.Invitations)) {
				return fault.New(fault.Conflict, "an invitation has been accepted or removed")
			}
		}
		if err := s.insertPerson(ctx, a.Person); err != nil {
			return err
		}
		if err := s.addIdentity(ctx, a.Identity); err != nil {
			return err
		}
		for _, j := range a.Joins {
			if err := s.join(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// ClaimCheck implements accounts.SignOnStore.
func (i signOns) ClaimCheck(ctx context.Context, session id.Session, before, now time.Time) (bool, error) {
	return i.federated.Update(ctx, bson.D{{Key: "_id", Value: session}, {Key: "signOn.checkedAt", Value: before}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "signOn.checkedAt", Value: now}}}})
}

// SaveSignOn implements accounts.SignOnStore.
func (s *Store) SaveSignOn(
	ctx context.Context, session id.Session, change func(accounts.SignOn) (accounts.SignOn, error),
) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.federated.Get(ctx, byID(session))
		if err != nil {
			return err
		}
		if stored.SignOn == nil {
			return fault.Missing("session")
		}
		saved := stored
		on, err := change(*stored.SignOn)
		if err != nil {
			return err
		}
		saved.SignOn = &on
		update, err := mongokit.Changes(stored, saved)
		if err != nil || len(update) == 0 {
			return err
		}
		_, err = s.federated.Update(ctx, byID(session), update)
		return err
	})
}

// EndSignOns implements accounts.SignOnStore.
func (s *Store) EndSignOns(
	ctx context.Context, u accounts.Used, identity, providerSession string,
) (ended []accounts.Session, err error) {
	filter := bson.D{{Key: "signOn.identity", Value: identity}}
	switch {
	case identity == "":
		filter = bson.D{{Key: "signOn.providerSession", Value: providerSession}}
	case providerSession != "":
		// A session whose ID token had no sid may be the one that is meant.
		filter = append(filter, bson.E{Key: "signOn.providerSession", Value: bson.D{
			{Key: "$in", Value: bson.A{providerSession, nil}},
		}})
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.Use(ctx, u); err != nil {
			return err
		}
		if ended, err = s.federated.List(ctx, filter, mongokit.Query{}); err != nil {
			return err
		}
		return s.removeSessions(ctx, ended)
	})
	return ended, err
}
