package mongostore

import (
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// NextSession implements accounts.PeopleStore.
func (p people) NextSession(ctx context.Context) (id.Session, error) {
	n, err := p.sessionIDs.Next(ctx)
	return id.Session(n), err
}

// SessionByHash implements accounts.PeopleStore.
func (p people) SessionByHash(ctx context.Context, hash string) (accounts.Session, error) {
	return p.sessions.Get(ctx, bson.D{{Key: "hash", Value: hash}})
}

// Sessions implements accounts.PeopleStore.
func (p people) Sessions(ctx context.Context, person id.Person) ([]accounts.Session, error) {
	return p.sessions.List(ctx, bson.D{{Key: "personId", Value: person}},
		mongokit.Query{Sort: bson.D{{Key: "_id", Value: -1}}})
}

// AddSession implements accounts.PeopleStore.
func (s *Store) AddSession(
	ctx context.Context, session accounts.Session, limit int,
) (ended []accounts.Session, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		all, err := s.Sessions(ctx, session.PersonID)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, accounts.Session.IsPersonalToken)
		if ended = nil; len(all) >= limit {
			ended = all[limit-1:]
		}
		if err := s.removeSessions(ctx, ended); err != nil {
			return err
		}
		return s.sessions.Insert(ctx, session)
	})
	return ended, err
}

// UsedSession implements accounts.PeopleStore.
func (p people) UsedSession(ctx context.Context, id id.Session, now, noted time.Time) error {
	_, err := p.sessions.Update(ctx,
		bson.D{{Key: "_id", Value: id}, {Key: "lastUsedAt", Value: bson.D{{Key: "$lte", Value: noted}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "lastUsedAt", Value: now}}}})
	return err
}

// EndSessions implements accounts.PeopleStore.
func (s *Store) EndSessions(
	ctx context.Context, person id.Person, selected func(accounts.Session) bool,
) (ended []accounts.Session, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		all, err := s.Sessions(ctx, person)
		if err != nil {
			return err
		}
		ended = slices.DeleteFunc(all, func(session accounts.Session) bool { return !selected(session) })
		return s.removeSessions(ctx, ended)
	})
	return ended, err
}

// ConfirmSession implements accounts.PeopleStore.
func (p people) ConfirmSession(
	ctx context.Context, person id.Person, session id.Session, now time.Time,
) (accounts.Session, error) {
	filter := bson.D{
		{Key: "_id", Value: session},
		{Key: "personId", Value: person},
		{Key: "name", Value: bson.D{{Key: "$in", Value: bson.A{"", nil}}}}, // sessions of older versions have no name
	}
	found, err := p.sessions.Update(ctx, filter, bson.D{{Key: "$set", Value: bson.D{{Key: "provenAt", Value: now}}}})
	if err != nil {
		return accounts.Session{}, err
	}
	if !found {
		return accounts.Session{}, fault.Missing("session")
	}
	return p.sessions.Get(ctx, filter)
}

// AddPersonalToken implements accounts.PeopleStore.
func (s *Store) AddPersonalToken(
	ctx context.Context, token accounts.Session, limit int,
) (added bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		all, err := s.Sessions(ctx, token.PersonID)
		if err != nil {
			return err
		}
		tokens := 0
		for _, other := range all {
			if other.IsPersonalToken() && !other.Expired(token.CreatedAt) {
				tokens++
			}
		}
		if added = tokens < limit; !added {
			return nil
		}
		return s.sessions.Insert(ctx, token)
	})
	return added, err
}

func (s *Store) removeSessions(ctx context.Context, sessions []accounts.Session) error {
	if len(sessions) == 0 {
		return nil
	}
	ids := make([]id.Session, len(sessions))
	for i, session := range sessions {
		ids[i] = session.ID
	}
	_, err := s.sessions.Delete(ctx, byID(bson.D{{Key: "$in", Value: ids}}))
	return err
}

// NextInvitation implements accounts.PeopleStore.
func (p people) NextInvitation(ctx context.Context) (id.Invitation, error) {
	n, err := p.invitationIDs.Next(ctx)
	return id.Invitation(n), err
}

// InvitationByHash implements accounts.PeopleStore.
func (p people) InvitationByHash(ctx context.Context, hash string) (accounts.Invitation, error) {
	return p.allInvitations.Get(ctx, bson.D{{Key: "hash", Value: hash}})
}

// Invitations implements accounts.PeopleStore.
func (p people) Invitations(
	ctx context.Context, t tenant.ID, w paging.Window,
) (paging.Slice[accounts.Invitation], error) {
	return mongokit.Newest(ctx, p.invitations, t, nil, w, mongokit.Query{})
}

// AddInvitation implements accounts.PeopleStore.
func (s *Store) AddInvitation(ctx context.Context, i accounts.Invitation, e accounts.Entry) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.invitations.Insert(ctx, i.WebsiteID, i); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
}

// AddFounding implements accounts.PeopleStore.
func (p people) AddFounding(ctx context.Context, i accounts.Invitation) error {
	return p.allInvitations.Insert(ctx, i)
}

// DeleteInvitation implements accounts.PeopleStore.
func (s *Store) DeleteInvitation(
	ctx context.Context, t tenant.ID, id id.Invitation, entry func(accounts.Invitation) accounts.Entry,
) error {
	_, err := remove(ctx, s, s.invitations, t, id, func(i accounts.Invitation) (accounts.Entry, error) {
		return entry(i), nil
	})
	return err
}

// AcceptInvitation implements accounts.PeopleStore.
func (s *Store) AcceptInvitation(
	ctx context.Context, i accounts.Invitation, newPerson *accounts.Person, j accounts.Join,
) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		n, err := s.allInvitations.Delete(ctx, byID(i.ID))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Missing("invitation")
		}
		if newPerson != nil {
			if err := s.insertPerson(ctx, *newPerson); err != nil {
				return err
			}
		}
		return s.join(ctx, j)
	})
}
