package accounts

import (
	"context"
	"errors"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/timestamp"
)

// People has the use cases of persons: signing in, second factors, sessions, invitations and memberships.
type People struct {
	store     PeopleStore
	websites  *Service
	passwords Passwords
	attempts  Attempts
	codes     Codes
	webauthn  WebAuthn
	secrets   Sealer
	announce  Announcer
	now       func() time.Time
	failures  failedSignIns
	signUp    SignUp
}

// PeoplePorts are what People needs from outside, and the mode of signing up.
type PeoplePorts struct {
	Store     PeopleStore
	Passwords Passwords
	Attempts  Attempts
	Codes     Codes
	WebAuthn  WebAuthn
	Secrets   Sealer
	Announcer Announcer
	SignUp    SignUp
}

// NewPeople returns a People over its ports. websites creates the websites of their first owners. now is the clock; its
// times are truncated to the precision of the database.
func NewPeople(ports PeoplePorts, websites *Service, now func() time.Time) *People {
	return &People{
		store: ports.Store, websites: websites, passwords: ports.Passwords, attempts: ports.Attempts,
		codes: ports.Codes, webauthn: ports.WebAuthn, secrets: ports.Secrets, announce: ports.Announcer,
		now: timestamp.Clock(now), failures: failedSignIns{byPerson: map[id.Person]*failing{}},
		signUp: ports.SignUp,
	}
}

// usedSessionEvery is the minimum interval of storing a session's last use.
const usedSessionEvery = time.Minute

// maxSessions is how many sessions a person has. The oldest ends when there would be one more.
const maxSessions = 50

// errCredentials is the one answer to a wrong password, an unknown address and a disabled person.
func errCredentials() error {
	return fault.Coded(fault.Unauthenticated, "credentials_invalid", "the e-mail address or the password is wrong")
}

// SignInStep is the result of a step of signing in: a session with its secret, which can't be read again, or the
// challenge of the next step.
type SignInStep struct {
	SignedIn SignedIn
	Secrets  Secrets
	Next     string // of the challenge of SignInWithCode; "" if the person has signed in
}

// SignIn signs a person in with an e-mail address and a password, up to the second factor if they have one. The error
// is Unauthenticated, after the same time whether the address is unknown or the password is wrong. It is Limited after
// too many attempts for the address, known or not.
func (p *People) SignIn(ctx context.Context, email, password string, d Device, by By) (SignInStep, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	var wrong fault.Problems
	wrong.Check(isEmail(email), "email", emailRule)
	wrong.Check(password != "" && len(password) <= maxPassword, "password", "must have 1 to 1024 bytes")
	if err := wrong.Err(); err != nil {
		return SignInStep{}, err
	}
	person, err := p.attempt(ctx, email, d)
	if err != nil {
		return SignInStep{}, err
	}
	matches, failed := p.passwords.Matches(ctx, password, person.Password) // "" if there is no person
	if failed != nil {
		return SignInStep{}, failed
	}
	switch {
	case !matches:
		p.failed(person.ID, wrongPassword, d, by)
		return SignInStep{}, errCredentials()
	case person.Disabled:
		p.failed(person.ID, isDisabled, d, by)
		return SignInStep{}, errCredentials()
	}
	if person.Authenticator != nil {
		next, err := p.challenge(ctx, forCode, person.ID, "", challengeIn)
		return SignInStep{Next: next}, err
	}
	in, secrets, err := p.begin(ctx, person, d, by)
	return SignInStep{SignedIn: in, Secrets: secrets}, err
}

// SignInWithCode starts a session for the person of a challenge, with a code of their app or a recovery code.
func (p *People) SignInWithCode(
	ctx context.Context, challenge, code string, d Device, by By,
) (SignedIn, Secrets, error) {
	c, err := p.challenged(ctx, forCode, challenge)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	person, err := p.store.Person(ctx, c.PersonID)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if err := p.useCode(ctx, person.ID, p.codesOf(person, d), code); err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			p.failed(person.ID, wrongCode, d, by)
		}
		return SignedIn{}, Secrets{}, err
	}
	if err := p.take(ctx, c); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if person.Disabled {
		p.failed(person.ID, isDisabled, d, by)
		return SignedIn{}, Secrets{}, errCredentials()
	}
	return p.begin(ctx, person, d, by)
}

// begin starts a session.
func (p *People) begin(ctx context.Context, person Person, d Device, by By) (SignedIn, Secrets, error) {
	id, err := p.store.NextSession(ctx)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	session, secret := d.session(id, person.ID, p.now())
	ended, err := p.store.AddSession(ctx, session, maxSessions)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	p.announce.SessionsEnded(ctx, hashesOf(ended)...)
	if err := p.unchanged(ctx, person, session); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	proof, err := p.proofOf(person)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	by.Actor = ActorOf(person.ID)
	memberships, err := p.noteIn(ctx, person.ID, by, "session", "create", nil)
	return SignedIn{person, session, memberships}, Secrets{secret, proof}, err
}

// unchanged ends a new session if the way in which its person signed in was taken away meanwhile. A change ends the
// sessions that it finds: either it has found this one, or this finds the change.
func (p *People) unchanged(ctx context.Context, before Person, session Session) error {
	now, err := p.store.Person(ctx, before.ID)
	if err != nil {
		return err
	}
	if now.Password == before.Password && !now.Disabled && (now.Authenticator == nil) == (before.Authenticator == nil) {
		return nil
	}
	_, err = p.end(ctx, before.ID, EndOne(session.ID, false))
	return errors.Join(errCredentials(), err)
}

// memberships returns a person's memberships with their websites.
func (p *People) memberships(ctx context.Context, person id.Person) ([]MembershipOf, error) {
	all, err := p.store.Memberships(ctx, person)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	ids := make([]tenant.ID, len(all))
	for i, m := range all {
		ids[i] = m.WebsiteID
	}
	websites, err := p.store.WebsitesOf(ctx, ids)
	return membershipsOf(all, websites), err
}

// Resolve returns the person of a session's hash. The error is NotFound if the session is unknown or has ended, or if
// the person is disabled.
func (p *People) Resolve(ctx context.Context, hash string) (SignedIn, error) {
	session, err := p.store.SessionByHash(ctx, hash)
	if err != nil {
		return SignedIn{}, err
	}
	now := p.now()
	if session.Expired(now) {
		return SignedIn{}, fault.Missing("session")
	}
	person, err := p.store.Person(ctx, session.PersonID)
	if err != nil {
		return SignedIn{}, err
	}
	if person.Disabled {
		return SignedIn{}, fault.Missing("session")
	}
	if noted := now.Add(-usedSessionEvery); session.LastUsedAt.Before(noted) {
		// If storing the use fails, the session is still accepted.
		_ = p.store.UsedSession(ctx, session.ID, now, noted)
		session.LastUsedAt = now
	}
	memberships, err := p.memberships(ctx, person.ID)
	return SignedIn{person, session, memberships}, err
}

// Current returns the person of a caller.
func (p *People) Current(ctx context.Context, caller identity.Principal) (SignedIn, error) {
	person, err := p.store.Person(ctx, caller.PersonID)
	if err != nil {
		return SignedIn{}, err
	}
	memberships, err := p.memberships(ctx, caller.PersonID)
	return SignedIn{Person: person, Memberships: memberships}, err
}

// Sessions returns a person's sessions that haven't ended, the newest first. Personal access tokens aren't among them.
func (p *People) Sessions(ctx context.Context, person id.Person) ([]Session, error) {
	return p.sessions(ctx, person, func(s Session) bool { return !s.IsPersonalToken() })
}

// sessions returns a person's sessions and personal access tokens that haven't ended and that keep selects.
func (p *People) sessions(ctx context.Context, person id.Person, keep func(Session) bool) ([]Session, error) {
	all, err := p.store.Sessions(ctx, person)
	if err != nil {
		return nil, err
	}
	now, current := p.now(), all[:0]
	for _, s := range all {
		if !s.Expired(now) && keep(s) {
			current = append(current, s)
		}
	}
	return current, nil
}

// SignOut ends one session of a person. The error is NotFound if the person has no such session.
func (p *People) SignOut(ctx context.Context, person id.Person, session id.Session) error {
	ended, err := p.end(ctx, person, EndOne(session, false))
	if err == nil && len(ended) == 0 {
		return fault.Missing("session")
	}
	return err
}

// SignOutEverywhere ends all sessions of a person, and no device of theirs is a known one any more. Their personal
// access tokens stay.
func (p *People) SignOutEverywhere(ctx context.Context, person id.Person) error {
	_, err := p.store.SavePerson(ctx, person, func(stored Person) (Person, error) {
		stored.SignOuts++
		return stored, nil
	})
	if err != nil {
		return err
	}
	return p.endSessions(ctx, person)
}

// endSessions ends the sessions of a person, except personal access tokens.
func (p *People) endSessions(ctx context.Context, person id.Person) error {
	_, err := p.end(ctx, person, func(s Session) bool { return !s.IsPersonalToken() })
	return err
}

// EndOne selects the session of an id, or the personal access token.
func EndOne(session id.Session, isPersonalToken bool) func(Session) bool {
	return func(s Session) bool { return s.ID == session && s.IsPersonalToken() == isPersonalToken }
}

// end ends the sessions of a person that selected selects, and returns them.
func (p *People) end(ctx context.Context, person id.Person, selected func(Session) bool) ([]Session, error) {
	ended, err := p.store.EndSessions(ctx, person, selected)
	p.announce.SessionsEnded(ctx, hashesOf(ended)...)
	return ended, err
}

// ChangePassword replaces a person's password, ends all their sessions and starts a new one. The error is
// Unauthenticated if the current password is wrong.
func (p *People) ChangePassword(
	ctx context.Context, caller identity.Principal, current, password string, d Device, by By,
) (SignedIn, Secrets, error) {
	person := caller.PersonID
	before, err := p.store.Person(ctx, person)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if err := p.checkPassword(ctx, before, caller.SessionID, current); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	var wrong fault.Problems
	checkPassword(password, &wrong)
	if err := wrong.Err(); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	hash, err := p.newHash(ctx, password, before.Email, before.Name)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	after, err := p.store.SavePerson(ctx, person, func(stored Person) (Person, error) {
		if stored.Password != before.Password {
			return stored, errCredentials()
		}
		stored.Password, stored.UpdatedAt = hash, p.now()
		return stored, nil
	})
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if err := p.endSessions(ctx, person); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if err := p.note(ctx, person, by, "password", "update"); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	return p.begin(ctx, after, d, by)
}

func hashesOf(sessions []Session) []string {
	hashes := make([]string, len(sessions))
	for i, s := range sessions {
		hashes[i] = s.Hash
	}
	return hashes
}
