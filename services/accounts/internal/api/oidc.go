package api

import (
	"context"
	"net/http"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// providerView is a provider as the sign-in page shows it.
type providerView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// providerList is the ways to sign in beside passwords and passkeys, and whether persons sign up.
type providerList struct {
	Data   []providerView  `json:"data"`
	SignUp accounts.SignUp `json:"signUp"`
}

type beginAt struct {
	Provider string `path:"provider" json:"-"`
	Return   string `query:"return" json:"-"`
}

type returnFrom struct {
	Provider string `path:"provider" json:"-"`
	State    string `query:"state" json:"-"`
	Code     string `query:"code" json:"-"`
	Error    string `query:"error" json:"-"`
}

type providerLogout struct {
	Provider string `path:"provider" json:"-"`
	Token    string `json:"logout_token"`
}

// maxLogoutToken bounds a logout token in bytes.
const maxLogoutToken = 16 << 10

// Validate refuses a missing token, and a long one.
func (l providerLogout) Validate() error {
	if l.Token == "" || len(l.Token) > maxLogoutToken {
		return fault.Bad("logout_token", "must have 1 to 16384 bytes")
	}
	return nil
}

type loggedOut struct {
	LoggedOut bool `json:"loggedOut"`
}

// signedOutAt is the response to the end of a session, which may continue at the provider.
type signedOutAt struct {
	ProviderURL *string `json:"providerUrl"`
}

// Cookies removes the session's cookie. The one of the device stays.
func (signedOutAt) Cookies() []*http.Cookie { return signedOut{}.Cookies() }

// signInCookie is the cookie of a sign-in, or its removal. The provider's redirect comes from another site, so that
// SameSite=Strict would hide it.
func signInCookie(secret string, life time.Duration) *http.Cookie {
	c := sessionCookie(secret, life)
	c.Name = httpkit.SignInCookie
	return c
}

// The views of the console after a sign-in.
const (
	signedInAt = "/console#/signed-in"
	failedAt   = "/console#/sign-in/"
)

// explained are the codes that the console explains. Another error is sign_in_failed.
var explained = map[string]bool{
	"sign_in_expired": true, "sign_in_denied": true, "provider_unavailable": true, "provider_response_invalid": true,
	"email_missing": true, "email_unverified": true, "email_domain_refused": true, "not_invited": true,
	"account_disabled": true, "email_taken": true,
}

// failed sends the browser to the sign-in page, which explains the code.
func failed(err error) httpkit.Redirect {
	code := fault.From(err).Code
	if !explained[code] {
		code = "sign_in_failed"
	}
	return httpkit.Redirect{To: failedAt + code, Cookies: []*http.Cookie{signInCookie("", 0)}}
}

// isForBrowser reports whether an error is for the person: others are of the request, or ours.
func isForBrowser(err error) bool {
	f := fault.From(err)
	return explained[f.Code] || f.Kind == fault.Conflict || f.Kind == fault.Forbidden
}

func mountSignOns(r *httpkit.Router, chain operation.Chain, o *accounts.SignOns) {
	httpkit.Handle(r, "GET /auth/oidc", 200, operation.New(chain, "accounts.list_providers", authz.Public,
		func(context.Context, operation.None) (providerList, error) {
			return providerList{viewsOf(o.Providers(), func(p accounts.Provider) providerView {
				return providerView{p.ID, p.Name}
			}), o.SignUpMode()}, nil
		}))
	httpkit.Handle(r, "GET /auth/oidc/{provider}", 302,
		operation.New(chain, "accounts.start_provider_sign_in", authz.Public,
			func(ctx context.Context, req beginAt) (httpkit.Redirect, error) {
				address, secret, err := o.Begin(ctx, req.Provider, req.Return)
				if err != nil && isForBrowser(err) {
					return failed(err), nil
				}
				return httpkit.Redirect{
					To: address, Cookies: []*http.Cookie{signInCookie(secret, accounts.StartedFor)},
				}, err
			}))
	httpkit.Handle(r, "GET /auth/oidc/{provider}/callback", 302,
		operation.New(chain, "accounts.finish_provider_sign_in", authz.Public,
			func(ctx context.Context, req returnFrom) (httpkit.Redirect, error) {
				returned := accounts.Returned{State: req.State, Code: req.Code, Error: req.Error}
				secrets, view, err := o.Finish(
					ctx, req.Provider, httpkit.SignInSecret(ctx), returned, device(ctx), by(ctx),
				)
				if err != nil && isForBrowser(err) {
					return failed(err), nil
				}
				return httpkit.Redirect{To: signedInAt + view, Cookies: append(cookiesOf(secrets), signInCookie("", 0))}, err
			}), httpkit.Lenient) // providers add parameters of their own
	httpkit.Handle(r, "POST /auth/oidc/{provider}/logout", 200,
		operation.New(chain, "accounts.end_provider_sessions", authz.Public,
			func(ctx context.Context, req providerLogout) (loggedOut, error) {
				return loggedOut{true}, o.EndedAtProvider(ctx, req.Provider, req.Token)
			}), httpkit.Form, httpkit.Caching("no-store"), httpkit.Body(2*maxLogoutToken))
	httpkit.Handle(r, "POST /auth/logout", 200, operation.New(chain, "accounts.sign_out_at_provider", authz.Person,
		func(ctx context.Context, _ operation.None) (signedOutAt, error) {
			address, err := o.SignOut(ctx, identity.From(ctx))
			return signedOutAt{textOrNil(address)}, err
		}))
}
