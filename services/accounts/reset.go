package accounts

import (
	"context"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
)

// NewReset returns the secret of a link by which a person chooses a new password, within a day.
func (p *People) NewReset(ctx context.Context, person id.Person) (string, error) {
	if _, err := p.store.Person(ctx, person); err != nil {
		return "", err
	}
	return p.challenge(ctx, forReset, person, "", resetIn)
}

// errReset is the one answer to a link that is unknown, used or expired.
func errReset() error {
	return fault.Coded(
		fault.NotFound, "reset_invalid", "the link doesn't exist, has been used or has expired: ask for a new one",
	)
}

// Reset gives the person of a link a new password and ends all their sessions and personal access tokens. They sign in
// with it, with their second factor if they have one.
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
	if err := p.take(ctx, c); err != nil {
		return errReset()
	}
	_, err = p.store.SavePerson(ctx, person.ID, func(stored Person) (Person, error) {
		stored.Password, stored.UpdatedAt = hash, p.now()
		return stored, nil
	})
	if err != nil {
		return err
	}
	if _, err := p.end(ctx, person.ID, func(Session) bool { return true }); err != nil {
		return err
	}
	by.Actor = ActorOf(person.ID)
	return p.note(ctx, person.ID, by, "password", "reset")
}
