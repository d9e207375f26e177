package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// Service has the use cases of accounts.
type Service struct {
	store      Store
	widgets    Widgets
	visitors   Visitors
	statistics Statistics
	siblings   []DataHolder // in the order of erasing a website: those that authenticate callers first
	announce   Announcer
	now        func() time.Time
	wake       chan struct{} // receives a value when an erasure is due
}

// New returns a Service over its ports. now is the clock: time.Now, except in tests.
func New(
	store Store, widgets Widgets, visitors Visitors, statistics Statistics, siblings []DataHolder, announce Announcer,
	now func() time.Time,
) *Service {
	return &Service{store, widgets, visitors, statistics, siblings, announce, now, make(chan struct{}, 1)}
}

// moment returns the current time in UTC, truncated to milliseconds, the precision of the database.
func (s *Service) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// CreateUser adds a user to a website.
func (s *Service) CreateUser(ctx context.Context, t tenant.ID, p UserPatch, by By) (User, error) {
	now := s.moment()
	u, err := p.Apply(User{
		WebsiteID: t,
		Theme:     defaultTheme,
		Language:  defaultLanguage,
		CreatedAt: now,
		UpdatedAt: now,
	})
	if err != nil {
		return User{}, err
	}
	if u.ID, err = s.store.NextUser(ctx); err != nil {
		return User{}, err
	}
	e, err := s.entry(ctx, t, by, "user", "create", u.ID)
	if err != nil {
		return User{}, err
	}
	return u, s.store.AddUser(ctx, u, e.changing(nil, u.audited()))
}

// User returns a user of the website.
func (s *Service) User(ctx context.Context, t tenant.ID, id int64) (User, error) {
	return s.store.User(ctx, t, id)
}

// UsersOf returns the users that exist among ids.
func (s *Service) UsersOf(ctx context.Context, t tenant.ID, ids []int64) ([]User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.store.UsersOf(ctx, t, ids)
}

// Users lists a website's users, newest first or in the order of changes.
func (s *Service) Users(ctx context.Context, t tenant.ID, w paging.Following) (paging.Slice[User], error) {
	return s.store.Users(ctx, t, w)
}

// UpdateUser changes a user of the website.
func (s *Service) UpdateUser(ctx context.Context, t tenant.ID, id int64, p UserPatch, by By) (User, error) {
	e, err := s.entry(ctx, t, by, "user", "update", id)
	if err != nil {
		return User{}, err
	}
	return s.store.SaveUser(ctx, t, id, func(u User) (User, Entry, error) {
		before := u.audited()
		u.UpdatedAt = s.moment()
		u, err := p.Apply(u)
		return u, e.changing(before, u.audited()), err
	})
}

// Heartbeat stores that a user of the website is present.
func (s *Service) Heartbeat(ctx context.Context, t tenant.ID, id int64) error {
	now := s.moment()
	return s.store.SeenUser(ctx, t, id, now, now.Add(-seenEvery))
}

// Online returns how many of a website's users are online.
func (s *Service) Online(ctx context.Context, t tenant.ID) (int64, error) {
	return s.store.CountSeenUsers(ctx, t, s.moment().Add(-onlineFor))
}

// DeleteUser removes a user of the website.
func (s *Service) DeleteUser(ctx context.Context, t tenant.ID, id int64, by By) error {
	e, err := s.entry(ctx, t, by, "user", "delete", id)
	if err != nil {
		return err
	}
	return s.store.DeleteUser(ctx, t, id, func(u User) Entry { return e.changing(u.audited(), nil) })
}
