package api

import (
	"context"
	"encoding/json"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

type secondStep struct {
	Challenge string `json:"challenge"`
	Code      string `json:"code"`
}

type codeOfApp struct {
	Code string `json:"code"`
}

type proof struct {
	Password string `json:"password"`
	Code     string `json:"code"`
}

type newPasskey struct {
	Challenge string          `json:"challenge"`
	Name      string          `json:"name"`
	Response  json.RawMessage `json:"response"`
}

type passkeyAnswer struct {
	Challenge string          `json:"challenge"`
	Response  json.RawMessage `json:"response"`
}

type passkeyByID struct {
	ID id.Passkey `path:"id" json:"-"`
}

type resetPassword struct {
	Token    string `path:"token" json:"-"`
	Password string `json:"password"`
}

type newPersonalToken struct {
	Name      string    `json:"name"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// recovery has new recovery codes, which are shown once.
type recovery struct {
	Codes []string `json:"codes"`
}

type authenticatorKey struct {
	Secret  string `json:"secret"`
	URL     string `json:"url"`
	Picture string `json:"picture"`
}

type passkeyView struct {
	ID         id.Passkey `json:"id"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt time.Time  `json:"lastUsedAt"`
}

func passkeyViewOf(k accounts.Passkey) passkeyView {
	return passkeyView{k.ID, k.Name, k.CreatedAt, k.LastUsedAt}
}

type factors struct {
	Password bool          `json:"password"`
	TOTP     bool          `json:"totp"`
	Recovery int           `json:"recoveryCodes"`
	Passkeys []passkeyView `json:"passkeys"`
}

type ceremony struct {
	Challenge string          `json:"challenge"`
	Options   json.RawMessage `json:"options"`
}

func ceremonyOf(c accounts.Ceremony, err error) (ceremony, error) { return ceremony(c), err }

type personalTokenView struct {
	ID         id.Session `json:"id"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"createdAt"`
	LastUsedAt time.Time  `json:"lastUsedAt"`
	ExpiresAt  time.Time  `json:"expiresAt"`
}

func personalTokenViewOf(s accounts.Session) personalTokenView {
	return personalTokenView{s.ID, s.Name, s.CreatedAt, s.LastUsedAt, s.ExpiresAt}
}

type personalTokenList struct {
	Data []personalTokenView `json:"data"`
}

// createdPersonalToken is a new token with its secret, which is shown once.
type createdPersonalToken struct {
	personalTokenView
	Token string `json:"token"`
}

func mountFactors(r *httpkit.Router, chain operation.Chain, p *accounts.People) {
	httpkit.Handle(r, "POST /auth/totp", 200, operation.New(chain, "accounts.sign_in_with_code", authz.Public,
		func(ctx context.Context, req secondStep) (signedIn, error) {
			return signedInOf(p.SignInWithCode(ctx, req.Challenge, req.Code, device(ctx), by(ctx)))
		}))
	httpkit.Handle(r, "POST /auth/totp/key", 200,
		operation.New(chain, "accounts.new_authenticator", authz.Person.AfterConfirmation(),
			func(ctx context.Context, _ operation.None) (authenticatorKey, error) {
				key, err := p.NewAuthenticator(ctx, identity.From(ctx).PersonID)
				return authenticatorKey(key), err
			}), httpkit.Secret)
	httpkit.Handle(r, "PUT /auth/totp", 200,
		operation.New(chain, "accounts.confirm_authenticator", authz.Person.AfterConfirmation(),
			func(ctx context.Context, req codeOfApp) (recovery, error) {
				codes, err := p.ConfirmAuthenticator(ctx, identity.From(ctx), req.Code, by(ctx))
				return recovery{codes}, err
			}), httpkit.Secret)
	httpkit.Handle(r, "DELETE /auth/totp", 204,
		operation.New(chain, "accounts.remove_authenticator", authz.Person.AfterConfirmation(),
			func(ctx context.Context, _ operation.None) (operation.None, error) {
				return operation.None{}, p.RemoveAuthenticator(ctx, identity.From(ctx).PersonID, by(ctx))
			}))
	httpkit.Handle(r, "POST /auth/recovery-codes", 200,
		operation.New(chain, "accounts.renew_recovery", authz.Person.AfterConfirmation(),
			func(ctx context.Context, _ operation.None) (recovery, error) {
				codes, err := p.RenewRecovery(ctx, identity.From(ctx).PersonID, by(ctx))
				return recovery{codes}, err
			}), httpkit.Secret)
	httpkit.Handle(r, "GET /auth/factors", 200, operation.New(chain, "accounts.get_factors", authz.Person,
		func(ctx context.Context, _ operation.None) (factors, error) {
			f, err := p.Factors(ctx, identity.From(ctx).PersonID)
			return factors{f.Password, f.Authenticator, f.Recovery, viewsOf(f.Passkeys, passkeyViewOf)}, err
		}))
	httpkit.Handle(r, "POST /auth/confirm", 204, operation.New(chain, "accounts.confirm", authz.Person,
		func(ctx context.Context, req proof) (operation.None, error) {
			return operation.None{}, p.Confirm(ctx, identity.From(ctx), accounts.Proof(req))
		}))
	httpkit.Handle(r, "POST /auth/resets/{token}", 204, operation.New(chain, "accounts.reset_password", authz.Public,
		func(ctx context.Context, req resetPassword) (operation.None, error) {
			return operation.None{}, p.Reset(ctx, req.Token, req.Password, by(ctx))
		}))
}

func mountPasskeys(r *httpkit.Router, chain operation.Chain, p *accounts.People) {
	httpkit.Handle(r, "POST /auth/passkeys/options", 200,
		operation.New(chain, "accounts.begin_passkey", authz.Person.AfterConfirmation(),
			func(ctx context.Context, _ operation.None) (ceremony, error) {
				return ceremonyOf(p.BeginPasskey(ctx, identity.From(ctx).PersonID, httpkit.Origin(ctx)))
			}))
	httpkit.Handle(r, "POST /auth/passkeys", 201,
		operation.New(chain, "accounts.add_passkey", authz.Person.AfterConfirmation(),
			func(ctx context.Context, req newPasskey) (passkeyView, error) {
				key, err := p.AddPasskey(ctx, identity.From(ctx).PersonID, httpkit.Origin(ctx), req.Name,
					accounts.Finished{Challenge: req.Challenge, Response: req.Response}, by(ctx))
				return passkeyViewOf(key), err
			}))
	httpkit.Handle(r, "DELETE /auth/passkeys/{id}", 204,
		operation.New(chain, "accounts.remove_passkey", authz.Person.AfterConfirmation(),
			func(ctx context.Context, req passkeyByID) (operation.None, error) {
				return operation.None{}, p.RemovePasskey(ctx, identity.From(ctx).PersonID, req.ID, by(ctx))
			}))
	httpkit.Handle(r, "POST /auth/passkey/options", 200,
		operation.New(chain, "accounts.begin_passkey_sign_in", authz.Public,
			func(ctx context.Context, _ operation.None) (ceremony, error) {
				return ceremonyOf(p.BeginPasskeySignIn(ctx, httpkit.Origin(ctx)))
			}))
	httpkit.Handle(r, "POST /auth/passkey", 200, operation.New(chain, "accounts.sign_in_with_passkey", authz.Public,
		func(ctx context.Context, req passkeyAnswer) (signedIn, error) {
			f := accounts.Finished{Challenge: req.Challenge, Response: req.Response}
			return signedInOf(p.SignInWithPasskey(ctx, httpkit.Origin(ctx), f, device(ctx), by(ctx)))
		}))
}

func mountPersonalTokens(r *httpkit.Router, chain operation.Chain, p *accounts.People) {
	httpkit.Handle(r, "GET /auth/tokens", 200, operation.New(chain, "accounts.list_personal_tokens", authz.Person,
		func(ctx context.Context, _ operation.None) (personalTokenList, error) {
			all, err := p.PersonalTokens(ctx, identity.From(ctx).PersonID)
			return personalTokenList{viewsOf(all, personalTokenViewOf)}, err
		}))
	httpkit.Handle(r, "POST /auth/tokens", 201,
		operation.New(chain, "accounts.create_personal_token", authz.Person.AfterConfirmation(),
			func(ctx context.Context, req newPersonalToken) (createdPersonalToken, error) {
				n := accounts.NewPersonalToken(req)
				token, secret, err := p.CreatePersonalToken(ctx, identity.From(ctx).PersonID, n, by(ctx))
				return createdPersonalToken{personalTokenViewOf(token), secret}, err
			}), httpkit.Secret)
	httpkit.Handle(r, "DELETE /auth/tokens/{id}", 204,
		operation.New(chain, "accounts.revoke_personal_token", authz.Person,
			func(ctx context.Context, req sessionByID) (operation.None, error) {
				return operation.None{}, p.RevokePersonalToken(ctx, identity.From(ctx).PersonID, req.ID, by(ctx))
			}))
}

type ownAudit struct {
	Since moment `query:"since" json:"-"`
	paging.Window
}

func mountAudit(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "GET /audit", 200, operation.New(chain, "accounts.list_own_audit", authz.Owner,
		func(ctx context.Context, req ownAudit) (paging.Page[entryView], error) {
			f := accounts.AuditFilter{Website: identity.From(ctx).Website, Since: time.Time(req.Since)}
			found, err := s.Audit(ctx, f, req.Window)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, entryViewOf)), err
		}))
}
