package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// people are the collections of persons. Memberships and invitations belong to websites; the lookups of those who don't
// know the website yet go through the second name of the same rows.
type people struct {
	persons        *mongokit.Global[accounts.Person]
	memberships    *mongokit.Collection[accounts.Membership]
	ofPersons      *mongokit.Global[accounts.Membership]
	sessions       *mongokit.Global[accounts.Session]
	invitations    *mongokit.Collection[accounts.Invitation]
	allInvitations *mongokit.Global[accounts.Invitation]

	challenges *mongokit.Global[accounts.Challenge]
	passkeys   *mongokit.Global[accounts.Passkey]

	personIDs, membershipIDs, sessionIDs, invitationIDs, passkeyIDs *mongokit.Sequence
}

func newPeople(db *mongokit.DB) people {
	return people{
		persons: mongokit.GlobalOf[accounts.Person](db, "accounts_people", "person",
			mongokit.Index{Keys: bson.D{{Key: "email", Value: 1}}, Unique: true}, mongokit.Index{Keys: newestFirst}),
		memberships: mongokit.Tenanted[accounts.Membership](db, "accounts_memberships", "member",
			mongokit.Index{Keys: bson.D{{Key: "personId", Value: 1}}, Unique: true},
			mongokit.Index{Keys: bson.D{{Key: "userId", Value: 1}}, Unique: true},
			mongokit.Index{Keys: bson.D{{Key: "role", Value: 1}}}, mongokit.Index{Keys: newestFirst}).Unsharded(),
		ofPersons: mongokit.GlobalOf[accounts.Membership](db, "accounts_memberships", "member",
			mongokit.Index{Keys: bson.D{{Key: "personId", Value: 1}, {Key: "_id", Value: 1}}}),
		sessions: mongokit.GlobalOf[accounts.Session](db, "accounts_sessions", "session",
			mongokit.Index{Keys: bson.D{{Key: "hash", Value: 1}}, Unique: true},
			mongokit.Index{Keys: bson.D{{Key: "personId", Value: 1}, {Key: "_id", Value: -1}}},
			mongokit.Index{Keys: bson.D{{Key: "expiresAt", Value: 1}}, TTL: time.Hour}),
		invitations: mongokit.Tenanted[accounts.Invitation](db, "accounts_invitations", "invitation",
			mongokit.Index{Keys: bson.D{{Key: "createdBy", Value: 1}}}, mongokit.Index{Keys: newestFirst}).Unsharded(),
		allInvitations: mongokit.GlobalOf[accounts.Invitation](db, "accounts_invitations", "invitation",
			mongokit.Index{Keys: bson.D{{Key: "hash", Value: 1}}, Unique: true},
			mongokit.Index{Keys: bson.D{{Key: "expiresAt", Value: 1}}, TTL: 24 * time.Hour}),

		challenges: mongokit.GlobalOf[accounts.Challenge](db, "accounts_challenges", "challenge",
			mongokit.Index{Keys: bson.D{{Key: "expiresAt", Value: 1}}, TTL: time.Hour}),
		passkeys: mongokit.GlobalOf[accounts.Passkey](db, "accounts_passkeys", "passkey",
			mongokit.Index{Keys: bson.D{{Key: "credentialId", Value: 1}}, Unique: true},
			mongokit.Index{Keys: bson.D{{Key: "personId", Value: 1}, {Key: "_id", Value: -1}}}),

		personIDs:     mongokit.NewSequence(db, "accounts", "person"),
		membershipIDs: mongokit.NewSequence(db, "accounts", "membership"),
		sessionIDs:    mongokit.NewSequence(db, "accounts", "session"),
		invitationIDs: mongokit.NewSequence(db, "accounts", "invitation"),
		passkeyIDs:    mongokit.NewSequence(db, "accounts", "passkey"),
	}
}

// NextPerson implements accounts.PeopleStore.
func (p people) NextPerson(ctx context.Context) (id.Person, error) {
	n, err := p.personIDs.Next(ctx)
	return id.Person(n), err
}

// NextMembership implements accounts.PeopleStore.
func (p people) NextMembership(ctx context.Context) (id.Membership, error) {
	n, err := p.membershipIDs.Next(ctx)
	return id.Membership(n), err
}

// Person implements accounts.PeopleStore.
func (p people) Person(ctx context.Context, id id.Person) (accounts.Person, error) {
	return p.persons.Get(ctx, byID(id))
}

// PersonByEmail implements accounts.PeopleStore.
func (p people) PersonByEmail(ctx context.Context, email string) (accounts.Person, error) {
	return p.persons.Get(ctx, bson.D{{Key: "email", Value: email}})
}

// Persons implements accounts.PeopleStore.
func (p people) Persons(ctx context.Context, email string, w paging.Window) (paging.Slice[accounts.Person], error) {
	filter := bson.D{}
	if email != "" {
		filter = bson.D{{Key: "email", Value: email}}
	}
	return mongokit.NewestOf(ctx, p.persons, filter, w, mongokit.Query{})
}

// Memberships implements accounts.PeopleStore.
func (p people) Memberships(ctx context.Context, person id.Person) ([]accounts.Membership, error) {
	return p.ofPersons.List(ctx, bson.D{{Key: "personId", Value: person}},
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: 1}}, Limit: accounts.MaxMemberships})
}

// Members implements accounts.PeopleStore.
func (p people) Members(
	ctx context.Context, t tenant.ID, w paging.Window,
) (paging.Slice[accounts.Membership], error) {
	return mongokit.Newest(ctx, p.memberships, t, nil, w, mongokit.Query{})
}

// WebsitesOf implements accounts.PeopleStore.
func (s *Store) WebsitesOf(ctx context.Context, ids []tenant.ID) ([]accounts.Website, error) {
	return s.websites.List(ctx, byID(bson.D{{Key: "$in", Value: ids}}), mongokit.Query{})
}

// AddPerson implements accounts.PeopleStore.
func (s *Store) AddPerson(ctx context.Context, p accounts.Person, joins []accounts.Join) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.insertPerson(ctx, p); err != nil {
			return err
		}
		for _, j := range joins {
			if err := s.join(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) insertPerson(ctx context.Context, p accounts.Person) error {
	err := s.persons.Insert(ctx, p)
	if mongokit.IsDuplicate(err) {
		return accounts.ErrEmailTaken()
	}
	return err
}

// Found implements accounts.PeopleStore.
func (s *Store) Found(ctx context.Context, newPerson *accounts.Person, j accounts.Join) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if newPerson != nil {
			if err := s.insertPerson(ctx, *newPerson); err != nil {
				return err
			}
			return s.join(ctx, j)
		}
		// Transactions that create websites for one person conflict, so that the number is right.
		lock := bson.D{{Key: "$inc", Value: bson.D{{Key: "foundings", Value: 1}}}}
		if _, err := s.persons.Update(ctx, byID(j.Membership.PersonID), lock); err != nil {
			return err
		}
		all, err := s.Memberships(ctx, j.Membership.PersonID)
		if err != nil {
			return err
		}
		if accounts.Owned(all) >= accounts.MaxOwned {
			return accounts.ErrOwned()
		}
		return s.join(ctx, j)
	})
}

// join stores a membership in the transaction of ctx.
func (s *Store) join(ctx context.Context, j accounts.Join) error {
	m, t := j.Membership, j.Membership.WebsiteID
	if j.Founded != nil {
		if err := s.websites.Insert(ctx, j.Founded.Website); err != nil {
			return err
		}
		if err := s.AddEntry(ctx, j.Founded.Entry); err != nil {
			return err
		}
	} else if err := s.lockTeam(ctx, t); err != nil {
		return err
	}
	others, err := s.Memberships(ctx, m.PersonID)
	if err != nil {
		return err
	}
	if len(others) == accounts.MaxMemberships {
		return fault.Coded(fault.Conflict, "too_many_memberships", "a person can be a member of at most 100 websites")
	}
	for _, other := range others {
		if other.WebsiteID == t {
			return fault.Coded(fault.Conflict, "member_already", "the person is a member of this website already")
		}
	}
	user, err := s.users.Get(ctx, t, bson.D{{Key: "email", Value: j.User.Email}})
	switch {
	case fault.Is(err, fault.NotFound):
		err = s.users.Insert(ctx, t, j.User)
	case err == nil:
		m.UserID = user.ID
		var taken int64
		taken, err = s.memberships.Count(ctx, t, bson.D{{Key: "userId", Value: user.ID}})
		if err == nil && taken > 0 {
			err = fault.Coded(fault.Conflict, "email_taken", "another member of this website has this e-mail address")
		}
	}
	if err != nil {
		return err
	}
	if err := s.memberships.Insert(ctx, t, m); err != nil {
		return err
	}
	return s.AddEntry(ctx, j.Entry)
}

// lockTeam makes the transaction of ctx conflict with every other change of the website's team.
func (s *Store) lockTeam(ctx context.Context, t tenant.ID) error {
	found, err := s.websites.Update(ctx, byID(t), bson.D{{Key: "$inc", Value: bson.D{{Key: "teamVersion", Value: 1}}}})
	if err == nil && !found {
		return fault.Missing("website")
	}
	return err
}

// SavePerson implements accounts.PeopleStore.
func (s *Store) SavePerson(
	ctx context.Context, id id.Person, change func(accounts.Person) (accounts.Person, error),
) (saved accounts.Person, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.Person(ctx, id)
		if err != nil {
			return err
		}
		if saved, err = change(stored); err != nil {
			return err
		}
		update, err := mongokit.Changes(stored, saved)
		if err != nil || len(update) == 0 {
			return err
		}
		_, err = s.persons.Update(ctx, byID(id), update)
		return err
	})
	return saved, err
}

// membership returns a membership with IsLastOwner, and locks the website's team.
func (s *Store) membership(ctx context.Context, t tenant.ID, id id.Membership) (accounts.Membership, error) {
	if err := s.lockTeam(ctx, t); err != nil {
		return accounts.Membership{}, err
	}
	m, err := s.memberships.Get(ctx, t, byID(id))
	if err != nil || m.Role != identity.Owner {
		return m, err
	}
	owners, err := s.memberships.Count(ctx, t, bson.D{{Key: "role", Value: identity.Owner}})
	m.IsLastOwner = owners == 1
	return m, err
}

// SaveMembership implements accounts.PeopleStore.
func (s *Store) SaveMembership(
	ctx context.Context, t tenant.ID, id id.Membership,
	change func(accounts.Membership) (accounts.Membership, accounts.Entry, error),
) (saved accounts.Membership, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := s.membership(ctx, t, id)
		if err != nil {
			return err
		}
		var e accounts.Entry
		if saved, e, err = change(stored); err != nil {
			return err
		}
		if err := s.memberships.Save(ctx, t, byID(id), stored, saved); err != nil {
			return err
		}
		if !saved.Role.Includes(stored.Role) {
			if err := s.uninvite(ctx, t, saved.PersonID); err != nil {
				return err
			}
		}
		return s.AddEntry(ctx, e)
	})
	return saved, err
}

// uninvite removes the open invitations that a person made.
func (s *Store) uninvite(ctx context.Context, t tenant.ID, person id.Person) error {
	_, err := s.invitations.Delete(ctx, t, bson.D{{Key: "createdBy", Value: accounts.ActorOf(person)}})
	return err
}

// DeleteMembership implements accounts.PeopleStore.
func (s *Store) DeleteMembership(
	ctx context.Context, t tenant.ID, id id.Membership,
	check func(accounts.Membership) (accounts.Entry, accounts.Departure, error),
) (removed accounts.Membership, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if removed, err = s.membership(ctx, t, id); err != nil {
			return err
		}
		e, d, err := check(removed)
		if err != nil {
			return err
		}
		if _, err := s.memberships.Delete(ctx, t, byID(id)); err != nil {
			return err
		}
		if err := s.uninvite(ctx, t, removed.PersonID); err != nil {
			return err
		}
		if err := s.depart(ctx, d); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
	return removed, err
}
