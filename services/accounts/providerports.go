package accounts

import (
	"context"
	"errors"
	"time"

	"fivechat.dev/libs/kernel/id"
)

// Providers talks to the identity providers of the settings. Errors are faults: NotFound for an unknown provider,
// Unavailable with the code provider_unavailable for one that can't be reached or is too slow, and Unauthenticated with
// the code provider_response_invalid for a response that isn't valid.
type Providers interface {
	// List returns the providers in the order of the settings. Provider returns one.
	List() []Provider
	Provider(id string) (Provider, error)
	// Begin returns the address at the provider where the person signs in.
	Begin(ctx context.Context, provider string, a Authorization) (string, error)
	// Exchange returns what the provider gives for the code of an authorization. Its ID token is verified.
	Exchange(ctx context.Context, provider, code string, a Authorization) (Tokens, error)
	// Refresh uses a refresh token and returns the next one, which may be the same. The error is ErrSignOnEnded if the
	// provider has ended the session or disabled the person.
	Refresh(ctx context.Context, provider, refresh string) (string, error)
	// Logout verifies a logout token. The error is Invalid if it isn't valid.
	Logout(ctx context.Context, provider, token string) (LogoutNotice, error)
	// EndSession returns the address where the browser ends the session at the provider, "" if there is none.
	EndSession(ctx context.Context, provider, idToken string) (string, error)
}

// ErrSignOnEnded is the error of using a refresh token that the provider doesn't accept any more.
var ErrSignOnEnded = errors.New("the identity provider has ended the session")

// Authorization has the secrets of one sign-in at a provider. Only its state is in an address; Nonce comes back in the
// ID token, and Verifier (PKCE) proves that the code is redeemed by its recipient.
type Authorization struct {
	State, Nonce, Verifier string
}

// Tokens are a provider's response to a code.
type Tokens struct {
	Claims  map[string]any // of the verified ID token, and of the userinfo endpoint
	IDToken string
	Refresh string // "" if the provider issues none
}

// LogoutNotice is a verified logout token (OpenID Connect Back-Channel Logout).
type LogoutNotice struct {
	ID      string // its jti
	Subject string // "" if the token names a session only
	Session string // the sid; "" for all sessions of the subject
	Expires time.Time
}

// Used is a value that is accepted once. It is remembered until it is refused anyway.
type Used struct {
	ID        string    `bson:"_id"`
	ExpiresAt time.Time `bson:"expiresAt"`
}

// Account is what the first sign-in at a provider creates.
type Account struct {
	Person      Person
	Joins       []Join
	Identity    Identity
	Invitations []id.Invitation // which are accepted by it
}

// SignOnStore stores the identities of persons and the sign-ons of sessions. Errors are faults: NotFound, Conflict if
// another request was faster, Unavailable.
type SignOnStore interface {
	// Use remembers a value. The error is Conflict if it has been used.
	Use(ctx context.Context, u Used) error
	// Identity returns the identity of an id.
	Identity(ctx context.Context, id string) (Identity, error)
	// LinkIdentity links an identity to a person who exists. If it is their first one, it removes their password, second
	// factor and passkeys, and all their sessions, and returns these.
	LinkIdentity(ctx context.Context, i Identity) (ended []Session, err error)
	// InvitationsTo returns the open invitations to an e-mail address that name a website.
	InvitationsTo(ctx context.Context, email string, now time.Time) ([]Invitation, error)
	// AddAccount stores a person with memberships and identity, and removes the invitations.
	AddAccount(ctx context.Context, a Account) error
	// ClaimCheck stores that the sign-on of a session is checked at now. It reports whether the caller is the one that
	// checks it: that none has since the time before.
	ClaimCheck(ctx context.Context, session id.Session, before, now time.Time) (bool, error)
	// SaveSignOn changes the sign-on of a session. change may run more than once.
	SaveSignOn(ctx context.Context, session id.Session, change func(SignOn) (SignOn, error)) error
	// EndSignOns removes the sessions of an identity that began in a session of the provider, or all for "", and
	// remembers the value that asked for it. Without an identity, it removes those of the session of the provider.
	EndSignOns(ctx context.Context, u Used, identity, providerSession string) (ended []Session, err error)
}
