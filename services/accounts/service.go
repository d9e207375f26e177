package accounts

import (
	"context"
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// Service has the use cases of accounts.
type Service struct {
	store      Store
	widgets    Widgets
	visitors   Visitors
	statistics Statistics
	others     []DataHolder // the other services, in the order of erasing a website: those that authenticate callers first
	announce   Announcer
	notifier   Notifier
	now        func() time.Time
	wake       chan struct{} // receives a value when an erasure is due
}

// New returns a Service over its ports. now is the clock; its times are truncated to the precision of the database.
func New(
	store Store, widgets Widgets, visitors Visitors, statistics Statistics, others []DataHolder, announce Announcer,
	notifier Notifier, now func() time.Time,
) *Service {
	return &Service{
		store:      store,
		widgets:    widgets,
		visitors:   visitors,
		statistics: statistics,
		others:     others,
		announce:   announce,
		notifier:   notifier,
		now:        timestamp.Clock(now),
		wake:       make(chan struct{}, 1),
	}
}

// CreateUser adds a user to a website.
func (s *Service) CreateUser(ctx context.Context, t tenant.ID, p UserPatch, by By) (User, error) {
	p = p.forNewUser()
	if err := p.Validate(); err != nil {
		return User{}, err
	}
	now := s.now()
	u := p.Apply(User{
		WebsiteID: t,
		Theme:     defaultTheme,
		Language:  defaultLanguage,
		CreatedAt: now,
		UpdatedAt: now,
	})
	var err error
	if u.ID, err = s.store.NextUser(ctx); err != nil {
		return User{}, err
	}
	e, err := s.entry(ctx, t, by, "user", "create", int64(u.ID))
	if err != nil {
		return User{}, err
	}
	return u, s.store.AddUser(ctx, u, e.changing(nil, u.audited()))
}

// User returns a user of the website.
func (s *Service) User(ctx context.Context, t tenant.ID, id id.User) (User, error) {
	return s.store.User(ctx, t, id)
}

// UsersOf returns the users that exist among ids.
func (s *Service) UsersOf(ctx context.Context, t tenant.ID, ids []id.User) ([]User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.store.UsersOf(ctx, t, ids)
}

// UsersByEmail returns the users that have one of up to maxEmails e-mail addresses.
func (s *Service) UsersByEmail(ctx context.Context, t tenant.ID, addresses []string) ([]User, error) {
	if len(addresses) > maxEmails {
		return nil, fault.Bad("emails", "must be at most 100 addresses")
	}
	low := make([]string, len(addresses))
	for i, address := range addresses {
		low[i] = strings.ToLower(address)
	}
	return s.store.UsersByEmail(ctx, t, low)
}

// maxEmails is the maximum number of addresses in one request.
const maxEmails = 100

// Colleague is a user of a website, or one that was removed from it.
type Colleague struct {
	User

	IsFormer bool
}

// Colleagues returns the users among ids, removed ones too: their name stays on what they wrote.
func (s *Service) Colleagues(ctx context.Context, t tenant.ID, ids []id.User) ([]Colleague, error) {
	users, err := s.UsersOf(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	found, missing := make([]Colleague, 0, len(ids)), slices.Clone(ids)
	for _, u := range users {
		found = append(found, Colleague{User: u})
		missing = slices.DeleteFunc(missing, func(id id.User) bool { return id == u.ID })
	}
	if len(missing) == 0 {
		return found, nil
	}
	former, err := s.store.FormerUsers(ctx, t, missing)
	for _, u := range former {
		found = append(found, Colleague{u, true})
	}
	return found, err
}

// Users lists a website's users, newest first or in the order of changes.
func (s *Service) Users(ctx context.Context, t tenant.ID, w paging.Following) (paging.Slice[User], error) {
	return s.store.Users(ctx, t, w)
}

// UpdateUser changes a user of the website.
func (s *Service) UpdateUser(ctx context.Context, t tenant.ID, id id.User, p UserPatch, by By) (User, error) {
	e, err := s.entry(ctx, t, by, "user", "update", int64(id))
	if err != nil {
		return User{}, err
	}
	return s.store.SaveUser(ctx, t, id, func(u User) (User, Entry, error) {
		if err := p.Validate(); err != nil {
			return u, e, err
		}
		before := u.audited()
		u.UpdatedAt = s.now()
		u = p.Apply(u)
		return u, e.changing(before, u.audited()), nil
	})
}

// DeleteUser removes a user of the website.
func (s *Service) DeleteUser(ctx context.Context, t tenant.ID, id id.User, by By) error {
	e, err := s.entry(ctx, t, by, "user", "delete", int64(id))
	if err != nil {
		return err
	}
	err = s.store.DeleteUser(ctx, t, id, func(u User) (Entry, Departure) {
		return e.changing(u.audited(), nil), s.departure(t, id)
	})
	if err == nil {
		s.Wake()
	}
	return err
}
