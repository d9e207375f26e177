package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/accounts"
)

// verify checks the ID token of a response: its signature, issuer, audience and times, and its nonce. It adds the
// claims of the userinfo endpoint if the ID token lacks some that the settings name.
func (c *client) verify(
	ctx context.Context, m *metadata, response *oauth2.Token, nonce string,
) (accounts.Tokens, error) {
	raw, _ := response.Extra("id_token").(string)
	token, err := m.verifier.Verify(ctx, raw)
	if err != nil {
		return accounts.Tokens{}, verifyError(err)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return accounts.Tokens{}, invalid(err)
	}
	switch azp, has := claims["azp"]; {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1:
		err = errors.New("ID token: wrong nonce")
	case has && azp != c.settings.ClientID, !has && len(token.Audience) > 1:
		err = errors.New("ID token: it was issued to another client")
	case token.IssuedAt.After(c.now().Add(skew)):
		err = errors.New("ID token: issued in the future")
	case token.AccessTokenHash != "":
		err = token.VerifyAccessToken(response.AccessToken)
	}
	if err != nil {
		return accounts.Tokens{}, invalid(err)
	}
	if err := c.complete(ctx, m, response, claims); err != nil {
		return accounts.Tokens{}, err
	}
	return accounts.Tokens{Claims: claims, IDToken: raw, Refresh: response.RefreshToken}, nil
}

// complete adds the claims of the userinfo endpoint, which are optional in ID tokens.
func (c *client) complete(ctx context.Context, m *metadata, response *oauth2.Token, claims map[string]any) error {
	names := c.provider.Claims
	_, hasEmail := claims[names.Email]
	_, hasGroups := claims[names.Groups]
	if m.UserInfo == "" || response.AccessToken == "" || hasEmail && (hasGroups || len(c.provider.Groups) == 0) {
		return nil
	}
	info, err := m.provider.UserInfo(ctx, oauth2.StaticTokenSource(response))
	if err != nil {
		return away(fmt.Errorf("userinfo: %w", err))
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return invalid(err)
	}
	if info.Subject != claims["sub"] {
		return invalid(errors.New("userinfo: of another subject"))
	}
	for name, value := range more {
		if _, there := claims[name]; !there {
			claims[name] = value
		}
	}
	return nil
}

// verifyError distinguishes keys that can't be fetched from tokens that are wrong.
func verifyError(err error) error {
	if strings.Contains(err.Error(), "fetching keys") { // the library wraps it in a text
		return away(err)
	}
	return invalid(err)
}

// logoutFor is how long after it was issued a logout token is accepted.
const logoutFor = 10 * time.Minute

// Logout implements accounts.Providers.
func (p *Providers) Logout(ctx context.Context, provider, raw string) (n accounts.LogoutNotice, err error) {
	err = p.call(ctx, provider, logouts, func(ctx context.Context, c *client, m *metadata) error {
		token, err := m.verifier.VerifyLogout(ctx, raw)
		if err != nil {
			if err := verifyError(err); fault.Is(err, fault.Unavailable) {
				return err
			}
			return wrongLogout(err)
		}
		now, end := p.now(), token.IssuedAt.Add(logoutFor)
		if token.IssuedAt.After(now.Add(skew)) || end.Before(now.Add(-skew)) {
			return wrongLogout(fmt.Errorf("issued at %s", token.IssuedAt))
		}
		n = accounts.LogoutNotice{
			ID: token.TokenID, Subject: token.Subject, Session: token.SessionID, Expires: end.Add(skew),
		}
		return nil
	})
	return n, err
}

// wrongLogout refuses a logout token. The cause is for the log.
func wrongLogout(cause error) error {
	f := fault.Wrap(fault.Invalid, "the logout token isn't valid", cause)
	f.Code = "logout_token_invalid"
	return f
}
