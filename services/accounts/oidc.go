package accounts

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/timestamp"
)

// SignOns has the use cases of signing in at identity providers (OpenID Connect). The rest of a session is the same as
// with a password: see People.
//
//	browser          Fivechat                        provider
//	   │── Begin ───────►│ state, nonce, verifier
//	   │◄─ cookie, 302 ──│  sealed in the cookie
//	   │── signs in ──────────────────────────────────►│
//	   │◄─ 302, code and state ────────────────────────│
//	   │── Finish ──────►│ state = cookie's, unused     │
//	   │                 │── code, verifier ───────────►│
//	   │                 │◄─ ID token: nonce, claims ───│
//	   │◄─ session, 302 ─│
type SignOns struct {
	people    *People
	store     SignOnStore
	providers Providers
	sealer    Sealer
	report    func(ctx context.Context, provider string, err error)
	now       func() time.Time
}

// NewSignOns returns a SignOns over its ports. report gets the failures that a person can't correct. now is the
// clock.
func NewSignOns(
	people *People, store SignOnStore, providers Providers, sealer Sealer,
	report func(ctx context.Context, provider string, err error), now func() time.Time,
) *SignOns {
	return &SignOns{people, store, providers, sealer, report, timestamp.Clock(now)}
}

// StartedFor is how long a person may take to sign in at the provider.
const StartedFor = 10 * time.Minute

// Bounds in bytes of what a provider gives. A longer ID token isn't kept, so that the address of its sign-out page
// stays short.
const (
	maxRefresh = 8 << 10
	maxIDToken = 4 << 10
)

// started is a sign-in that a browser has begun, as its cookie has it.
type started struct {
	Provider  string        `json:"provider"`
	Return    string        `json:"return"` // a view of the console
	Secrets   Authorization `json:"secrets"`
	ExpiresAt time.Time     `json:"expiresAt"`
}

// startedContext is the context in which the cookie is sealed.
const startedContext = "sign-in at a provider"

// viewForm is the form of a view of the console, the path in the fragment of its address.
var viewForm = regexp.MustCompile(`^(/[A-Za-z0-9_-]+){0,8}$`)

// maxView bounds a view in bytes.
const maxView = 200

// Providers returns the providers in the order of the settings.
func (o *SignOns) Providers() []Provider { return o.providers.List() }

// SignUpMode returns the installation's mode of signing up.
func (o *SignOns) SignUpMode() SignUp { return o.people.SignUpMode() }

// Begin starts a sign-in that returns to a view of the console. It returns the address at the provider, and the secret
// that the browser must present at the end.
func (o *SignOns) Begin(ctx context.Context, provider, view string) (address, secret string, err error) {
	if !viewForm.MatchString(view) || len(view) > maxView {
		return "", "", fault.Bad("return", "must be a view of the console, like /inbox")
	}
	if _, err := o.providers.Provider(provider); err != nil {
		return "", "", err
	}
	s := started{
		Provider: provider, Return: view, ExpiresAt: o.now().Add(StartedFor),
		Secrets: Authorization{
			State: identity.NewSessionSecret(), Nonce: identity.NewSessionSecret(), Verifier: identity.NewSessionSecret(),
		},
	}
	if address, err = o.providers.Begin(ctx, provider, s.Secrets); err != nil {
		o.report(ctx, provider, err)
		return "", "", err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return "", "", fmt.Errorf("accounts: encode a sign-in: %w", err)
	}
	secret, err = o.sealer.Seal(string(text), startedContext)
	return address, secret, err
}

// Returned is what the provider's redirect brings: a code, or an error.
type Returned struct {
	State, Code, Error string
}

// Finish ends a sign-in and starts a session. secret is that of Begin. It returns the view to return to.
// The errors have codes that the console explains.
func (o *SignOns) Finish(
	ctx context.Context, provider, secret string, r Returned, d Device, by By,
) (secrets Secrets, view string, err error) {
	p, err := o.providers.Provider(provider)
	if err != nil {
		return Secrets{}, "", err
	}
	s, err := o.started(ctx, provider, secret, r.State)
	if err != nil {
		return Secrets{}, "", err
	}
	if r.Error != "" || r.Code == "" {
		return Secrets{}, "", fault.Coded(
			fault.Unauthenticated, "sign_in_denied", "the identity provider didn't let the person sign in",
		)
	}
	tokens, err := o.providers.Exchange(ctx, provider, r.Code, s.Secrets)
	if err != nil {
		o.report(ctx, provider, err)
		return Secrets{}, "", err
	}
	f, err := p.facts(tokens.Claims)
	if err != nil {
		o.report(ctx, provider, err)
		return Secrets{}, "", err
	}
	person, err := o.person(ctx, p, f, by)
	if err != nil {
		return Secrets{}, "", err
	}
	if person.Disabled {
		return Secrets{}, "", fault.Coded(fault.Forbidden, "account_disabled", "the operator has disabled this account")
	}
	if d.SignOn, err = o.signOn(p, f, tokens); err != nil {
		return Secrets{}, "", err
	}
	_, secrets, err = o.people.begin(ctx, person, d, by)
	return secrets, s.Return, err
}

// started returns the sign-in of a browser's secret and the state of the redirect. It returns each one once.
func (o *SignOns) started(ctx context.Context, provider, secret, state string) (s started, err error) {
	wrong := fault.Coded(fault.Unauthenticated, "sign_in_expired", "the sign-in took too long, or began elsewhere")
	if secret == "" {
		return s, wrong
	}
	text, err := o.sealer.Open(secret, startedContext)
	if err != nil {
		return s, wrong
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, wrong
	}
	matches := subtle.ConstantTimeCompare([]byte(state), []byte(s.Secrets.State)) == 1
	if !matches || s.Provider != provider || !o.now().Before(s.ExpiresAt) {
		return s, wrong
	}
	err = o.store.Use(ctx, Used{"state:" + identity.HashSecret(state), s.ExpiresAt})
	if fault.Is(err, fault.Conflict) {
		return s, wrong
	}
	return s, err
}

// signOn returns the provider's part of the new session.
func (o *SignOns) signOn(p Provider, f Facts, t Tokens) (*SignOn, error) {
	s := &SignOn{
		ID: identity.NewSessionSecret(), Provider: p.ID, Identity: identityID(p.Issuer, f.Subject), CheckedAt: o.now(),
	}
	if f.Session != "" {
		s.ProviderSession = identityID(p.Issuer, f.Session)
	}
	if len(t.Refresh) > maxRefresh {
		return nil, errClaims()
	}
	var err error
	if t.Refresh != "" {
		if s.Refresh, err = o.sealer.Seal(t.Refresh, s.context("refresh")); err != nil {
			return nil, err
		}
	}
	if t.IDToken != "" && len(t.IDToken) <= maxIDToken {
		s.IDToken, err = o.sealer.Seal(t.IDToken, s.context("idToken"))
	}
	return s, err
}
