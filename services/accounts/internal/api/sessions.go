package api

import (
	"context"
	"net/http"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// device returns the browser of the request.
func device(ctx context.Context) accounts.Device {
	return accounts.Device{
		Name: httpkit.UserAgent(ctx), Address: httpkit.ClientAddress(ctx), Proof: httpkit.DeviceProof(ctx),
	}
}

type signIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type changePassword struct {
	Current  string `json:"current"`
	Password string `json:"password"`
}

// personView is a person as they and the operator see them.
type personView struct {
	ID        id.Person `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Disabled  bool      `json:"disabled"`
	CreatedAt time.Time `json:"createdAt"`
}

func personViewOf(p accounts.Person) personView {
	return personView{p.ID, p.Email, p.Name, p.Disabled, p.CreatedAt}
}

type membershipView struct {
	ID          id.Membership `json:"id"`
	WebsiteID   int64         `json:"websiteId"`
	WebsiteName string        `json:"websiteName"`
	Plan        identity.Plan `json:"plan"`
	Role        identity.Role `json:"role"`
	UserID      id.User       `json:"userId"`
}

func membershipViewOf(m accounts.MembershipOf) membershipView {
	return membershipView{m.ID, m.WebsiteID.Int64(), m.WebsiteName, m.Plan, m.Role, m.UserID}
}

// signedIn is a person with their memberships. Secrets become the cookies of the session and of the device.
type signedIn struct {
	Person      personView       `json:"person"`
	Memberships []membershipView `json:"memberships"`
	secrets     accounts.Secrets
}

// Cookies implements httpkit's responses that set cookies.
func (s signedIn) Cookies() []*http.Cookie { return cookiesOf(s.secrets) }

// cookiesOf returns the cookies of a new session, none without one.
func cookiesOf(s accounts.Secrets) []*http.Cookie {
	if s.Session == "" {
		return nil
	}
	set := []*http.Cookie{sessionCookie(s.Session, accounts.SessionLife)}
	if s.Device != "" {
		known := sessionCookie(s.Device, accounts.KnownFor)
		known.Name = httpkit.DeviceCookie
		set = append(set, known)
	}
	return set
}

func sessionCookie(secret string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: httpkit.SessionCookie, Value: secret, Path: "/", Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, MaxAge: int(life.Seconds()),
	}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}

func signedInOf(s accounts.SignedIn, secrets accounts.Secrets, err error) (signedIn, error) {
	if err != nil {
		return signedIn{}, err
	}
	return signedIn{personViewOf(s.Person), viewsOf(s.Memberships, membershipViewOf), secrets}, nil
}

// signInResult is a signed-in person, or the next step.
type signInResult struct {
	Next        *string          `json:"next"`
	Challenge   *string          `json:"challenge"`
	Person      *personView      `json:"person"`
	Memberships []membershipView `json:"memberships"`
	secrets     accounts.Secrets
}

// Cookies implements httpkit's responses that set cookies.
func (s signInResult) Cookies() []*http.Cookie { return cookiesOf(s.secrets) }

func signInResultOf(s accounts.SignInStep, err error) (signInResult, error) {
	switch {
	case err != nil:
		return signInResult{}, err
	case s.Next != "":
		next := "totp"
		return signInResult{Next: &next, Challenge: &s.Next, Memberships: []membershipView{}}, nil
	default:
		person := personViewOf(s.SignedIn.Person)
		return signInResult{
			Person: &person, Memberships: viewsOf(s.SignedIn.Memberships, membershipViewOf), secrets: s.Secrets,
		}, nil
	}
}

// signedOut is the response to the end of a session, which removes the cookie.
type signedOut struct{}

// Cookies removes the session's cookie. The one of the device stays.
func (signedOut) Cookies() []*http.Cookie { return []*http.Cookie{sessionCookie("", 0)} }

type sessionView struct {
	ID         id.Session `json:"id"`
	Device     string     `json:"device"`
	Address    string     `json:"address"`
	Current    bool       `json:"current"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt time.Time  `json:"lastUsedAt"`
	ExpiresAt  time.Time  `json:"expiresAt"`
}

type sessionList struct {
	Data []sessionView `json:"data"`
}

// resolvedSession is what the gateway needs to know of a session.
type resolvedSession struct {
	SessionID   id.Session       `json:"sessionId"`
	PersonID    id.Person        `json:"personId"`
	ExpiresAt   time.Time        `json:"expiresAt"`
	ProvenAt    time.Time        `json:"provenAt"`
	Memberships []membershipView `json:"memberships"`
}

func mountSessions(r *httpkit.Router, chain operation.Chain, p *accounts.People, o *accounts.SignOns) {
	httpkit.Handle(r, "GET /internal/sessions/{hash}", 200,
		operation.New(chain, "accounts.resolve_session", authz.Internal,
			func(ctx context.Context, req byHash) (resolvedSession, error) {
				s, err := o.Resolve(ctx, req.Hash)
				return resolvedSession{
					s.Session.ID, s.Person.ID, s.Session.Ends(), s.Session.ProvenAt, viewsOf(s.Memberships, membershipViewOf),
				}, err
			}))
	httpkit.Handle(r, "POST /auth/password", 200, operation.New(chain, "accounts.sign_in", authz.Public,
		func(ctx context.Context, req signIn) (signInResult, error) {
			return signInResultOf(p.SignIn(ctx, req.Email, req.Password, device(ctx), by(ctx)))
		}))
	httpkit.Handle(r, "PUT /auth/password", 200,
		operation.New(chain, "accounts.change_password", authz.Person.AfterConfirmation(),
			func(ctx context.Context, req changePassword) (signedIn, error) {
				return signedInOf(p.ChangePassword(
					ctx, identity.From(ctx), req.Current, req.Password, device(ctx), by(ctx),
				))
			}))
	httpkit.Handle(r, "GET /auth/session", 200, operation.New(chain, "accounts.get_session", authz.Person,
		func(ctx context.Context, _ operation.None) (signedIn, error) {
			s, err := p.Current(ctx, identity.From(ctx))
			return signedInOf(s, accounts.Secrets{}, err)
		}))
	httpkit.Handle(r, "DELETE /auth/session", 204, operation.New(chain, "accounts.sign_out", authz.Person,
		func(ctx context.Context, _ operation.None) (signedOut, error) {
			caller := identity.From(ctx)
			return signedOut{}, p.SignOut(ctx, caller.PersonID, caller.SessionID)
		}))
	httpkit.Handle(r, "GET /auth/sessions", 200, operation.New(chain, "accounts.list_sessions", authz.Person,
		func(ctx context.Context, _ operation.None) (sessionList, error) {
			caller := identity.From(ctx)
			all, err := p.Sessions(ctx, caller.PersonID)
			return sessionList{viewsOf(all, func(s accounts.Session) sessionView {
				return sessionView{
					s.ID, s.Device, s.Address, s.ID == caller.SessionID, s.CreatedAt, s.LastUsedAt, s.Ends(),
				}
			})}, err
		}))
	httpkit.Handle(r, "DELETE /auth/sessions", 204, operation.New(chain, "accounts.sign_out_everywhere", authz.Person,
		func(ctx context.Context, _ operation.None) (signedOut, error) {
			return signedOut{}, p.SignOutEverywhere(ctx, identity.From(ctx).PersonID)
		}))
	httpkit.Handle(r, "DELETE /auth/sessions/{id}", 204, operation.New(chain, "accounts.end_session", authz.Person,
		func(ctx context.Context, req sessionByID) (operation.None, error) {
			return operation.None{}, p.SignOut(ctx, identity.From(ctx).PersonID, req.ID)
		}))
}

type sessionByID struct {
	ID id.Session `path:"id" json:"-"`
}
