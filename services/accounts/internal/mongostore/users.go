package mongostore

import (
	"cmp"
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// NextUser implements accounts.Store.
func (s *Store) NextUser(ctx context.Context) (id.User, error) {
	n, err := s.userIDs.Next(ctx)
	return id.User(n), err
}

// User implements accounts.Store.
func (s *Store) User(ctx context.Context, t tenant.ID, id id.User) (accounts.User, error) {
	return s.users.Get(ctx, t, byID(id))
}

// UsersOf implements accounts.Store.
func (s *Store) UsersOf(ctx context.Context, t tenant.ID, ids []id.User) ([]accounts.User, error) {
	return s.users.List(ctx, t, byID(bson.D{{Key: "$in", Value: ids}}), mongokit.Query{})
}

// UsersByEmail implements accounts.Store.
func (s *Store) UsersByEmail(ctx context.Context, t tenant.ID, addresses []string) ([]accounts.User, error) {
	return s.users.List(ctx, t, bson.D{{Key: "email", Value: bson.D{{Key: "$in", Value: addresses}}}}, mongokit.Query{})
}

// Users implements accounts.Store.
func (s *Store) Users(ctx context.Context, t tenant.ID, w paging.Following) (paging.Slice[accounts.User], error) {
	if w.Follows() {
		return mongokit.ListChanges(ctx, s.users, t, nil, w, "")
	}
	return mongokit.Newest(ctx, s.users, t, nil, w.Window, mongokit.Query{})
}

// AddUser implements accounts.Store.
func (s *Store) AddUser(ctx context.Context, u accounts.User, e accounts.Entry) error {
	return emailTaken(s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.users.Insert(ctx, u.WebsiteID, u); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	}))
}

// SaveUser implements accounts.Store.
func (s *Store) SaveUser(
	ctx context.Context, t tenant.ID, id id.User, change func(accounts.User) (accounts.User, accounts.Entry, error),
) (accounts.User, error) {
	u, err := save(ctx, s, s.users, t, id, func(u accounts.User) (accounts.User, accounts.Entry, error) {
		if err := version.Check(ctx, u.Revision()); err != nil {
			return u, accounts.Entry{}, err
		}
		version := u.Version + 1
		u, e, err := change(u)
		u.Version = version
		return u, e, err
	})
	return u, emailTaken(err)
}

// SeenUser implements accounts.Store.
func (s *Store) SeenUser(
	ctx context.Context, t tenant.ID, id id.User, isActive bool, now, noted time.Time,
) (before accounts.User, stored bool, err error) {
	seen := bson.D{{Key: "lastSeenAt", Value: now}}
	isNew := bson.E{Key: "lastSeenAt", Value: bson.D{{Key: "$lte", Value: noted}}}
	if isActive {
		seen = append(seen, bson.E{Key: "activeAt", Value: now})
		wasIdle := bson.D{{Key: "activeAt", Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gt", Value: noted}}}}}}
		isNew = bson.E{Key: "$or", Value: bson.A{bson.D{isNew}, wasIdle}} // PUT /users/{id}/status changes activeAt alone
	}
	before, err = s.users.Exchange(ctx, t, append(byID(id), isNew), bson.D{{Key: "$set", Value: seen}})
	if fault.Is(err, fault.NotFound) { // noted recently, or unknown
		_, err = s.users.Get(ctx, t, byID(id))
		return accounts.User{}, false, err
	}
	return before, err == nil, err
}

// SetUserAway implements accounts.Store.
func (s *Store) SetUserAway(
	ctx context.Context, t tenant.ID, id id.User, isAway bool, now time.Time,
) (accounts.User, error) {
	fields := bson.D{{Key: "away", Value: isAway}}
	if !isAway {
		fields = append(fields, bson.E{Key: "activeAt", Value: now})
	}
	return s.users.Modify(ctx, t, byID(id), bson.D{{Key: "$set", Value: fields}})
}

// CountSeenUsers implements accounts.Store.
func (s *Store) CountSeenUsers(ctx context.Context, t tenant.ID, since time.Time) (int64, error) {
	return s.users.CountBy(ctx, t, bson.D{{Key: "lastSeenAt", Value: bson.D{{Key: "$gte", Value: since}}}}, byLastSeen)
}

// SeenUsers implements accounts.Store.
func (s *Store) SeenUsers(
	ctx context.Context, t tenant.ID, since time.Time, limit int64,
) ([]accounts.User, error) {
	return s.users.List(ctx, t, bson.D{{Key: "lastSeenAt", Value: bson.D{{Key: "$gte", Value: since}}}}, mongokit.Query{
		Limit: limit, Only: []string{"lastSeenAt", "activeAt", "away"}, Index: byLastSeen,
	})
}

// DeleteUser implements accounts.Store.
func (s *Store) DeleteUser(
	ctx context.Context, t tenant.ID, id id.User, entry func(accounts.User) (accounts.Entry, accounts.Departure),
) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if members, err := s.memberships.Count(ctx, t, bson.D{{Key: "userId", Value: id}}); err != nil || members > 0 {
			return cmp.Or(err, error(fault.Coded(
				fault.Conflict, "user_is_member", "the user is a member of the team: remove the member instead",
			)))
		}
		var d accounts.Departure
		u, err := remove(ctx, s, s.users, t, id, func(u accounts.User) (e accounts.Entry, err error) {
			e, d = entry(u)
			return e, version.Check(ctx, u.Revision())
		})
		if err != nil {
			return err
		}
		if err := s.formerUsers.Insert(ctx, t, u); err != nil {
			return err
		}
		return s.depart(ctx, d)
	})
}

// depart stores a departure in the transaction of ctx, and removes the user from all teams. An earlier departure of the
// user whose work isn't done stays.
func (s *Store) depart(ctx context.Context, d accounts.Departure) error {
	if err := s.leaveTeams(ctx, d.WebsiteID, d.UserID); err != nil {
		return err
	}
	_, err := s.departures.Modify(ctx, byID(d.UserID), bson.D{{Key: "$setOnInsert", Value: bson.D{
		{Key: "websiteId", Value: d.WebsiteID}, {Key: "dueAt", Value: d.DueAt},
	}}}, true)
	return err
}

// FormerUsers implements accounts.Store.
func (s *Store) FormerUsers(ctx context.Context, t tenant.ID, ids []id.User) ([]accounts.User, error) {
	return s.formerUsers.List(ctx, t, byID(bson.D{{Key: "$in", Value: ids}}), mongokit.Query{})
}

// ClaimDeparture implements accounts.Store.
func (s *Store) ClaimDeparture(
	ctx context.Context, now time.Time, lease time.Duration,
) (d accounts.Departure, found bool, err error) {
	d, err = s.departures.Modify(ctx, bson.D{{Key: "dueAt", Value: bson.D{{Key: "$lte", Value: now}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "dueAt", Value: now.Add(lease)}}}}, false)
	if fault.Is(err, fault.NotFound) {
		return d, false, nil
	}
	return d, err == nil, err
}

// EndDeparture implements accounts.Store.
func (s *Store) EndDeparture(ctx context.Context, user id.User) error {
	_, err := s.departures.Delete(ctx, byID(user))
	return err
}

func emailTaken(err error) error {
	if mongokit.IsDuplicate(err) {
		return fault.Coded(fault.Conflict, "email_taken", "another user of this website has this e-mail address")
	}
	return err
}
