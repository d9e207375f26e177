// Package api maps the operations of the accounts service to HTTP routes: Mount has all of them. It holds no business
// rules; those are in package accounts.
package api

import (
	"context"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/paging"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// Mount adds the operations of s, p and o to the route table. m reads how much websites store.
func Mount(
	r *httpkit.Router, chain operation.Chain, s *accounts.Service, p *accounts.People, o *accounts.SignOns,
	m *accounts.Meter,
) {
	mountUsers(r, chain, s)
	mountWebsites(r, chain, s, m)
	mountWebsiteUsers(r, chain, s)
	mountAssignment(r, chain, s)
	mountTargets(r, chain, s)
	mountTeams(r, chain, s)
	mountTokens(r, chain, s)
	mountOwnTokens(r, chain, s)
	mountSessions(r, chain, p, o)
	mountFactors(r, chain, p)
	mountPasskeys(r, chain, p)
	mountPersonalTokens(r, chain, p)
	mountNotifications(r, chain, p)
	mountAudit(r, chain, s)
	mountSignOns(r, chain, o)
	mountTeam(r, chain, p)
	mountSignUp(r, chain, p)
	mountPeople(r, chain, s, p)
	mountDataSubjects(r, chain, s)
	mountStatistics(r, chain, s)

	httpkit.Handle(r, "GET /internal/tokens/{hash}", 200, operation.New(chain, "accounts.resolve_token", authz.Internal,
		func(ctx context.Context, req byHash) (access, error) {
			a, err := s.Resolve(ctx, req.Hash)
			return access{a.WebsiteID, a.TokenID, a.Level, a.Plan, timeOrNil(a.ExpiresAt)}, err
		}))
	httpkit.Handle(r, "GET /internal/websites/{websiteId}/limits", 200,
		operation.New(chain, "accounts.get_limits", authz.Internal,
			func(ctx context.Context, req ofWebsite) (limits, error) {
				w, err := findWebsite(ctx, s, req.WebsiteID)
				return limits{w.ID, w.Plan, w.Quotas}, err
			}))
	httpkit.Handle(r, "GET /internal/website", 200, operation.New(chain, "accounts.get_website", authz.Internal,
		func(ctx context.Context, _ operation.None) (website, error) {
			w, err := s.Website(ctx, identity.From(ctx).Website)
			return website{w.ID, w.Name, w.URL, w.Plan}, err
		}))
	httpkit.Handle(r, "GET /website", 200, operation.New(chain, "accounts.get_own_website", authz.Read,
		func(ctx context.Context, _ operation.None) (ownWebsite, error) {
			p := identity.From(ctx)
			w, widget, err := s.Presence(ctx, p.Website)
			if err != nil {
				return ownWebsite{}, err
			}
			return ownWebsite{
				w.ID, w.Name, w.URL, w.Plan, widget.ClientToken, widget.LoadedAt, p.Level,
				storageView(m.Read(ctx, w)[0]),
			}, nil
		}))
	httpkit.Handle(r, "GET /internal/website-storage", 200, operation.New(chain, "accounts.get_storage", authz.Internal,
		func(ctx context.Context, _ operation.None) (storagequota.Usage, error) {
			w, err := s.Website(ctx, identity.From(ctx).Website)
			if err != nil {
				return storagequota.Usage{}, err
			}
			return m.Usage(ctx, w)
		}))
	httpkit.Handle(r, "GET /internal/users/online", 200, operation.New(chain, "accounts.count_online", authz.Internal,
		func(ctx context.Context, _ operation.None) (online, error) {
			n, err := s.Online(ctx, identity.From(ctx).Website)
			return online{n}, err
		}))
	mountEntries(r, chain, s)
}

// by returns the caller and the request, for the audit log.
func by(ctx context.Context) accounts.By {
	return accounts.By{
		Actor: identity.From(ctx).Actor(), RequestID: httpkit.RequestID(ctx), Address: httpkit.ClientAddress(ctx),
	}
}

func mountUsers(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	httpkit.Handle(r, "GET /users", 200, operation.New(chain, "accounts.list_users", authz.Read,
		func(ctx context.Context, req listUsers) (paging.Page[userView], error) {
			found, err := s.Users(ctx, identity.From(ctx).Website, req.Following)
			return paging.Envelope(req.Window, found, viewsOf(found.Rows, userViewOf)), err
		}))
	httpkit.Handle(r, "POST /users", 201, operation.New(chain, "accounts.create_user", authz.ManageWrite,
		func(ctx context.Context, req newUser) (userView, error) {
			u, err := s.CreateUser(ctx, identity.From(ctx).Website, req.patch(), by(ctx))
			return userViewOf(u), err
		}))
	httpkit.Handle(r, "GET /users/{id}", 200, operation.New(chain, "accounts.get_user", authz.Read,
		func(ctx context.Context, req byID) (userView, error) {
			u, err := s.User(ctx, identity.From(ctx).Website, req.ID)
			return userViewOf(u), err
		}))
	httpkit.Handle(r, "PATCH /users/{id}", 200, operation.New(chain, "accounts.update_user", authz.Write,
		func(ctx context.Context, req updateUser) (userView, error) {
			if err := authz.ChangeUser(identity.From(ctx), req.ID); err != nil {
				return userView{}, err
			}
			u, err := s.UpdateUser(ctx, identity.From(ctx).Website, req.ID, req.patch(), by(ctx))
			return userViewOf(u), err
		}))
	httpkit.Handle(r, "POST /users/{id}/heartbeat", 204, operation.New(chain, "accounts.note_presence", authz.Write,
		func(ctx context.Context, req heartbeat) (operation.None, error) {
			if err := authz.ChangeUser(identity.From(ctx), req.ID); err != nil {
				return operation.None{}, err
			}
			isActive := !req.Active.Set || req.Active.V
			return operation.None{}, s.Heartbeat(ctx, identity.From(ctx).Website, req.ID, isActive)
		}))
	httpkit.Handle(r, "PUT /users/{id}/status", 200, operation.New(chain, "accounts.set_user_status", authz.Write,
		func(ctx context.Context, req userStatus) (userView, error) {
			if err := authz.ChangeUser(identity.From(ctx), req.ID); err != nil {
				return userView{}, err
			}
			u, err := s.SetStatus(ctx, identity.From(ctx).Website, req.ID, req.Status)
			return userViewOf(u), err
		}))
	httpkit.Handle(r, "DELETE /users/{id}", 200, operation.New(chain, "accounts.delete_user", authz.ManageWrite,
		func(ctx context.Context, req byID) (deleted, error) {
			return deleted{req.ID, true}, s.DeleteUser(ctx, identity.From(ctx).Website, req.ID, by(ctx))
		}))
	httpkit.Handle(r, "POST /internal/users/by-address", 200,
		operation.New(chain, "accounts.get_users_by_address", authz.Internal,
			func(ctx context.Context, req byEmails) ([]userView, error) {
				users, err := s.UsersByEmail(ctx, identity.From(ctx).Website, req.Emails)
				return viewsOf(users, userViewOf), err
			}))
	httpkit.Handle(r, "GET /internal/users", 200, operation.New(chain, "accounts.get_users", authz.Internal,
		func(ctx context.Context, req byIDs) ([]colleagueView, error) {
			users, err := s.Colleagues(ctx, identity.From(ctx).Website, req.IDs)
			return viewsOf(users, colleagueViewOf), err
		}))
}
