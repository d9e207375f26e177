package visitors

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// IsBlocked reports whether the team has blocked the visitor. The gateways then refuse what the visitor writes.
func (v Visitor) IsBlocked() bool { return !v.BlockedAt.IsZero() }

// Block blocks the website's visitor of a token, on all of their devices. by is nil if a program does it. If they are
// blocked already, nothing changes.
func (s *Service) Block(ctx context.Context, t tenant.ID, token string, by *id.User) (Visitor, error) {
	return s.setBlocked(ctx, t, token, true, by)
}

// Unblock takes a block back. If the visitor isn't blocked, nothing changes.
func (s *Service) Unblock(ctx context.Context, t tenant.ID, token string) (Visitor, error) {
	return s.setBlocked(ctx, t, token, false, nil)
}

func (s *Service) setBlocked(
	ctx context.Context, t tenant.ID, token string, blocked bool, by *id.User,
) (Visitor, error) {
	found, err := s.Visitor(ctx, t, token)
	if err != nil || found.IsBlocked() == blocked {
		return found, err
	}
	changed, err := s.store.Save(ctx, t, token, func(v Visitor) (Visitor, error) {
		now := s.now()
		v.BlockedAt, v.BlockedBy, v.UpdatedAt = now, by, now
		if !blocked {
			v.BlockedAt = time.Time{}
		}
		return v, nil
	})
	if err == nil && s.announcer != nil {
		s.announcer.TokensChanged(ctx, changed.Tokens()...)
	}
	return changed, err
}
