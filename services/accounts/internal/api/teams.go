package api

import (
	"context"
	"time"

	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/transport/httpkit"
	"fivechat.dev/libs/transport/operation"
	"fivechat.dev/services/accounts"
)

// mountTeams adds the operations on groups of a website's users.
func mountTeams(r *httpkit.Router, chain operation.Chain, s *accounts.Service) {
	list := func(ctx context.Context, _ operation.None) (teamList, error) {
		teams, err := s.Teams(ctx, identity.From(ctx).Website)
		return teamList{viewsOf(teams, teamViewOf)}, err
	}
	httpkit.Handle(r, "GET /teams", 200, operation.New(chain, "accounts.list_teams", authz.Read, list))
	httpkit.Handle(r, "GET /internal/teams", 200, operation.New(chain, "accounts.get_teams", authz.Internal, list))
	httpkit.Handle(r, "POST /teams", 201, operation.New(chain, "accounts.create_team", authz.ManageWrite,
		func(ctx context.Context, req newTeam) (teamView, error) {
			p := accounts.TeamPatch{Name: optional.Of(req.Name), Members: optional.Of(req.Members)}
			team, err := s.CreateTeam(ctx, identity.From(ctx).Website, p, by(ctx))
			return teamViewOf(team), err
		}))
	httpkit.Handle(r, "GET /teams/{id}", 200, operation.New(chain, "accounts.get_team", authz.Read,
		func(ctx context.Context, req teamByID) (teamView, error) {
			team, err := s.Team(ctx, identity.From(ctx).Website, req.ID)
			return teamViewOf(team), err
		}))
	httpkit.Handle(r, "PATCH /teams/{id}", 200, operation.New(chain, "accounts.update_team", authz.ManageWrite,
		func(ctx context.Context, req updateTeam) (teamView, error) {
			p := accounts.TeamPatch{Name: req.Name, Members: req.Members}
			team, err := s.UpdateTeam(ctx, identity.From(ctx).Website, req.ID, p, by(ctx))
			return teamViewOf(team), err
		}))
	httpkit.Handle(r, "DELETE /teams/{id}", 200, operation.New(chain, "accounts.delete_team", authz.ManageWrite,
		func(ctx context.Context, req teamByID) (deletedTeam, error) {
			return deletedTeam{req.ID, true}, s.DeleteTeam(ctx, identity.From(ctx).Website, req.ID, by(ctx))
		}))
}

type teamByID struct {
	ID id.Team `path:"id" json:"-"`
}

type newTeam struct {
	Name    string    `json:"name"`
	Members []id.User `json:"members"`
}

type updateTeam struct {
	teamByID
	Name    optional.Value[string]    `json:"name"`
	Members optional.Value[[]id.User] `json:"members"`
}

// teamView is a team as agents and programs see it.
type teamView struct {
	ID        id.Team   `json:"id" writer:"kept"`
	Name      string    `json:"name"`
	Members   []id.User `json:"members"`
	CreatedAt time.Time `json:"createdAt" writer:"kept"`
	UpdatedAt time.Time `json:"updatedAt" writer:"kept"`
	of        version.Of
}

// Revision is the version of the team in the response.
func (t teamView) Revision() version.Of { return t.of }

func teamViewOf(t accounts.Team) teamView {
	return teamView{t.ID, t.Name, append([]id.User{}, t.Members...), t.CreatedAt, t.UpdatedAt, t.Revision()}
}

type teamList struct {
	Data []teamView `json:"data"`
}

type deletedTeam struct {
	ID      id.Team `json:"id" writer:"kept"`
	Deleted bool    `json:"deleted" writer:"kept"`
}
