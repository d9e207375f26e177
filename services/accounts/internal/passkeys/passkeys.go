// Package passkeys implements accounts.WebAuthn with the library go-webauthn.
//
// The relying party is the host of the page's origin, whatever name the installation is reached by. A browser only uses
// a passkey at the host for which it was created, so a page of another host gets none; the gateway has refused requests
// of other origins before. The device must verify the person (PIN or biometrics): a passkey is then two factors in one.
package passkeys

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/services/accounts"
)

// WebAuthn implements accounts.WebAuthn. Its zero value is ready.
type WebAuthn struct{}

// relyingParty returns the relying party of the pages of an origin.
func relyingParty(origin string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fault.Bad("origin", "the request must have the header Origin of a page: passkeys need a browser")
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Fivechat", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fault.Bad("origin", "passkeys need a host with a name, over HTTPS, or localhost")
	}
	return party, nil
}

// user is a person as the library sees one. A device keeps the handle: it names the person and no address.
type user struct {
	id          id.Person
	name, email string
	credentials []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return fmt.Appendf(nil, "person:%d", u.id) }
func (u user) WebAuthnName() string                       { return u.email }
func (u user) WebAuthnDisplayName() string                { return u.name }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

func userOf(p accounts.Person, keys []accounts.Passkey) (user, error) {
	u := user{id: p.ID, name: p.Name, email: p.Email}
	for _, k := range keys {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Credential, &c); err != nil {
			return u, fmt.Errorf("passkey %d: %w", k.ID, err)
		}
		u.credentials = append(u.credentials, c)
	}
	return u, nil
}

// BeginCreation implements accounts.WebAuthn.
func (WebAuthn) BeginCreation(
	origin string, p accounts.Person, keys []accounts.Passkey,
) (options json.RawMessage, state string, err error) {
	party, err := relyingParty(origin)
	if err != nil {
		return nil, "", err
	}
	u, err := userOf(p, keys)
	if err != nil {
		return nil, "", err
	}
	creation, session, err := party.BeginRegistration(
		u, webauthn.WithExclusions(webauthn.Credentials(u.credentials).CredentialDescriptors()),
	)
	if err != nil {
		return nil, "", err
	}
	return begun(creation.Response, session)
}

// begun returns the options and the state of a ceremony.
func begun(options any, session *webauthn.SessionData) (json.RawMessage, string, error) {
	o, err := json.Marshal(options)
	if err != nil {
		return nil, "", err
	}
	state, err := json.Marshal(session)
	return o, string(state), err
}

// invalid is the refusal of a response that proves nothing.
func invalid(cause error) error { return errors.Join(accounts.ErrPasskey(), cause) }

// FinishCreation implements accounts.WebAuthn.
func (WebAuthn) FinishCreation(
	origin, state string, p accounts.Person, response json.RawMessage,
) (credentialID, credential []byte, err error) {
	party, err := relyingParty(origin)
	if err != nil {
		return nil, nil, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(state), &session); err != nil {
		return nil, nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, nil, invalid(err)
	}
	created, err := party.CreateCredential(user{id: p.ID, name: p.Name, email: p.Email}, session, parsed)
	if err != nil {
		return nil, nil, invalid(err)
	}
	credential, err = json.Marshal(created)
	return created.ID, credential, err
}

// BeginSignIn implements accounts.WebAuthn.
func (WebAuthn) BeginSignIn(origin string) (options json.RawMessage, state string, err error) {
	party, err := relyingParty(origin)
	if err != nil {
		return nil, "", err
	}
	assertion, session, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, "", err
	}
	return begun(assertion.Response, session)
}

// FinishSignIn implements accounts.WebAuthn. A signature counter that went back means a copied passkey: it is refused.
func (WebAuthn) FinishSignIn(
	origin, state string, response json.RawMessage, find func(credentialID []byte) (accounts.Passkey, error),
) (accounts.Passkey, error) {
	party, err := relyingParty(origin)
	if err != nil {
		return accounts.Passkey{}, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(state), &session); err != nil {
		return accounts.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return accounts.Passkey{}, invalid(err)
	}
	key, err := find(parsed.RawID)
	if err != nil {
		return accounts.Passkey{}, err
	}
	owner, err := userOf(accounts.Person{ID: key.PersonID}, []accounts.Passkey{key})
	if err != nil {
		return accounts.Passkey{}, err
	}
	handler := func(_, handle []byte) (webauthn.User, error) {
		if string(handle) != string(owner.WebAuthnID()) {
			return nil, errors.New("the passkey is another person's")
		}
		return owner, nil
	}
	_, used, err := party.ValidatePasskeyLogin(handler, session, parsed)
	if err == nil && used.Authenticator.CloneWarning {
		err = errors.New("its signature counter went back")
	}
	if err != nil {
		return accounts.Passkey{}, invalid(err)
	}
	key.Credential, err = json.Marshal(used)
	return key, err
}
