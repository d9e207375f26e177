// Package session resolves the session cookie of a request, or its personal access token, and the website that the
// request names, to the Principal of a person.
//
// Begin with Resolver.Member. It asks the accounts service for the person and all their memberships, and caches them
// for seconds; accounts announces sessions that end and memberships that change. A request with a cookie may come from
// another site's page, so CheckOrigin refuses those. What the Principal may do is decided in package edge.
package session

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fivechat.dev/api-gateway/internal/lookupcache"
	"fivechat.dev/api-gateway/internal/token"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
)

// Cache and PersonCache are the names of the cache in the announcements of accounts. Their keys are a session's hash in
// hex, and a person's id.
const (
	Cache       = "session"
	PersonCache = "person"
)

// WebsiteHeader names the website in which a person acts.
const WebsiteHeader = "X-Website-Id"

// secretLength is the length of a session's secret.
const secretLength = 52

// bounds: the end of a session whose announcement is lost takes effect after KnownFor.
var bounds = lookupcache.Bounds{Known: 16_384, KnownFor: 5 * time.Second, Unknown: 8_192, UnknownFor: 2 * time.Second}

// known is the cached data of a session.
type known struct {
	person      identity.Principal // without a website
	memberships map[tenant.ID]identity.Principal
	only        tenant.ID // the website of the only membership
	provenAt    time.Time // when the person last proved who they are
}

// Resolver resolves session cookies.
type Resolver struct {
	lookups  *lookupcache.Cache[known]
	throttle token.Throttle
	origin   *http.CrossOriginProtection
}

// New makes a Resolver that asks accounts. throttle counts failed sessions by address.
func New(accounts *httpkit.Client, throttle token.Throttle, lookups *prometheus.CounterVec) (*Resolver, error) {
	c, err := lookupcache.New(
		Cache, bounds, lookups,
		func(ctx context.Context, hash string) (known, time.Time, error) {
			s, err := httpkit.Call[resolved](ctx, accounts, tenant.ID{}, http.MethodGet, "/internal/sessions/"+hash, nil)
			if err != nil {
				return known{}, time.Time{}, err
			}
			return s.known(), s.ExpiresAt, nil
		},
	)
	return &Resolver{c, throttle, http.NewCrossOriginProtection()}, err
}

type resolved struct {
	SessionID   id.Session   `json:"sessionId"`
	PersonID    id.Person    `json:"personId"`
	ExpiresAt   time.Time    `json:"expiresAt"`
	ProvenAt    time.Time    `json:"provenAt"`
	Memberships []membership `json:"memberships"`
}

type membership struct {
	WebsiteID tenant.ID     `json:"websiteId"`
	Plan      identity.Plan `json:"plan"`
	Role      identity.Role `json:"role"`
	UserID    id.User       `json:"userId"`
}

func (r resolved) known() known {
	k := known{
		person:      identity.Principal{Kind: identity.Person, PersonID: r.PersonID, SessionID: r.SessionID},
		memberships: make(map[tenant.ID]identity.Principal, len(r.Memberships)),
		provenAt:    r.ProvenAt,
	}
	for _, m := range r.Memberships {
		p := k.person
		p.Website, p.Plan, p.Role, p.Level, p.UserID = m.WebsiteID, m.Plan, m.Role, m.Role.Level(), m.UserID
		k.memberships[m.WebsiteID] = p
	}
	if len(r.Memberships) == 1 {
		k.only = r.Memberships[0].WebsiteID
	}
	return k
}

// Has reports whether a request has a session cookie.
func Has(h http.Header) bool {
	_, found := cookie(h, httpkit.SessionCookie)
	return found
}

// HasPersonalToken reports whether the bearer of a request is a personal access token: a session without a cookie,
// which no page of another site can send.
func HasPersonalToken(h http.Header) bool {
	_, found := personalToken(h)
	return found
}

func personalToken(h http.Header) (string, bool) {
	secret, err := token.Bearer(h)
	return secret, err == nil && strings.HasPrefix(secret, identity.PersonalMark)
}

// secretOf returns the secret of a request's personal access token or session cookie.
func secretOf(h http.Header) (secret string, found bool) {
	if secret, found := personalToken(h); found {
		return secret, len(secret) == secretLength+len(identity.PersonalMark)
	}
	secret, found = cookie(h, httpkit.SessionCookie)
	return secret, found && len(secret) == secretLength
}

// SignIn returns the value of the cookie of a sign-in at an identity provider, "" without it or with two.
func SignIn(h http.Header) string {
	value, _ := cookie(h, httpkit.SignInCookie)
	return value
}

// Device returns the value of the cookie of a browser in which a person has signed in before, "" without it or with
// two.
func Device(h http.Header) string {
	value, _ := cookie(h, httpkit.DeviceCookie)
	return value
}

// cookie returns the value of the only cookie of a name, and whether there is any. Two are as bad as none: one of them
// is not ours.
func cookie(h http.Header, name string) (value string, found bool) {
	if len(h["Cookie"]) == 0 {
		return "", false
	}
	for _, c := range (&http.Request{Header: h}).CookiesNamed(name) {
		if found {
			return "", true
		}
		value, found = c.Value, true
	}
	return value, found
}

// CheckOrigin returns a Forbidden fault for a request that a browser makes for a page of another origin, unless its
// method changes nothing.
func (r *Resolver) CheckOrigin(req *http.Request) error {
	if err := r.origin.Check(req); err != nil {
		return fault.Coded(
			fault.Forbidden, "cross_origin", "a page of another origin must not make this request with a person's session",
		)
	}
	return nil
}

// Person returns the Principal of a request's session, in no website. The error is an Unauthenticated fault without a
// valid session.
func (r *Resolver) Person(ctx context.Context, h http.Header, address string) (identity.Principal, error) {
	k, err := r.known(ctx, h, address)
	return k.confirm(k.person), err
}

// Member returns the Principal of a request's session, in the website that it names. Without a website, it is that of
// the only membership; with several it belongs to no website. The error is an Unauthenticated fault without a valid
// session, Invalid if the website's id is malformed, and Forbidden if the person isn't a member of it.
func (r *Resolver) Member(ctx context.Context, h http.Header, address string) (identity.Principal, error) {
	k, err := r.known(ctx, h, address)
	if err != nil {
		return identity.Principal{}, err
	}
	p, err := k.in(h.Values(WebsiteHeader))
	return k.confirm(p), err
}

// confirm returns p with whether the person proved lately who they are.
func (k known) confirm(p identity.Principal) identity.Principal {
	p.Confirmed = time.Since(k.provenAt) < identity.ConfirmedFor
	return p
}

// known returns what the session of a request is for.
func (r *Resolver) known(ctx context.Context, h http.Header, address string) (known, error) {
	secret, wellFormed := secretOf(h)
	if !wellFormed && !Has(h) && !HasPersonalToken(h) {
		return known{}, fault.Coded(fault.Unauthenticated, "session_missing", "sign in first")
	}
	if !wellFormed {
		return known{}, r.throttle.Failed(ctx, address, "", invalid())
	}
	return token.Find(ctx, r.lookups, r.throttle, identity.HashSecret(secret), address, "", invalid)
}

// in returns the Principal in the website that a request names.
func (k known) in(named []string) (identity.Principal, error) {
	if len(named) == 0 {
		if p, is := k.memberships[k.only]; is {
			return p, nil
		}
		return k.person, nil
	}
	website, err := tenant.Parse(named[0])
	if err != nil || len(named) > 1 {
		return identity.Principal{}, fault.Bad("x-website-id", "must be the id of one website")
	}
	p, is := k.memberships[website]
	if !is {
		return identity.Principal{}, fault.Coded(
			fault.Forbidden, "not_a_member", "you are not a member of the website that x-website-id names",
		)
	}
	return p, nil
}

// invalid is the refusal of a session.
func invalid() error {
	return fault.Coded(fault.Unauthenticated, "session_invalid", "the session has ended: sign in again")
}

// Forget drops the session of a hash, or every session for "".
func (r *Resolver) Forget(hash string) {
	if hash == "" {
		r.lookups.ExpireAll()
		return
	}
	r.lookups.Drop(hash)
}

// ForgetPerson drops the sessions of a person.
func (r *Resolver) ForgetPerson(person id.Person) {
	r.lookups.DropWhere(func(k known) bool { return k.person.PersonID == person })
}

// ForgetWebsite drops the sessions of a website's members.
func (r *Resolver) ForgetWebsite(t tenant.ID) {
	r.lookups.DropWhere(func(k known) bool {
		_, is := k.memberships[t]
		return is
	})
}
