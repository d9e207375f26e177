package accounts

import (
	"context"
	"fmt"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
)

// usedEvery is the minimum interval of storing a token's last use.
const usedEvery = time.Minute

// CreateToken creates a token for a website. It returns the secret, which can't be read again.
func (s *Service) CreateToken(ctx context.Context, t tenant.ID, n NewToken, by By) (Token, string, error) {
	now := s.now()
	if err := n.Validate(now); err != nil {
		return Token{}, "", err
	}
	id, err := s.store.NextToken(ctx)
	if err != nil {
		return Token{}, "", err
	}
	e, err := s.entry(ctx, t, by, "token", "create", int64(id))
	if err != nil {
		return Token{}, "", err
	}
	token, secret := n.token(t, id, by.Actor, now)
	if err := s.store.AddToken(ctx, token, e.changing(nil, token.audited())); err != nil {
		return Token{}, "", err
	}
	return token, secret, nil
}

// Tokens lists a website's tokens, newest first.
func (s *Service) Tokens(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Token], error) {
	return s.store.Tokens(ctx, t, w)
}

// UpdateToken changes a website's token.
func (s *Service) UpdateToken(ctx context.Context, t tenant.ID, id id.Token, p TokenPatch, by By) (Token, error) {
	e, err := s.entry(ctx, t, by, "token", "update", int64(id))
	if err != nil {
		return Token{}, err
	}
	token, err := s.store.SaveToken(ctx, t, id, func(token Token) (Token, Entry, error) {
		if err := p.Validate(s.now()); err != nil {
			return token, e, err
		}
		changed := p.apply(token)
		return changed, e.changing(token.audited(), changed.audited()), nil
	})
	if err == nil && p.ExpiresAt.Set {
		s.announce.TokensChanged(ctx, token.Hash)
	}
	return token, err
}

// RotateToken creates the successor of a website's token. It returns the secret, which can't be read again. The old
// token stays valid for the overlap, but not beyond its own expiry.
func (s *Service) RotateToken(
	ctx context.Context, t tenant.ID, id id.Token, overlap time.Duration, by By,
) (Token, string, error) {
	if overlap < 0 || overlap > maxOverlap {
		return Token{}, "", fault.Bad("overlapSeconds", fmt.Sprintf("must be 0 to %d", int(maxOverlap.Seconds())))
	}
	nextID, err := s.store.NextToken(ctx)
	if err != nil {
		return Token{}, "", err
	}
	e, err := s.entry(ctx, t, by, "token", "rotate", int64(id))
	if err != nil {
		return Token{}, "", err
	}
	var next Token
	var secret string
	old, err := s.store.RotateToken(ctx, t, id, func(old Token) (Token, Token, Entry, error) {
		now := s.now()
		if old.Expired(now) {
			return old, next, e, fault.Coded(fault.Conflict, "token_expired", "the token has expired: create another one")
		}
		next, secret = old.successor(nextID, by.Actor, now)
		before, end := old.audited(), now.Add(overlap)
		if old.ExpiresAt.IsZero() || end.Before(old.ExpiresAt) {
			old.ExpiresAt = end
		}
		after := old.audited()
		after["successor"] = next.ID
		return old, next, e.changing(before, after), nil
	})
	if err != nil {
		return Token{}, "", err
	}
	s.announce.TokensChanged(ctx, old.Hash)
	return next, secret, nil
}

// RevokeToken revokes a website's token: here immediately, and soon at every gateway.
func (s *Service) RevokeToken(ctx context.Context, t tenant.ID, id id.Token, by By) error {
	e, err := s.entry(ctx, t, by, "token", "revoke", int64(id))
	if err != nil {
		return err
	}
	token, err := s.store.DeleteToken(ctx, t, id, func(token Token) Entry { return e.changing(token.audited(), nil) })
	if err != nil {
		return err
	}
	s.announce.TokensChanged(ctx, token.Hash)
	return nil
}

// Access is the permissions of a token.
type Access struct {
	WebsiteID tenant.ID
	TokenID   id.Token
	Level     identity.Level
	Plan      identity.Plan
	ExpiresAt time.Time // zero if never
}

// Resolve returns the permissions of the token of a hash. The error is NotFound if it is unknown, revoked or expired.
func (s *Service) Resolve(ctx context.Context, hash string) (Access, error) {
	token, err := s.store.TokenByHash(ctx, hash)
	if err != nil {
		return Access{}, err
	}
	now := s.now()
	if token.Expired(now) {
		return Access{}, fault.Missing("token")
	}
	website, err := s.store.Website(ctx, token.WebsiteID)
	if err != nil {
		return Access{}, err
	}
	if noted := now.Add(-usedEvery); token.LastUsedAt.Before(noted) {
		// The last use is only informative: if storing it fails, the token is still accepted.
		_ = s.store.UsedToken(ctx, token.WebsiteID, token.ID, now, noted)
	}
	return Access{token.WebsiteID, token.ID, token.Level, website.Plan, token.ExpiresAt}, nil
}
