package accounts

import (
	"context"
	"strings"
	"time"

	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/paging"
	"fivechat.dev/libs/tenant"
)

// usedEvery is how often, at most, a token's use is noted.
const usedEvery = time.Minute

// CreateToken makes a token for a website and gives its secret, which is never seen again.
func (s *Service) CreateToken(ctx context.Context, t tenant.ID, n NewToken) (Token, string, error) {
	now := s.moment()
	if err := n.check(now); err != nil {
		return Token{}, "", err
	}
	id, err := s.store.NextToken(ctx)
	if err != nil {
		return Token{}, "", err
	}
	secret := identity.NewSecret()
	token := Token{
		ID: id, WebsiteID: t, Hash: identity.HashSecret(secret), Name: strings.TrimSpace(n.Name), Level: n.Level,
		Prefix: secret[:prefixLength], ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Millisecond), CreatedAt: now,
	}
	if err := s.store.AddToken(ctx, token); err != nil {
		return Token{}, "", err
	}
	return token, secret, nil
}

// Tokens lists a website's tokens, newest first.
func (s *Service) Tokens(ctx context.Context, t tenant.ID, w paging.Window) (paging.Slice[Token], error) {
	return s.store.Tokens(ctx, t, w)
}

// RevokeToken ends a website's token, here at once and soon at every edge.
func (s *Service) RevokeToken(ctx context.Context, t tenant.ID, id int64) error {
	token, err := s.store.DeleteToken(ctx, t, id)
	if err != nil {
		return err
	}
	s.announce.TokenRevoked(ctx, token.Hash)
	return nil
}

// Access is what a token opens.
type Access struct {
	WebsiteID tenant.ID
	TokenID   int64
	Level     identity.Level
	Plan      identity.Plan
}

// Resolve gives what the token of a hash opens; NotFound for one that is unknown, revoked or expired.
func (s *Service) Resolve(ctx context.Context, hash string) (Access, error) {
	token, err := s.store.TokenByHash(ctx, hash)
	if err != nil {
		return Access{}, err
	}
	now := s.moment()
	if token.Expired(now) {
		return Access{}, fault.Missing("token")
	}
	website, err := s.store.Website(ctx, token.WebsiteID)
	if err != nil {
		return Access{}, err
	}
	if noted := now.Add(-usedEvery); token.LastUsedAt.Before(noted) {
		// Only for people to read: that it could not be noted is no reason to refuse the token.
		_ = s.store.UsedToken(ctx, token.WebsiteID, token.ID, now, noted)
	}
	return Access{token.WebsiteID, token.ID, token.Level, website.Plan}, nil
}
