// Package visitor resolves the header x-visitor-id to the Principal that its visitor token stands for.
package visitor

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/memo"
	"fivechat.dev/api-gateway/internal/token"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/tenant"
)

// Header carries the visitor token.
const Header = "X-Visitor-Id"

// field is how a refusal names the header.
const field = "x-visitor-id"

// bounds: asking also marks the visitor as seen, so KnownFor must stay well under the minute for which somebody who
// was seen counts as online.
var bounds = memo.Bounds{Known: 65_536, KnownFor: 10 * time.Second, Unknown: 8_192, UnknownFor: 2 * time.Second}

// Resolver knows visitor tokens.
type Resolver struct {
	memo     *memo.Memo[identity.Principal]
	throttle token.Throttle
}

// New makes a Resolver that asks visitors. throttle counts the tokens that are unknown, by address.
func New(visitors *httpkit.Client, throttle token.Throttle, lookups *prometheus.CounterVec) (*Resolver, error) {
	m, err := memo.New("visitor", bounds, lookups, func(ctx context.Context, token string) (identity.Principal, time.Time, error) {
		v, err := httpkit.Call[resolved](ctx, visitors, tenant.ID{}, http.MethodGet, "/internal/visitor-tokens/"+token, nil)
		return identity.Principal{Kind: identity.Visitor, Website: v.WebsiteID, VisitorID: v.VisitorID}, time.Time{}, err
	})
	return &Resolver{m, throttle}, err
}

type resolved struct {
	WebsiteID tenant.ID `json:"websiteId"`
	VisitorID int64     `json:"visitorId"`
}

// form is what a token may be made of, which makes it safe as a segment of a path.
var form = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// Resolve returns the Principal of a request's visitor token. Its error is Invalid if there is none, Unauthenticated
// (visitor_unknown) if it is malformed or unknown, and Limited if the address brought too many of those. A token that was
// known when it was last looked up is not refused for the failures of others at its address.
func (r *Resolver) Resolve(ctx context.Context, h http.Header, address string) (identity.Principal, error) {
	values := h.Values(Header)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return identity.Principal{}, fault.Bad(field, "is required")
	}
	if len(values) > 1 || !form.MatchString(values[0]) {
		return identity.Principal{}, r.throttle.Failed(ctx, address, "", unknown())
	}
	if !r.memo.Knows(values[0]) {
		if err := r.throttle.Guessing(address, ""); err != nil {
			return identity.Principal{}, err
		}
	}
	p, err := r.memo.Get(ctx, values[0])
	if fault.Is(err, fault.NotFound) {
		return identity.Principal{}, r.throttle.Failed(ctx, address, "", unknown())
	}
	return p, err
}

// AsInput turns the refusal of an unknown visitor into one of bad input, for operations where the header is that.
func AsInput(err error) error {
	if fault.Is(err, fault.Unauthenticated) {
		return fault.Bad(field, "is not a visitor's token")
	}
	return err
}

// Forget drops every visitor.
func (r *Resolver) Forget() { r.memo.ExpireAll() }

// ForgetWebsite drops the visitors of a website.
func (r *Resolver) ForgetWebsite(t tenant.ID) {
	r.memo.DropWhere(func(p identity.Principal) bool { return p.Website == t })
}

func unknown() error {
	return fault.Coded(fault.Unauthenticated, "visitor_unknown", "the visitor is not known")
}
