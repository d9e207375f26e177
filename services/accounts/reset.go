package accounts

import (
	"context"
	"encoding/json"
	"fmt"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
)

// AlsoRemoved are the other ways to sign in that the use of a link to a new password removes.
type AlsoRemoved struct {
	Authenticator bool `json:"authenticator"`
	Passkeys      bool `json:"passkeys"`
}

// NewReset returns the secret of a link by which a person chooses a new password, within a day. Nothing changes until
// it is used.
func (p *People) NewReset(ctx context.Context, person id.Person, n AlsoRemoved) (string, error) {
	if _, err := p.store.Person(ctx, person); err != nil {
		return "", err
	}
	state, err := json.Marshal(n)
	if err != nil {
		return "", fmt.Errorf("accounts: encode a reset: %w", err)
	}
	return p.challenge(ctx, forReset, person, string(state), resetIn)
}

// removed returns what a link's use removes. A link of an earlier version has no state, and removes nothing else.
func removed(c Challenge) (n AlsoRemoved, err error) {
	if c.State == "" {
		return n, nil
	}
	if err := json.Unmarshal([]byte(c.State), &n); err != nil {
		return n, fmt.Errorf("accounts: read a reset: %w", err)
	}
	return n, nil
}

// errReset is the one answer to a link that is unknown, used or expired.
func errReset() error {
	return fault.Coded(
		fault.NotFound, "reset_invalid", "the link doesn't exist, has been used or has expired: ask for a new one",
	)
}

// Reset gives the person of a link a new password, removes the ways to sign in that the link is for, and ends all their
// sessions and personal access tokens. They sign in with the password, and with their second factor if they have one.
func (p *People) Reset(ctx context.Context, secret, password string, by By) error {
	c, err := p.challenged(ctx, forReset, secret)
	if fault.Is(err, fault.Unauthenticated) {
		return errReset()
	}
	if err != nil {
		return err
	}
	var wrong fault.Problems
	checkPassword(password, &wrong)
	if err := wrong.Err(); err != nil {
		return err
	}
	person, err := p.store.Person(ctx, c.PersonID)
	if err != nil {
		return err
	}
	hash, err := p.newHash(ctx, password, person.Email, person.Name)
	if err != nil {
		return err
	}
	also, err := removed(c)
	if err != nil {
		return err
	}
	if err := p.take(ctx, c); err != nil {
		return errReset()
	}
	_, err = p.store.SavePerson(ctx, person.ID, func(stored Person) (Person, error) {
		stored.Password, stored.UpdatedAt = hash, p.now()
		if also.Authenticator {
			stored.Authenticator, stored.NewAuthenticator = nil, ""
		}
		return stored, nil
	})
	if err != nil {
		return err
	}
	if _, err := p.end(ctx, person.ID, func(Session) bool { return true }); err != nil {
		return err
	}
	if also.Passkeys { // after the sessions, which could add one
		if err := p.store.RemovePasskeys(ctx, person.ID); err != nil {
			return err
		}
	}
	by.Actor = ActorOf(person.ID)
	_, err = p.noteIn(ctx, person.ID, by, "password", "reset", fields{
		"authenticatorRemoved": also.Authenticator, "passkeysRemoved": also.Passkeys,
	})
	return err
}
