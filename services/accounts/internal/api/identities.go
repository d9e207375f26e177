package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// MountIdentities adds the operations on identity secrets, and the verification of proofs for the visitors service, to
// the route table.
func MountIdentities(r *httpkit.Router, chain operation.Chain, s *accounts.Service, i *accounts.Identities) {
	httpkit.Handle(r, "GET /identity-secrets", 200, operation.New(chain, "accounts.list_identity_secrets", authz.Admin,
		func(ctx context.Context, _ operation.None) (identitySecrets, error) {
			found, err := i.Secrets(ctx, identity.From(ctx).Website)
			return identitySecrets{viewsOf(found, identitySecretViewOf)}, err
		}))
	httpkit.Handle(r, "POST /identity-secrets", 201,
		operation.New(chain, "accounts.create_identity_secret", authz.Admin.AfterConfirmation(),
			func(ctx context.Context, _ noMembers) (createdIdentitySecret, error) {
				row, secret, err := i.CreateSecret(ctx, identity.From(ctx).Website, by(ctx))
				return createdIdentitySecret{identitySecretViewOf(row), secret}, err
			}), httpkit.Secret)
	httpkit.Handle(r, "DELETE /identity-secrets/{id}", 200,
		operation.New(chain, "accounts.delete_identity_secret", authz.Admin,
			func(ctx context.Context, req identitySecretByID) (removedIdentitySecret, error) {
				return removedIdentitySecret{req.ID, true}, i.DeleteSecret(ctx, identity.From(ctx).Website, req.ID, by(ctx))
			}))
	httpkit.Handle(r, "GET /identity-policy", 200, operation.New(chain, "accounts.get_identity_policy", authz.Admin,
		func(ctx context.Context, _ operation.None) (identityPolicy, error) {
			required, err := i.Required(ctx, identity.From(ctx).Website)
			return identityPolicy{&required}, err
		}))
	httpkit.Handle(r, "PUT /identity-policy", 200,
		operation.New(chain, "accounts.set_identity_policy", authz.Admin.AfterConfirmation(),
			func(ctx context.Context, req identityPolicy) (identityPolicy, error) {
				return req, i.Require(ctx, identity.From(ctx).Website, *req.Required, by(ctx))
			}))
	httpkit.Handle(r, "POST /internal/identity-proofs", 200,
		operation.New(chain, "accounts.verify_identity", authz.Internal,
			func(ctx context.Context, req identityProof) (verifiedIdentity, error) {
				v, err := i.Verify(ctx, identity.From(ctx).Website, accounts.IdentityProof(req))
				return verifiedIdentity(v), err
			}))
	mountOperatorsIdentities(r, chain, s, i)
}

func mountOperatorsIdentities(r *httpkit.Router, chain operation.Chain, s *accounts.Service, i *accounts.Identities) {
	httpkit.Handle(r, "GET /operator/websites/{websiteId}/identity-secrets", 200,
		operation.New(chain, "accounts.list_website_identity_secrets", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, _ ofWebsite) (identitySecrets, error) {
				found, err := i.Secrets(ctx, t)
				return identitySecrets{viewsOf(found, identitySecretViewOf)}, err
			})))
	httpkit.Handle(r, "POST /operator/websites/{websiteId}/identity-secrets", 201,
		operation.New(chain, "accounts.create_website_identity_secret", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, _ ofWebsite) (createdIdentitySecret, error) {
				row, secret, err := i.CreateSecret(ctx, t, by(ctx))
				return createdIdentitySecret{identitySecretViewOf(row), secret}, err
			})), httpkit.Secret)
	httpkit.Handle(r, "DELETE /operator/websites/{websiteId}/identity-secrets/{id}", 200,
		operation.New(chain, "accounts.delete_website_identity_secret", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req identitySecretOfWebsite) (removedIdentitySecret, error) {
				return removedIdentitySecret{req.ID, true}, i.DeleteSecret(ctx, t, req.ID, by(ctx))
			})))
}

// noMembers is the body of a request that states nothing.
type noMembers struct{}

// identityPolicy is whether a website serves verified visitors only.
type identityPolicy struct {
	Required *bool `json:"required"`
}

// Validate implements the validation of requests in httpkit.
func (p identityPolicy) Validate() error {
	if p.Required == nil {
		return fault.Bad("required", "must be true or false")
	}
	return nil
}

type identitySecretByID struct {
	ID id.IdentitySecret `path:"id" json:"-"`
}

type identitySecretOfWebsite struct {
	ofWebsite
	identitySecretByID
}

// identityProof is what a page sent, as the visitors service passes it on.
type identityProof struct {
	UserID   string `json:"userId"`
	UserHash string `json:"userHash"`
	Token    string `json:"token"`
}

// verifiedIdentity is what the website's backend has signed.
type verifiedIdentity struct {
	UserID string `json:"userId"`
	Email  string `json:"email"`
	Name   string `json:"name"`
}

// identitySecrets is the list of a website's secrets. It has at most accounts.MaxIdentitySecrets rows.
type identitySecrets struct {
	Data []identitySecretView `json:"data"`
}

type identitySecretView struct {
	ID        id.IdentitySecret `json:"id"`
	Prefix    string            `json:"prefix"`
	CreatedBy string            `json:"createdBy"`
	CreatedAt time.Time         `json:"createdAt"`
}

func identitySecretViewOf(i accounts.IdentitySecret) identitySecretView {
	return identitySecretView{i.ID, i.Prefix, i.CreatedBy, i.CreatedAt}
}

// createdIdentitySecret is the only response that contains the secret.
type createdIdentitySecret struct {
	identitySecretView
	Secret string `json:"secret"`
}

type removedIdentitySecret struct {
	ID      id.IdentitySecret `json:"id"`
	Removed bool              `json:"removed"`
}
