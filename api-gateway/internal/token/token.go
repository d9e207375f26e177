// Package token resolves the bearer of a request to the Principal of its API token.
//
// Begin with Resolver.Resolve. It asks the accounts service and caches the result for seconds; accounts announces
// revocations. Failed tokens are counted (Throttle), and a token that was valid at its last lookup isn't blocked by
// others' failures. What the Principal may do is decided in package edge.
package token

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/lookupcache"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Cache is the cache's name in the announcements of accounts; their key is the token's hash in hex.
const Cache = "token"

// bounds: a revocation whose announcement is lost takes effect after KnownFor.
var bounds = lookupcache.Bounds{Known: 65_536, KnownFor: 5 * time.Second, Unknown: 8_192, UnknownFor: 2 * time.Second}

// Throttle slows down guessing. Failures are counted by address, and by address and token prefix.
type Throttle interface {
	// Guessing returns an error if too many credentials from the address have failed.
	Guessing(address, prefix string) error
	// Failed counts a failure, and returns its refusal: the given one, or that of Guessing.
	Failed(ctx context.Context, address, prefix string, refusal error) error
}

// prefixLength is the length of a token's prefix, which identifies the token to people and is no secret.
const prefixLength = 8

// Beginning returns the prefix of the API token of a request. It returns "" if the credential doesn't have the form of
// a token, since it may then be anything.
func Beginning(h http.Header) string {
	secret, err := Bearer(h)
	if err != nil || !identity.WellFormed(secret) {
		return ""
	}
	return secret[:prefixLength]
}

// Resolver resolves API tokens.
type Resolver struct {
	lookups  *lookupcache.Cache[identity.Principal]
	throttle Throttle
}

// New makes a Resolver that asks accounts.
func New(accounts *httpkit.Client, throttle Throttle, lookups *prometheus.CounterVec) (*Resolver, error) {
	m, err := lookupcache.New(
		Cache, bounds, lookups,
		func(ctx context.Context, hash string) (identity.Principal, time.Time, error) {
			t, err := httpkit.Call[resolved](ctx, accounts, tenant.ID{}, http.MethodGet, "/internal/tokens/"+hash, nil)
			return identity.Principal{
				Kind:    identity.Token,
				Website: t.WebsiteID,
				Level:   t.Level,
				Plan:    t.Plan,
				TokenID: t.TokenID,
			}, t.ExpiresAt, err
		},
	)
	return &Resolver{m, throttle}, err
}

type resolved struct {
	WebsiteID tenant.ID      `json:"websiteId"`
	TokenID   id.Token       `json:"tokenId"`
	Level     identity.Level `json:"level"`
	Plan      identity.Plan  `json:"plan"`
	ExpiresAt time.Time      `json:"expiresAt"` // zero for never
}

// Resolve returns the Principal of the bearer of a request from an address. Its error is an Unauthenticated fault:
// token_missing without a bearer, token_invalid for one that is malformed, unknown or revoked. It is Limited after too
// many failures. A token that was valid at its last lookup isn't blocked by the failures of others.
func (r *Resolver) Resolve(ctx context.Context, h http.Header, address string) (identity.Principal, error) {
	secret, err := Bearer(h)
	if err != nil {
		return identity.Principal{}, err
	}
	if !identity.WellFormed(secret) {
		return identity.Principal{}, Failed(ctx, r.throttle, address, "")
	}
	return Find(ctx, r.lookups, r.throttle, identity.HashSecret(secret), address, secret[:prefixLength], invalid)
}

// Find returns the value of a credential's key. If the key is unknown, it counts a failure of the address and the
// prefix, and returns its refusal: that of refuse, or of Guessing. A key that was known at its last lookup isn't
// blocked by the failures of others.
func Find[V any](
	ctx context.Context, lookups *lookupcache.Cache[V], t Throttle, key, address, prefix string, refuse func() error,
) (V, error) {
	v, err, remembered := lookups.Have(key)
	if !remembered {
		if !lookups.Knows(key) {
			if err := t.Guessing(address, prefix); err != nil {
				return v, err
			}
		}
		v, err = lookups.Get(ctx, key)
	}
	if fault.Is(err, fault.NotFound) {
		var none V
		return none, t.Failed(ctx, address, prefix, refuse())
	}
	return v, err
}

// invalid is the refusal of a token.
func invalid() error {
	return fault.New(fault.Unauthenticated, "the token is malformed, unknown or revoked")
}

// Failed counts a failed token, and returns its refusal.
func Failed(ctx context.Context, t Throttle, address, prefix string) error {
	return t.Failed(ctx, address, prefix, invalid())
}

// Forget drops the token of a hash, or every token for "".
func (r *Resolver) Forget(hash string) {
	if hash == "" {
		r.lookups.ExpireAll()
		return
	}
	r.lookups.Drop(hash)
}

// ForgetWebsite drops the tokens of a website.
func (r *Resolver) ForgetWebsite(t tenant.ID) {
	r.lookups.DropWhere(func(p identity.Principal) bool { return p.Website == t })
}

// Bearer returns the secret of the only Authorization header. Its scheme must be Bearer, in any case of letters.
func Bearer(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) > 1 {
		return "", missing("there must be one Authorization header")
	}
	var scheme, secret string
	if len(values) == 1 {
		scheme, secret, _ = strings.Cut(values[0], " ")
	}
	if secret = strings.Trim(secret, " \t"); !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return "", missing("this operation needs the header Authorization: Bearer <token>")
	}
	return secret, nil
}

func missing(message string) error {
	return fault.Coded(fault.Unauthenticated, "token_missing", message)
}
