package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"fivechat.dev/services/accounts"
)

// Bounds of the calls to a provider.
const (
	timeout  = 5 * time.Second // of all calls for one request
	inFlight = 16              // requests in progress of each kind
)

// kind is a kind of requests that have places of their own, so that anonymous sign-ins can't stop the checks of
// sessions.
type kind int

const (
	signIns kind = iota
	checks
	logouts
	kinds
)

// How long metadata is used, and how long a failure to get it is remembered.
const (
	metadataFor = time.Hour
	failedFor   = 5 * time.Second
)

// client is a provider with what is known of it.
type client struct {
	provider    accounts.Provider
	settings    settings
	redirectURL string
	http        *http.Client
	now         func() time.Time
	places      [kinds]chan struct{}
	found       atomic.Pointer[found]
	flight      singleflight.Group
}

// metadata is what discovery finds.
type metadata struct {
	provider *goidc.Provider
	verifier *goidc.IDTokenVerifier
	endpoint oauth2.Endpoint

	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	UserInfo      string   `json:"userinfo_endpoint"`
	EndSession    string   `json:"end_session_endpoint"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
}

// found is metadata, or why there is none.
type found struct {
	*metadata
	err error
	at  time.Time
}

func newClient(s settings, publicURL string, now func() time.Time) *client {
	c := &client{
		provider: s.provider(), settings: s, redirectURL: publicURL + "/auth/oidc/" + s.ID + "/callback",
		http: newHTTPClient(), now: now,
	}
	for k := range c.places {
		c.places[k] = make(chan struct{}, inFlight)
	}
	return c
}

// oauth returns the client of the code flow.
func (c *client) oauth(m *metadata, secret string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: c.settings.ClientID, ClientSecret: secret, Endpoint: m.endpoint, RedirectURL: c.redirectURL,
		Scopes: c.settings.Scopes,
	}
}

// discover returns the provider's metadata. Concurrent callers share one request, which a caller that gives up doesn't
// cancel.
func (c *client) discover(ctx context.Context) (*metadata, error) {
	if f := c.found.Load(); f != nil {
		age := time.Since(f.at)
		if f.err == nil && age < metadataFor || f.err != nil && age < failedFor {
			return f.metadata, f.err
		}
	}
	result := c.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		m, err := c.ask(ctx)
		c.found.Store(&found{m, err, time.Now()})
		return m, err
	})
	select {
	case <-ctx.Done():
		return nil, away(ctx.Err())
	case r := <-result:
		return r.Val.(*metadata), r.Err
	}
}

// ask requests the metadata. The issuer in it must be the one of the settings.
func (c *client) ask(ctx context.Context) (*metadata, error) {
	provider, err := goidc.NewProvider(goidc.ClientContext(ctx, c.http), c.provider.Issuer)
	var mismatch *goidc.IssuerMismatchError
	if errors.As(err, &mismatch) {
		return nil, invalid(err)
	}
	if err != nil {
		return nil, away(err)
	}
	m := &metadata{provider: provider}
	if err := provider.Claims(m); err != nil {
		return nil, invalid(err)
	}
	if m.Authorization == "" || m.Token == "" || m.Keys == "" {
		return nil, invalid(errors.New("discovery: an endpoint is missing"))
	}
	for _, endpoint := range []string{m.Authorization, m.Token, m.Keys, m.UserInfo, m.EndSession} {
		if err := secure(endpoint); endpoint != "" && err != nil {
			return nil, invalid(fmt.Errorf("discovery: %w", err))
		}
	}
	// Allowing a token that has been expired for as long as the clocks may differ.
	now := func() time.Time { return c.now().Add(-skew) }
	m.verifier = provider.VerifierContext(
		goidc.ClientContext(context.WithoutCancel(ctx), c.http), &goidc.Config{ClientID: c.settings.ClientID, Now: now},
	)
	m.endpoint = provider.Endpoint()
	m.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	takesBasic := len(m.AuthMethods) == 0 || slices.Contains(m.AuthMethods, "client_secret_basic")
	if c.settings.ClientAuth == post || c.settings.ClientAuth == "" && !takesBasic {
		m.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return m, nil
}

// secure refuses addresses that aren't https, unless they are of this machine.
func secure(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("%q isn't a URL", address)
	}
	if u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return fmt.Errorf("%q must be an https address: http is for this machine only", address)
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
