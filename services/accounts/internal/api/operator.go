package api

import (
	"context"

	"fivechat.dev/libs/authz"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/httpkit"
	"fivechat.dev/libs/operation"
	"fivechat.dev/libs/paging"
	"fivechat.dev/libs/tenant"
	"fivechat.dev/services/accounts"
)

func mountOperator(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "POST /operator/websites", 201, operation.New(chain, "accounts.create_website", authz.Operator,
		func(ctx context.Context, req newWebsite) (websiteView, error) {
			w, err := s.CreateWebsite(ctx, accounts.NewWebsite(req))
			return websiteViewOf(w), err
		}))
	httpkit.Handle(r, "GET /operator/websites", 200, operation.New(chain, "accounts.list_websites", authz.Operator,
		func(ctx context.Context, req list) (paging.Page[websiteView], error) {
			found, err := s.Websites(ctx, req.Window)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, websiteViewOf)), err
		}))
	httpkit.Handle(r, "POST /operator/websites/{websiteId}/users", 201, operation.New(chain, "accounts.create_website_user", authz.Operator,
		func(ctx context.Context, req newWebsiteUser) (userView, error) {
			t, err := known(ctx, s, req.WebsiteID)
			if err != nil {
				return userView{}, err
			}
			u, err := s.CreateUser(ctx, t, req.patch())
			return userViewOf(u), err
		}))
	httpkit.Handle(r, "POST /operator/websites/{websiteId}/tokens", 201, operation.New(chain, "accounts.create_token", authz.Operator,
		func(ctx context.Context, req newToken) (createdToken, error) {
			t, err := known(ctx, s, req.WebsiteID)
			if err != nil {
				return createdToken{}, err
			}
			token, secret, err := s.CreateToken(ctx, t, req.token())
			return createdToken{tokenViewOf(token), secret}, err
		}))
	httpkit.Handle(r, "GET /operator/websites/{websiteId}/tokens", 200, operation.New(chain, "accounts.list_tokens", authz.Operator,
		func(ctx context.Context, req listTokens) (paging.Page[tokenView], error) {
			t, err := known(ctx, s, req.WebsiteID)
			if err != nil {
				return paging.Page[tokenView]{}, err
			}
			found, err := s.Tokens(ctx, t, req.Window)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, tokenViewOf)), err
		}))
	httpkit.Handle(r, "DELETE /operator/websites/{websiteId}/tokens/{id}", 200, operation.New(chain, "accounts.revoke_token", authz.Operator,
		func(ctx context.Context, req tokenByID) (revoked, error) {
			t, err := known(ctx, s, req.WebsiteID)
			if err != nil {
				return revoked{}, err
			}
			return revoked{req.ID, true}, s.RevokeToken(ctx, t, req.ID)
		}))
}

// known gives the tenant of a website that an operator names in the path, and whose number nobody vouched for.
func known(ctx context.Context, s *accounts.Service, id int64) (tenant.ID, error) {
	t, err := tenant.New(id)
	if err != nil {
		return tenant.ID{}, fault.Missing("website")
	}
	w, err := s.Website(ctx, t)
	return w.ID, err
}
