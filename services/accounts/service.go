package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/paging"
	"fivechat.dev/libs/tenant"
)

// Service is the use cases.
type Service struct {
	store    Store
	widgets  Widgets
	announce Announcer
	now      func() time.Time
}

// New makes a Service over its ports.
func New(store Store, widgets Widgets, announce Announcer) *Service {
	return &Service{store, widgets, announce, time.Now}
}

// moment is now as it is stored and shown.
func (s *Service) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// CreateWebsite makes a website and its widget. The widget comes first, so that a website that is there always has one;
// a widget whose website could not be stored belongs to a number that nothing else will get.
func (s *Service) CreateWebsite(ctx context.Context, n NewWebsite) (Website, error) {
	w, err := n.website()
	if err != nil {
		return Website{}, err
	}
	if w.ID, err = s.store.NextWebsite(ctx); err != nil {
		return Website{}, err
	}
	if w.ClientToken, err = s.widgets.Open(ctx, w.ID, n.ClientToken); err != nil {
		return Website{}, err
	}
	w.CreatedAt = s.moment()
	return w, s.store.AddWebsite(ctx, w)
}

// Website gives a website.
func (s *Service) Website(ctx context.Context, t tenant.ID) (Website, error) {
	return s.store.Website(ctx, t)
}

// Presence gives a website as its own agents see it, with its widget.
func (s *Service) Presence(ctx context.Context, t tenant.ID) (Website, Widget, error) {
	w, err := s.store.Website(ctx, t)
	if err != nil {
		return Website{}, Widget{}, err
	}
	widget, err := s.widgets.Of(ctx, t)
	return w, widget, err
}

// Websites lists all websites, newest first.
func (s *Service) Websites(ctx context.Context, w paging.Window) (paging.Slice[Website], error) {
	return s.store.Websites(ctx, w)
}

// CreateUser adds a user to a website.
func (s *Service) CreateUser(ctx context.Context, t tenant.ID, p UserPatch) (User, error) {
	now := s.moment()
	u, err := p.Apply(User{WebsiteID: t, Theme: defaultTheme, Language: defaultLanguage, CreatedAt: now, UpdatedAt: now})
	if err != nil {
		return User{}, err
	}
	if u.ID, err = s.store.NextUser(ctx); err != nil {
		return User{}, err
	}
	return u, s.store.AddUser(ctx, u)
}

// User gives a user of the website.
func (s *Service) User(ctx context.Context, t tenant.ID, id int64) (User, error) {
	return s.store.User(ctx, t, id)
}

// UsersOf gives the users of several numbers; those that are not there are left out.
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
func (s *Service) UpdateUser(ctx context.Context, t tenant.ID, id int64, p UserPatch) (User, error) {
	return s.store.SaveUser(ctx, t, id, func(u User) (User, error) {
		u.UpdatedAt = s.moment()
		return p.Apply(u)
	})
}

// Heartbeat notes that a user of the website is there.
func (s *Service) Heartbeat(ctx context.Context, t tenant.ID, id int64) error {
	now := s.moment()
	return s.store.SeenUser(ctx, t, id, now, now.Add(-seenEvery))
}

// Online gives how many of a website's users are online.
func (s *Service) Online(ctx context.Context, t tenant.ID) (int64, error) {
	return s.store.CountSeenUsers(ctx, t, s.moment().Add(-onlineFor))
}

// DeleteUser removes a user of the website.
func (s *Service) DeleteUser(ctx context.Context, t tenant.ID, id int64) error {
	return s.store.DeleteUser(ctx, t, id)
}
