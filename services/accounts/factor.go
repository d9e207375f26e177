package accounts

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// Authenticator is a person's authenticator app, the second factor beside the password.
type Authenticator struct {
	Secret   string   `bson:"secret"`   // encrypted
	LastStep int64    `bson:"lastStep"` // of the last accepted code: codes up to it are refused
	Recovery []string `bson:"recovery"` // hashes of the unused recovery codes
}

// AuthenticatorKey is the key that an app stores, as a text, as a URL and as a QR code (a data URL of a PNG).
type AuthenticatorKey struct {
	Secret, URL, Picture string
}

// recoveryCodes is the number of recovery codes that a person gets.
const recoveryCodes = 10

// errCode is the one answer to a wrong, an old and a used code.
func errCode() error {
	return fault.Coded(fault.Unauthenticated, "code_invalid", "the code is wrong, too old or was used: enter the next one")
}

// NewAuthenticator returns a new key for a person's authenticator app. It is in use only after ConfirmAuthenticator.
func (p *People) NewAuthenticator(ctx context.Context, caller id.Person) (AuthenticatorKey, error) {
	person, err := p.store.Person(ctx, caller)
	if err != nil {
		return AuthenticatorKey{}, err
	}
	key, err := p.codes.New(person.Email)
	if err != nil {
		return AuthenticatorKey{}, err
	}
	sealed, err := p.secrets.Seal(key.Secret, authenticatorContext(caller))
	if err != nil {
		return AuthenticatorKey{}, err
	}
	_, err = p.store.SavePerson(ctx, caller, func(stored Person) (Person, error) {
		stored.NewAuthenticator, stored.UpdatedAt = sealed, p.now()
		return stored, nil
	})
	return key, err
}

// authenticatorContext is the context of the encryption of a person's authenticator key.
func authenticatorContext(person id.Person) string {
	return "authenticator:" + strconv.FormatInt(int64(person), 10)
}

// ConfirmAuthenticator puts the person's new authenticator app in use, if code is one of its codes. It replaces a
// previous app. It returns the recovery codes, which can't be read again.
func (p *People) ConfirmAuthenticator(
	ctx context.Context, caller identity.Principal, code string, by By,
) ([]string, error) {
	if err := p.attempts.Take(ctx, codesOfSession(caller.SessionID)); err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes()
	err := p.changeAuthenticator(ctx, caller.PersonID, by, "create", func(stored Person) (Person, error) {
		if stored.NewAuthenticator == "" {
			return stored, fault.Coded(fault.Conflict, "authenticator_missing", "get a new key for the app first")
		}
		step, err := p.step(stored.NewAuthenticator, stored.ID, code)
		if err != nil {
			return stored, err
		}
		stored.Authenticator = &Authenticator{Secret: stored.NewAuthenticator, LastStep: step, Recovery: hashes}
		stored.NewAuthenticator = ""
		return stored, nil
	})
	return codes, err
}

// RenewRecovery replaces a person's recovery codes, and returns the new ones.
func (p *People) RenewRecovery(ctx context.Context, caller id.Person, by By) ([]string, error) {
	codes, hashes := newRecoveryCodes()
	err := p.changeAuthenticator(ctx, caller, by, "update", func(stored Person) (Person, error) {
		if stored.Authenticator == nil {
			return stored, fault.Missing("authenticator")
		}
		renewed := *stored.Authenticator
		renewed.Recovery, stored.Authenticator = hashes, &renewed
		return stored, nil
	})
	return codes, err
}

// RemoveAuthenticator takes the person's authenticator app out of use. The error is NotFound without one.
func (p *People) RemoveAuthenticator(ctx context.Context, person id.Person, by By) error {
	return p.changeAuthenticator(ctx, person, by, "delete", func(stored Person) (Person, error) {
		if stored.Authenticator == nil {
			return stored, fault.Missing("authenticator")
		}
		stored.Authenticator, stored.NewAuthenticator = nil, ""
		return stored, nil
	})
}

func (p *People) changeAuthenticator(
	ctx context.Context, person id.Person, by By, action string, change func(Person) (Person, error),
) error {
	_, err := p.store.SavePerson(ctx, person, func(stored Person) (Person, error) {
		stored.UpdatedAt = p.now()
		return change(stored)
	})
	if err != nil {
		return err
	}
	return p.note(ctx, person, by, "authenticator", action)
}

// step returns the step of a code of an encrypted key.
func (p *People) step(sealed string, person id.Person, code string) (int64, error) {
	secret, err := p.secrets.Open(sealed, authenticatorContext(person))
	if err != nil {
		return 0, err
	}
	step, valid := p.codes.Step(secret, code, p.now())
	if !valid {
		return 0, errCode()
	}
	return step, nil
}

// useCode checks a code of the person's app, or a recovery code, and uses it up. The attempt counts under a name.
func (p *People) useCode(ctx context.Context, person id.Person, name, code string) error {
	if err := p.attempts.Take(ctx, name); err != nil {
		return err
	}
	_, err := p.store.SavePerson(ctx, person, func(stored Person) (Person, error) {
		if stored.Authenticator == nil {
			return stored, errCode()
		}
		used := *stored.Authenticator
		stored.Authenticator = &used
		if hash := recoveryHash(code); slices.Contains(used.Recovery, hash) {
			left := slices.DeleteFunc(slices.Clone(used.Recovery), func(h string) bool { return h == hash })
			used.Recovery = left
			return stored, nil
		}
		step, err := p.step(used.Secret, person, code)
		if err != nil {
			return stored, err
		}
		if step <= used.LastStep {
			return stored, errCode()
		}
		used.LastStep = step
		return stored, nil
	})
	return err
}

// newRecoveryCodes returns recovery codes of 80 random bits, and their hashes. So many bits need no slow hash.
func newRecoveryCodes() (codes, hashes []string) {
	for range recoveryCodes {
		text := strings.ToLower(rand.Text()[:16])
		code := text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
		codes, hashes = append(codes, code), append(hashes, recoveryHash(code))
	}
	return codes, hashes
}

// recoveryHash returns the hash of a recovery code, however it was typed.
func recoveryHash(code string) string {
	return identity.HashSecret(strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(code)))
}

// Factors are the ways in which a person can prove who they are.
type Factors struct {
	Password      bool
	Authenticator bool
	Recovery      int // unused recovery codes
	Passkeys      []Passkey
}

// Factors returns a person's.
func (p *People) Factors(ctx context.Context, caller id.Person) (Factors, error) {
	person, err := p.store.Person(ctx, caller)
	if err != nil {
		return Factors{}, err
	}
	f := Factors{Password: person.Password != ""}
	if a := person.Authenticator; a != nil {
		f.Authenticator, f.Recovery = true, len(a.Recovery)
	}
	f.Passkeys, err = p.store.Passkeys(ctx, caller)
	return f, err
}

// Proof is what a person enters to prove again who they are: the password, or a code.
type Proof struct {
	Password, Code string
}

// Confirm proves again who the person of a session is, before an operation that needs it. A person with an
// authenticator app needs a code. The error is Unauthenticated if the password or the code is wrong.
func (p *People) Confirm(ctx context.Context, caller identity.Principal, proof Proof) error {
	if (proof.Password == "") == (proof.Code == "") {
		return fault.Bad("password", "is needed, or a code: one of them")
	}
	person, err := p.store.Person(ctx, caller.PersonID)
	if err != nil {
		return err
	}
	if proof.Code == "" && person.Authenticator != nil {
		return fault.Bad("code", "is needed: you have an authenticator app")
	}
	if proof.Code != "" {
		err = p.useCode(ctx, person.ID, codesOfSession(caller.SessionID), proof.Code)
	} else {
		err = p.checkPassword(ctx, person, caller.SessionID, proof.Password)
	}
	if err != nil {
		return err
	}
	return p.confirmed(ctx, caller)
}

// confirmed stores that the person of a session has proven who they are.
func (p *People) confirmed(ctx context.Context, caller identity.Principal) error {
	session, err := p.store.ConfirmSession(ctx, caller.PersonID, caller.SessionID, p.now())
	if fault.Is(err, fault.NotFound) {
		return fault.Coded(
			fault.Forbidden, "session_needed", "a personal access token can't be confirmed: sign in in a browser",
		)
	}
	if err != nil {
		return err
	}
	p.announce.SessionsEnded(ctx, session.Hash) // gateways look it up again
	return nil
}

// checkPassword compares a password with that of the person of a session, and counts the attempt.
func (p *People) checkPassword(ctx context.Context, person Person, session id.Session, password string) error {
	if err := p.attempts.Take(ctx, passwordsOfSession(session)); err != nil {
		return err
	}
	matches, err := p.passwords.Matches(ctx, password, person.Password)
	if err == nil && !matches {
		err = errCredentials()
	}
	return err
}
