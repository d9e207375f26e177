package accounts

import (
	"context"
	"time"

	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// UserStatus is whether a user can be reached.
type UserStatus = contract.UserStatus

// The statuses. UserAway: the user is seen, but has chosen that status, or has done nothing for awayAfter.
const (
	UserOnline  = contract.UserStatusOnline
	UserAway    = contract.UserStatusAway
	UserOffline = contract.UserStatusOffline
)

// The periods of presence.
const (
	onlineFor = 60 * time.Second // a user counts as online after being seen
	seenEvery = 15 * time.Second // minimum interval of writing LastSeenAt and ActiveAt
	awayAfter = 5 * time.Minute  // without activity
)

// Online reports whether the user was seen within onlineFor.
func (u User) Online(now time.Time) bool { return now.Sub(u.LastSeenAt) <= onlineFor }

// Status returns the user's status at the time now. Without a known activity, being seen counts as one.
func (u User) Status(now time.Time) UserStatus {
	switch {
	case !u.Online(now):
		return UserOffline
	case u.IsAway, !u.ActiveAt.IsZero() && now.Sub(u.ActiveAt) > awayAfter:
		return UserAway
	default:
		return UserOnline
	}
}

// seen returns u after a heartbeat.
func (u User) seen(now time.Time, isActive bool) User {
	u.LastSeenAt = now
	if isActive {
		u.ActiveAt = now
	}
	return u
}

// Heartbeat stores that a user of the website is present and, if isActive is true, that they do something. Agents are
// notified if that changes the user's status.
func (s *Service) Heartbeat(ctx context.Context, t tenant.ID, user id.User, isActive bool) error {
	now := s.now()
	before, stored, err := s.store.SeenUser(ctx, t, user, isActive, now, now.Add(-seenEvery))
	if err != nil || !stored {
		return err
	}
	status := before.seen(now, isActive).Status(now)
	if status != before.Status(now) || status != before.Status(before.LastSeenAt) {
		s.notify(ctx, t, user, status)
	}
	return nil
}

// SetStatus stores whether a user of the website says that they are away, and notifies agents. Saying that they are
// online counts as activity.
func (s *Service) SetStatus(ctx context.Context, t tenant.ID, user id.User, status UserStatus) (User, error) {
	if status != UserOnline && status != UserAway {
		return User{}, fault.Bad("status", "must be online or away")
	}
	now := s.now()
	u, err := s.store.SetUserAway(ctx, t, user, status == UserAway, now)
	if err == nil {
		s.notify(ctx, t, user, u.Status(now))
	}
	return u, err
}

// notify notifies agents of a user's status. Nothing reports that a user isn't seen any more, so offline isn't sent.
func (s *Service) notify(ctx context.Context, t tenant.ID, user id.User, status UserStatus) {
	if status == UserOffline {
		return
	}
	s.notifier.Notify(ctx, t, 0, presenceOf(user, status))
}

// Online returns how many of a website's users are online.
func (s *Service) Online(ctx context.Context, t tenant.ID) (int64, error) {
	return s.store.CountSeenUsers(ctx, t, s.now().Add(-onlineFor))
}
