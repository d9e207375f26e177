// Package oidc talks to identity providers by OpenID Connect: the code flow with PKCE, refresh tokens, and both
// logouts.
//
// Begin with New and Providers.Set, which takes the file of settings. Providers implements accounts.Providers. It finds
// a provider's endpoints when they are needed first (discovery).
//
// Invariant: a provider that is unavailable, slow or wrong costs its own sign-ins only. Every call has a deadline,
// responses are bounded in bytes, and the calls in progress with each provider are bounded. Who a person is, and what
// they may do, is decided in package accounts.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/accounts"
)

// skew is how far the clocks of a provider and of this machine may be apart.
const skew = time.Minute

// Providers has the providers of the settings. It is safe for concurrent use.
type Providers struct {
	publicURL string
	now       func() time.Time
	current   atomic.Pointer[[]*client]
}

// New returns Providers without any. publicURL is the address of the gateway, without a slash at the end.
func New(publicURL string, now func() time.Time) *Providers {
	p := &Providers{publicURL: publicURL, now: now}
	p.current.Store(&[]*client{})
	return p
}

// Set replaces the providers by those of a settings file. On an error, the previous ones stay.
func (p *Providers) Set(file []byte) error {
	all, err := parse(file)
	if err != nil {
		return err
	}
	clients := make([]*client, len(all))
	for i, s := range all {
		clients[i] = newClient(s, p.publicURL, p.now)
	}
	p.current.Store(&clients)
	return nil
}

// List implements accounts.Providers.
func (p *Providers) List() []accounts.Provider {
	all := []accounts.Provider{}
	for _, c := range *p.current.Load() {
		all = append(all, c.provider)
	}
	return all
}

// Provider implements accounts.Providers.
func (p *Providers) Provider(id string) (accounts.Provider, error) {
	c, err := p.client(id)
	if err != nil {
		return accounts.Provider{}, err
	}
	return c.provider, nil
}

func (p *Providers) client(id string) (*client, error) {
	all := *p.current.Load()
	i := slices.IndexFunc(all, func(c *client) bool { return c.provider.ID == id })
	if i < 0 {
		return nil, fault.Missing("provider")
	}
	return all[i], nil
}

// Begin implements accounts.Providers.
func (p *Providers) Begin(ctx context.Context, provider string, a accounts.Authorization) (address string, err error) {
	err = p.call(ctx, provider, signIns, func(ctx context.Context, c *client, m *metadata) error {
		options := []oauth2.AuthCodeOption{goidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
		for name, value := range c.settings.Parameters {
			options = append(options, oauth2.SetAuthURLParam(name, value))
		}
		address = c.oauth(m, "").AuthCodeURL(a.State, options...)
		return nil
	})
	return address, err
}

// Exchange implements accounts.Providers.
func (p *Providers) Exchange(
	ctx context.Context, provider, code string, a accounts.Authorization,
) (tokens accounts.Tokens, err error) {
	err = p.call(ctx, provider, signIns, func(ctx context.Context, c *client, m *metadata) error {
		secret, err := c.settings.secret()
		if err != nil {
			return away(err)
		}
		response, err := c.oauth(m, secret).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
		if err != nil {
			return tokenError(err)
		}
		tokens, err = c.verify(ctx, m, response, a.Nonce)
		return err
	})
	return tokens, err
}

// Refresh implements accounts.Providers.
func (p *Providers) Refresh(ctx context.Context, provider, refresh string) (next string, err error) {
	err = p.call(ctx, provider, checks, func(ctx context.Context, c *client, m *metadata) error {
		secret, err := c.settings.secret()
		if err != nil {
			return away(err)
		}
		response, err := c.oauth(m, secret).TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
		var refused *oauth2.RetrieveError
		switch {
		case errors.As(err, &refused) && refused.ErrorCode == "invalid_grant":
			return fmt.Errorf("%w: %s", accounts.ErrSignOnEnded, refused.ErrorCode)
		case err != nil:
			return tokenError(err)
		}
		next = response.RefreshToken
		return nil
	})
	return next, err
}

// EndSession implements accounts.Providers.
func (p *Providers) EndSession(ctx context.Context, provider, idToken string) (address string, err error) {
	c, err := p.client(provider)
	if err != nil || c.settings.PostLogout == "" {
		return "", err
	}
	err = p.call(ctx, provider, signIns, func(_ context.Context, c *client, m *metadata) error {
		if m.EndSession == "" {
			return nil
		}
		u, err := url.Parse(m.EndSession)
		if err != nil {
			return invalid(err)
		}
		q := u.Query()
		q.Set("client_id", c.settings.ClientID)
		q.Set("post_logout_redirect_uri", c.settings.PostLogout)
		if idToken != "" {
			q.Set("id_token_hint", idToken)
		}
		u.RawQuery = q.Encode()
		address = u.String()
		return nil
	})
	return address, err
}

// call runs use with the metadata of a provider, in one of its places and before the deadline.
func (p *Providers) call(
	ctx context.Context, provider string, kind kind, use func(context.Context, *client, *metadata) error,
) error {
	c, err := p.client(provider)
	if err != nil {
		return err
	}
	select {
	case c.places[kind] <- struct{}{}:
		defer func() { <-c.places[kind] }()
	default:
		return away(errors.New("too many calls are in progress"))
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m, err := c.discover(ctx)
	if err != nil {
		return err
	}
	return use(goidc.ClientContext(ctx, c.http), c, m)
}

// away returns the fault of a provider that can't be used now.
func away(cause error) error {
	f := fault.Wrap(fault.Unavailable, "the identity provider can't be reached", cause)
	f.Code = "provider_unavailable"
	return f
}

// invalid returns the fault of a response that isn't valid.
func invalid(cause error) error {
	f := fault.Wrap(fault.Unauthenticated, "the response of the identity provider isn't valid", cause)
	f.Code = "provider_response_invalid"
	return f
}

// tokenError returns the fault of an error of the token endpoint. The provider refuses a code or a client with a status
// of 4xx.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return away(err)
	}
	cause := fmt.Errorf("token endpoint: %s %s", refused.Response.Status, refused.ErrorCode) // its body may have secrets
	status := refused.Response.StatusCode
	if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
		return away(cause)
	}
	return invalid(cause)
}
