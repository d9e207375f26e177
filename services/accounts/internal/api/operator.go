package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// findWebsite returns the website of an id in the path, which is unverified: the error is NotFound if there is none.
func findWebsite(ctx context.Context, s *accounts.Service, id int64) (accounts.Website, error) {
	t, err := tenant.New(id)
	if err != nil {
		return accounts.Website{}, fault.Missing("website")
	}
	return s.Website(ctx, t)
}

// inWebsite wraps a use case: it resolves the website that the request names, and responds with NotFound if there is
// none.
func inWebsite[Req interface{ website() int64 }, Resp any](
	s *accounts.Service, fn func(context.Context, tenant.ID, Req) (Resp, error),
) func(context.Context, Req) (Resp, error) {
	return func(ctx context.Context, req Req) (Resp, error) {
		w, err := findWebsite(ctx, s, req.website())
		if err != nil {
			var none Resp
			return none, err
		}
		return fn(ctx, w.ID, req)
	}
}

func mountWebsites(r *httpkit.Router, chain operation.Chain, s *accounts.Service, m *accounts.Meter) {
	httpkit.Handle(r, "POST /operator/websites", 201, operation.New(chain, "accounts.create_website", authz.Operator,
		func(ctx context.Context, req newWebsite) (websiteView, error) {
			w, err := s.CreateWebsite(ctx, accounts.NewWebsite(req), by(ctx))
			return shownWebsite(ctx, m, w, err)
		}))
	httpkit.Handle(r, "GET /operator/websites", 200, operation.New(chain, "accounts.list_websites", authz.Operator,
		func(ctx context.Context, req list) (paging.Page[websiteView], error) {
			found, err := s.Websites(ctx, req.Window)
			return paging.Envelope(req.Window, found, shownWebsites(ctx, m, found.Rows)), err
		}))
	httpkit.Handle(r, "GET /operator/websites/{websiteId}", 200,
		operation.New(chain, "accounts.show_website", authz.Operator,
			func(ctx context.Context, req ofWebsite) (websiteView, error) {
				w, err := findWebsite(ctx, s, req.WebsiteID)
				return shownWebsite(ctx, m, w, err)
			}))
	httpkit.Handle(r, "PATCH /operator/websites/{websiteId}", 200,
		operation.New(chain, "accounts.update_website", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req updateWebsite) (websiteView, error) {
				w, err := s.UpdateWebsite(ctx, t, req.patch(), by(ctx))
				return shownWebsite(ctx, m, w, err)
			})))
}

func mountStatistics(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "POST /operator/websites/{websiteId}/statistics/recount", 200,
		operation.New(chain, "accounts.recount_statistics", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req recount) (recounted, error) {
				drift, err := s.Recount(ctx, t, req.Repair, by(ctx))
				return recounted{viewsOf(drift, driftViewOf), req.Repair && len(drift) > 0}, err
			})))
}

func mountWebsiteUsers(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "GET /operator/websites/{websiteId}/users", 200,
		operation.New(chain, "accounts.list_website_users", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req listOfWebsite) (paging.Page[userView], error) {
				found, err := s.Users(ctx, t, paging.Following{Window: req.Window})
				return paging.Envelope(req.Window, found, viewsOf(found.Rows, userViewOf)), err
			})))
	httpkit.Handle(r, "POST /operator/websites/{websiteId}/users", 201,
		operation.New(chain, "accounts.create_website_user", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req newWebsiteUser) (userView, error) {
				u, err := s.CreateUser(ctx, t, req.patch(), by(ctx))
				return userViewOf(u), err
			})))
	httpkit.Handle(r, "PATCH /operator/websites/{websiteId}/users/{id}", 200,
		operation.New(chain, "accounts.update_website_user", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req updateWebsiteUser) (userView, error) {
				u, err := s.UpdateUser(ctx, t, req.ID, req.patch(), by(ctx))
				return userViewOf(u), err
			})))
	httpkit.Handle(r, "DELETE /operator/websites/{websiteId}/users/{id}", 200,
		operation.New(chain, "accounts.delete_website_user", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req userOfWebsite) (deleted, error) {
				return deleted{req.ID, true}, s.DeleteUser(ctx, t, req.ID, by(ctx))
			})))
}

func mountTokens(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "POST /operator/websites/{websiteId}/tokens", 201,
		operation.New(chain, "accounts.create_token", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req newToken) (createdToken, error) {
				token, secret, err := s.CreateToken(ctx, t, req.token(), by(ctx))
				return createdToken{tokenViewOf(token), secret}, err
			})))
	httpkit.Handle(r, "GET /operator/websites/{websiteId}/tokens", 200,
		operation.New(chain, "accounts.list_tokens", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req listOfWebsite) (paging.Page[tokenView], error) {
				found, err := s.Tokens(ctx, t, req.Window)
				return paging.Envelope(req.Window, found, viewsOf(found.Rows, tokenViewOf)), err
			})))
	httpkit.Handle(r, "PATCH /operator/websites/{websiteId}/tokens/{id}", 200,
		operation.New(chain, "accounts.update_token", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req updateToken) (tokenView, error) {
				token, err := s.UpdateToken(ctx, t, req.ID, accounts.TokenPatch{Name: req.Name, ExpiresAt: req.ExpiresAt}, by(ctx))
				return tokenViewOf(token), err
			})))
	httpkit.Handle(r, "POST /operator/websites/{websiteId}/tokens/{id}/rotate", 201,
		operation.New(chain, "accounts.rotate_token", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req rotateToken) (createdToken, error) {
				token, secret, err := s.RotateToken(ctx, t, req.ID, req.overlap(), by(ctx))
				return createdToken{tokenViewOf(token), secret}, err
			})))
	httpkit.Handle(r, "DELETE /operator/websites/{websiteId}/tokens/{id}", 200,
		operation.New(chain, "accounts.revoke_token", authz.Operator,
			inWebsite(s, func(ctx context.Context, t tenant.ID, req tokenOfWebsite) (revoked, error) {
				return revoked{req.ID, true}, s.RevokeToken(ctx, t, req.ID, by(ctx))
			})))
}
