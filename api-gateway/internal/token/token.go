// Package token resolves the bearer of a request to the Principal that its API token stands for.
package token

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/memo"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/tenant"
)

// Cache is the name under which accounts says which token to forget; the key is the hash, in hex.
const Cache = "token"

// bounds: a revocation that nobody hears of takes effect after KnownFor.
var bounds = memo.Bounds{Known: 65_536, KnownFor: 5 * time.Second, Unknown: 8_192, UnknownFor: 2 * time.Second}

// Resolver knows API tokens.
type Resolver struct{ memo *memo.Memo }

// New makes a Resolver that asks accounts.
func New(accounts *httpkit.Client, registry prometheus.Registerer) (*Resolver, error) {
	m, err := memo.New("token", bounds, registry, func(ctx context.Context, hash string) (identity.Principal, error) {
		t, err := httpkit.Call[resolved](ctx, accounts, tenant.ID{}, http.MethodGet, "/internal/tokens/"+hash, nil)
		return identity.Principal{
			Kind: identity.Token, Website: t.WebsiteID, Level: t.Level, Plan: t.Plan, TokenID: t.TokenID,
		}, err
	})
	return &Resolver{m}, err
}

type resolved struct {
	WebsiteID tenant.ID      `json:"websiteId"`
	TokenID   int64          `json:"tokenId"`
	Level     identity.Level `json:"level"`
	Plan      identity.Plan  `json:"plan"`
}

// Resolve gives the Principal of a request's bearer, or an Unauthenticated fault: token_missing where there is none,
// token_invalid for one that is malformed, unknown or revoked.
func (r *Resolver) Resolve(ctx context.Context, h http.Header) (identity.Principal, error) {
	secret, err := Bearer(h)
	if err != nil {
		return identity.Principal{}, err
	}
	if !identity.WellFormed(secret) {
		return identity.Principal{}, Invalid()
	}
	p, err := r.memo.Get(ctx, identity.HashSecret(secret))
	if fault.Is(err, fault.NotFound) {
		return identity.Principal{}, Invalid()
	}
	return p, err
}

// Forget drops the token of a hash; every token for "".
func (r *Resolver) Forget(hash string) {
	if hash == "" {
		r.memo.Clear()
		return
	}
	r.memo.Drop(hash)
}

// Bearer gives the secret of the one Authorization header, whose scheme must be Bearer in any case.
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

// Invalid is the refusal of a bearer that stands for nobody.
func Invalid() error {
	return fault.New(fault.Unauthenticated, "the token is malformed, unknown or revoked")
}

func missing(message string) error {
	return fault.Coded(fault.Unauthenticated, "token_missing", message)
}
