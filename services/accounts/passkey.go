package accounts

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
)

// Passkey is a person's public key of a device or of a password manager (WebAuthn). Its use also proves the person's
// presence to the device, so it needs no second factor.
type Passkey struct {
	ID           id.Passkey `bson:"_id"`
	PersonID     id.Person  `bson:"personId"`
	CredentialID []byte     `bson:"credentialId"` // the device's, unique over the installation
	Credential   []byte     `bson:"credential"`   // as WebAuthn keeps it: the public key and the signature counter
	Name         string     `bson:"name"`
	CreatedAt    time.Time  `bson:"createdAt"`
	LastUsedAt   time.Time  `bson:"lastUsedAt"`
}

// maxPasskeys is how many passkeys a person has.
const maxPasskeys = 20

// Ceremony is the beginning of a WebAuthn ceremony: the options for the browser, and the secret that names the ceremony
// when the browser's response comes.
type Ceremony struct {
	Challenge string
	Options   json.RawMessage
}

// WebAuthn runs the ceremonies of passkeys for the pages of an origin. state is what Begin returned; the errors of a
// response that proves nothing are Unauthenticated.
type WebAuthn interface {
	// BeginCreation asks for a new passkey, on a device that has none of keys. FinishCreation returns its credential.
	BeginCreation(origin string, p Person, keys []Passkey) (options json.RawMessage, state string, err error)
	FinishCreation(origin, state string, p Person, response json.RawMessage) (credentialID, credential []byte, err error)
	// BeginSignIn asks for any passkey of the installation. FinishSignIn calls find with the id of the one that the
	// browser chose, and returns it with the credential to store.
	BeginSignIn(origin string) (options json.RawMessage, state string, err error)
	FinishSignIn(
		origin, state string, response json.RawMessage, find func(credentialID []byte) (Passkey, error),
	) (Passkey, error)
}

// ErrPasskey is the one answer to a response that proves nothing.
func ErrPasskey() error {
	return fault.Coded(fault.Unauthenticated, "passkey_invalid", "the passkey isn't known here, or its answer is wrong")
}

// BeginPasskey asks the browser of a person for a new passkey.
func (p *People) BeginPasskey(ctx context.Context, caller id.Person, origin string) (Ceremony, error) {
	person, err := p.store.Person(ctx, caller)
	if err != nil {
		return Ceremony{}, err
	}
	keys, err := p.store.Passkeys(ctx, caller)
	if err != nil {
		return Ceremony{}, err
	}
	if len(keys) >= maxPasskeys {
		return Ceremony{}, errPasskeys()
	}
	options, state, err := p.webauthn.BeginCreation(origin, person, keys)
	if err != nil {
		return Ceremony{}, err
	}
	secret, err := p.challenge(ctx, forNewKey, caller, state, challengeIn)
	return Ceremony{secret, options}, err
}

func errPasskeys() error {
	return fault.Coded(fault.Conflict, "too_many_passkeys", "you have 20 passkeys: remove one first")
}

// Finished is a browser's response to a ceremony.
type Finished struct {
	Challenge string
	Response  json.RawMessage
}

// AddPasskey stores the passkey that the browser of a person created.
func (p *People) AddPasskey(
	ctx context.Context, caller id.Person, origin, name string, f Finished, by By,
) (Passkey, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 100 {
		return Passkey{}, fault.Bad("name", "must have 1 to 100 characters")
	}
	c, err := p.challenged(ctx, forNewKey, f.Challenge)
	if err != nil {
		return Passkey{}, err
	}
	if c.PersonID != caller {
		return Passkey{}, errChallenge()
	}
	person, err := p.store.Person(ctx, caller)
	if err != nil {
		return Passkey{}, err
	}
	credentialID, credential, err := p.webauthn.FinishCreation(origin, c.State, person, f.Response)
	if err != nil {
		return Passkey{}, err
	}
	if err := p.take(ctx, c); err != nil {
		return Passkey{}, err
	}
	id, err := p.store.NextPasskey(ctx)
	if err != nil {
		return Passkey{}, err
	}
	now := p.now()
	key := Passkey{
		ID: id, PersonID: caller, CredentialID: credentialID, Credential: credential, Name: name,
		CreatedAt: now, LastUsedAt: now,
	}
	added, err := p.store.AddPasskey(ctx, key, maxPasskeys)
	if err != nil {
		return Passkey{}, err
	}
	if !added {
		return Passkey{}, errPasskeys()
	}
	return key, p.note(ctx, caller, by, "passkey", "create")
}

// RemovePasskey removes a passkey of a person.
func (p *People) RemovePasskey(ctx context.Context, caller id.Person, key id.Passkey, by By) error {
	removed, err := p.store.RemovePasskey(ctx, caller, key)
	if err != nil {
		return err
	}
	if !removed {
		return fault.Missing("passkey")
	}
	return p.note(ctx, caller, by, "passkey", "delete")
}

// BeginPasskeySignIn asks a browser for a passkey of any person.
func (p *People) BeginPasskeySignIn(ctx context.Context, origin string) (Ceremony, error) {
	options, state, err := p.webauthn.BeginSignIn(origin)
	if err != nil {
		return Ceremony{}, err
	}
	secret, err := p.challenge(ctx, forPasskey, 0, state, challengeIn)
	return Ceremony{secret, options}, err
}

// SignInWithPasskey starts a session for the person of the passkey that a browser used.
func (p *People) SignInWithPasskey(
	ctx context.Context, origin string, f Finished, d Device, by By,
) (SignedIn, Secrets, error) {
	c, err := p.challenged(ctx, forPasskey, f.Challenge)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	var used Passkey
	key, err := p.webauthn.FinishSignIn(origin, c.State, f.Response, func(credentialID []byte) (Passkey, error) {
		used, err = p.store.PasskeyByCredential(ctx, credentialID)
		if fault.Is(err, fault.NotFound) {
			return used, ErrPasskey()
		}
		return used, err
	})
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			p.failed(used.PersonID, wrongPasskey, d, by)
		}
		return SignedIn{}, Secrets{}, err
	}
	if err := p.take(ctx, c); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	person, err := p.store.Person(ctx, key.PersonID)
	if err != nil {
		return SignedIn{}, Secrets{}, err
	}
	if person.Disabled {
		p.failed(person.ID, isDisabled, d, by)
		return SignedIn{}, Secrets{}, ErrPasskey()
	}
	key.LastUsedAt = p.now()
	if err := p.store.UsedPasskey(ctx, key); err != nil {
		return SignedIn{}, Secrets{}, err
	}
	return p.begin(ctx, person, d, by)
}
