package accounts

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// Bounds of personal access tokens: how many a person has, and how long one is valid.
const (
	maxPersonalTokens = 20
	maxPersonalLife   = 366 * 24 * time.Hour
)

// NewPersonalToken is the input for a personal access token: a session for a person's programs, which act as the person
// in all their websites. It can't do what needs a recent proof of the person.
type NewPersonalToken struct {
	Name      string
	ExpiresAt time.Time
}

// Validate reports a wrong name.
func (n NewPersonalToken) Validate() error {
	var wrong fault.Problems
	name := strings.TrimSpace(n.Name)
	wrong.Check(name != "" && utf8.RuneCountInString(name) <= 100, "name", "must have 1 to 100 characters")
	return wrong.Err()
}

// CreatePersonalToken creates a personal access token. It returns its secret, which can't be read again.
func (p *People) CreatePersonalToken(
	ctx context.Context, caller id.Person, n NewPersonalToken, by By,
) (Session, string, error) {
	if err := n.Validate(); err != nil {
		return Session{}, "", err
	}
	now := p.now()
	if !n.ExpiresAt.After(now) || !n.ExpiresAt.Before(now.Add(maxPersonalLife)) {
		return Session{}, "", fault.Bad("expiresAt", "must be in the future, at most a year from now")
	}
	id, err := p.store.NextSession(ctx)
	if err != nil {
		return Session{}, "", err
	}
	secret := identity.NewPersonalSecret()
	token := Session{
		ID: id, Hash: identity.HashSecret(secret), PersonID: caller, Name: strings.TrimSpace(n.Name), Address: by.Address,
		CreatedAt: now, LastUsedAt: now, ExpiresAt: n.ExpiresAt,
	}
	added, err := p.store.AddPersonalToken(ctx, token, maxPersonalTokens)
	if err != nil {
		return Session{}, "", err
	}
	if !added {
		return Session{}, "", fault.Coded(fault.Conflict, "too_many_tokens", "you have 20 personal tokens: revoke one first")
	}
	return token, secret, p.note(ctx, caller, by, "personalToken", "create")
}

// PersonalTokens returns a person's personal access tokens that haven't expired, the newest first.
func (p *People) PersonalTokens(ctx context.Context, person id.Person) ([]Session, error) {
	return p.sessions(ctx, person, Session.IsPersonalToken)
}

// RevokePersonalToken ends a personal access token of a person. The error is NotFound if the person has none of this
// id.
func (p *People) RevokePersonalToken(ctx context.Context, person id.Person, token id.Session, by By) error {
	ended, err := p.end(ctx, person, EndOne(token, true))
	if err != nil {
		return err
	}
	if len(ended) == 0 {
		return fault.Missing("token")
	}
	return p.note(ctx, person, by, "personalToken", "delete")
}
