// Package visitor resolves the header x-visitor-id to the Principal of its visitor token, and checks the header
// x-visitor-secret, which proves that the caller is that visitor. API tokens with READ can list visitor tokens, but not
// secrets.
//
// Begin with Resolver.Resolve (token only) and Resolver.Prove (token and secret). Results are cached for seconds. What
// the visitor may do is decided in package edge.
package visitor

import (
	"context"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/lookupcache"
	"fivechat.dev/api-gateway/internal/token"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/publictoken"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Header carries the visitor token, SecretHeader the visitor's secret.
const (
	Header       = "X-Visitor-Id"
	SecretHeader = "X-Visitor-Secret"
)

// field is how a refusal names Header.
const field = "x-visitor-id"

// Cache is the cache's name in the announcements of visitors; their key is the visitor token.
const Cache = "visitor"

// bounds: a lookup also marks the visitor as seen. So KnownFor must be well under the minute for which a visitor counts
// as online.
var bounds = lookupcache.Bounds{Known: 65_536, KnownFor: 10 * time.Second, Unknown: 8_192, UnknownFor: 2 * time.Second}

// withoutSecretFor is how long a visitor without a secret, or one that must be verified first, is cached. When a secret
// is issued, the token alone must stop working within a second, and a verified visitor must work by then.
const withoutSecretFor = 900 * time.Millisecond

// known is the cached data of a visitor token.
type known struct {
	identity.Principal
	isRefused  bool   // the website serves verified visitors only
	secretHash string // "" for a visitor of the version before secrets, whose token alone is the credential
}

// Resolver resolves visitor tokens.
type Resolver struct {
	lookups  *lookupcache.Cache[known]
	throttle token.Throttle

	mu      sync.Mutex
	streams map[string]map[*func()]bool // by visitor token: what ends them
}

// New makes a Resolver that asks the visitors service. throttle counts failed tokens and secrets by address.
func New(visitors *httpkit.Client, throttle token.Throttle, lookups *prometheus.CounterVec) (*Resolver, error) {
	m, err := lookupcache.New(
		Cache, bounds, lookups,
		func(ctx context.Context, token string) (known, time.Time, error) {
			asked := time.Now()
			v, err := httpkit.Call[resolved](
				ctx, visitors, tenant.ID{}, http.MethodGet, "/internal/visitor-tokens/"+token, nil,
			)
			var until time.Time
			if v.SecretHash == "" || v.IsRefused {
				until = asked.Add(withoutSecretFor)
			}
			return known{
				identity.Principal{
					Kind: identity.Visitor, Website: v.WebsiteID, VisitorID: v.VisitorID, IsBlocked: v.IsBlocked,
				},
				v.IsRefused,
				v.SecretHash,
			}, until, err
		},
	)
	return &Resolver{lookups: m, throttle: throttle, streams: map[string]map[*func()]bool{}}, err
}

type resolved struct {
	WebsiteID  tenant.ID  `json:"websiteId"`
	VisitorID  id.Visitor `json:"visitorId"`
	SecretHash string     `json:"secretHash"` // empty also from a visitors service of the version before secrets
	IsRefused  bool       `json:"identityRequired"`
	IsBlocked  bool       `json:"blocked"`
}

// Resolve returns the Principal of a request's visitor token. Its error is Invalid for a missing token, Unauthenticated
// (visitor_unknown) for one that is malformed or unknown, and Limited after too many of those from an address.
func (r *Resolver) Resolve(ctx context.Context, h http.Header, address string) (identity.Principal, error) {
	k, err := r.find(ctx, h, address)
	return k.Principal, err
}

var (
	errSecretMissing = fault.Coded(
		fault.Unauthenticated, "visitor_secret_missing",
		"this operation needs the visitor's secret in the header x-visitor-secret",
	)
	errIdentityRequired = fault.Coded(
		fault.Forbidden, "identity_required",
		"this website serves verified visitors only: start a session with a token that its backend has signed",
	)
	errSecretInvalid = fault.Coded(
		fault.Unauthenticated, "visitor_secret_invalid", "the visitor's secret is not the one that was issued",
	)
)

// Prove is Resolve for operations that also require the visitor's secret. A request without it gets Unauthenticated,
// visitor_secret_missing or visitor_secret_invalid.
func (r *Resolver) Prove(ctx context.Context, h http.Header, address string) (identity.Principal, error) {
	k, err := r.find(ctx, h, address)
	if err != nil || k.secretHash == "" {
		return k.Principal, err
	}
	values := h.Values(SecretHeader)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return identity.Principal{}, r.throttle.Failed(ctx, address, "", errSecretMissing)
	}
	if len(values) == 1 && k.proves(values[0]) {
		return k.Principal, nil
	}
	// The visitors service may have replaced the secret since the lookup.
	if r.throttle.Guessing(address, "") == nil {
		r.lookups.Drop(h.Get(Header))
		if k, err = r.find(ctx, h, address); err != nil {
			return k.Principal, err
		}
	}
	if len(values) == 1 && k.proves(values[0]) {
		return k.Principal, nil
	}
	return identity.Principal{}, r.throttle.Failed(ctx, address, "", errSecretInvalid)
}

// proves reports whether a secret is the visitor's.
func (k known) proves(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(identity.HashSecret(secret)), []byte(k.secretHash)) == 1
}

// Watch calls end when a visitor token has changed, for example its secret, until stop is called. end must not block.
func (r *Resolver) Watch(h http.Header, end func()) (stop func()) {
	key := h.Get(Header)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.streams[key] == nil {
		r.streams[key] = map[*func()]bool{}
	}
	r.streams[key][&end] = true
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if delete(r.streams[key], &end); len(r.streams[key]) == 0 {
			delete(r.streams, key)
		}
	}
}

// ForgetToken drops a visitor token, and ends the streams that it opened.
func (r *Resolver) ForgetToken(key string) {
	r.lookups.Drop(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	for end := range r.streams[key] {
		(*end)()
	}
}

// find returns the data of a request's visitor token.
func (r *Resolver) find(ctx context.Context, h http.Header, address string) (known, error) {
	values := h.Values(Header)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return known{}, fault.Bad(field, "is required")
	}
	if len(values) > 1 || !publictoken.WellFormed(values[0]) {
		return known{}, r.throttle.Failed(ctx, address, "", unknown())
	}
	k, err := token.Find(ctx, r.lookups, r.throttle, values[0], address, "", unknown)
	if err == nil && k.isRefused {
		err = errIdentityRequired
	}
	return k, err
}

func unknown() error {
	return fault.Coded(fault.Unauthenticated, "visitor_unknown", "the visitor is not known")
}

// AsInput converts the refusal of an unknown visitor into one of invalid input, for operations where the header is part
// of the input.
func AsInput(err error) error {
	if fault.Is(err, fault.Unauthenticated) {
		return fault.Bad(field, "is not a visitor's token")
	}
	return err
}

// Forget drops every visitor.
func (r *Resolver) Forget() { r.lookups.ExpireAll() }

// ForgetWebsite drops the visitors of a website.
func (r *Resolver) ForgetWebsite(t tenant.ID) {
	r.lookups.DropWhere(func(k known) bool { return k.Website == t })
}
