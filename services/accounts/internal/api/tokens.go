package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// mountOwnTokens adds the operations on tokens for the admins of a website.
func mountOwnTokens(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "GET /tokens", 200, operation.New(chain, "accounts.list_own_tokens", authz.Admin,
		func(ctx context.Context, req list) (paging.Page[tokenView], error) {
			found, err := s.Tokens(ctx, identity.From(ctx).Website, req.Window)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, tokenViewOf)), err
		}))
	httpkit.Handle(r, "POST /tokens", 201,
		operation.New(chain, "accounts.create_own_token", authz.Admin.AfterConfirmation(),
			func(ctx context.Context, req tokenInput) (createdToken, error) {
				token, secret, err := s.CreateToken(ctx, identity.From(ctx).Website, req.token(), by(ctx))
				return createdToken{tokenViewOf(token), secret}, err
			}), httpkit.Secret)
	httpkit.Handle(r, "PATCH /tokens/{id}", 200,
		operation.New(chain, "accounts.update_own_token", authz.Admin.AfterConfirmation(),
			func(ctx context.Context, req updateOwnToken) (tokenView, error) {
				p := accounts.TokenPatch{Name: req.Name, ExpiresAt: req.ExpiresAt}
				token, err := s.UpdateToken(ctx, identity.From(ctx).Website, req.ID, p, by(ctx))
				return tokenViewOf(token), err
			}))
	httpkit.Handle(r, "POST /tokens/{id}/rotate", 201,
		operation.New(chain, "accounts.rotate_own_token", authz.Admin.AfterConfirmation(),
			func(ctx context.Context, req rotateOwnToken) (createdToken, error) {
				token, secret, err := s.RotateToken(ctx, identity.From(ctx).Website, req.ID, req.overlap(), by(ctx))
				return createdToken{tokenViewOf(token), secret}, err
			}), httpkit.Secret)
	httpkit.Handle(r, "DELETE /tokens/{id}", 200, operation.New(chain, "accounts.revoke_own_token", authz.Admin,
		func(ctx context.Context, req tokenByID) (revoked, error) {
			return revoked{req.ID, true}, s.RevokeToken(ctx, identity.From(ctx).Website, req.ID, by(ctx))
		}))
}
