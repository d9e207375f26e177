// Package visitor resolves the header x-visitor-id to the Principal that its visitor token stands for.
package visitor

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/memo"
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
	memo *memo.Memo[identity.Principal]
}

// New makes a Resolver that asks visitors.
func New(visitors *httpkit.Client, lookups *prometheus.CounterVec) (*Resolver, error) {
	m, err := memo.New("visitor", bounds, lookups, func(ctx context.Context, token string) (identity.Principal, time.Time, error) {
		v, err := httpkit.Call[resolved](ctx, visitors, tenant.ID{}, http.MethodGet, "/internal/visitor-tokens/"+token, nil)
		return identity.Principal{Kind: identity.Visitor, Website: v.WebsiteID, VisitorID: v.VisitorID}, time.Time{}, err
	})
	return &Resolver{m}, err
}

type resolved struct {
	WebsiteID tenant.ID `json:"websiteId"`
	VisitorID int64     `json:"visitorId"`
}

// form is what a token may be made of, which makes it safe as a segment of a path.
var form = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// Resolve gives the Principal of a request's visitor token. Its error is Invalid where there is none, and
// Unauthenticated, visitor_unknown, for one that is malformed or nobody's.
func (r *Resolver) Resolve(ctx context.Context, h http.Header, _ string) (identity.Principal, error) {
	values := h.Values(Header)
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return identity.Principal{}, fault.Bad(field, "is required")
	}
	if len(values) > 1 || !form.MatchString(values[0]) {
		return identity.Principal{}, unknown()
	}
	p, err := r.memo.Get(ctx, values[0])
	if fault.Is(err, fault.NotFound) {
		return identity.Principal{}, unknown()
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
