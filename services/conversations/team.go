package conversations

import (
	"context"
	"slices"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
)

// Team is a group of a website's agents.
type Team struct {
	ID      id.Team   `json:"id"`
	Members []id.User `json:"members"`
}

// knownTeam is checkTeam for a change of one conversation. A conversation that doesn't exist is reported first.
func (s *Service) knownTeam(ctx context.Context, t tenant.ID, token string, team *id.Team) error {
	if team == nil {
		return nil
	}
	if _, err := s.store.Get(ctx, t, token); err != nil {
		return err
	}
	return s.checkTeam(ctx, t, team, "teamId")
}

// checkTeam returns an Invalid fault that names the field if a team isn't one of the website. nil is no team.
func (s *Service) checkTeam(ctx context.Context, t tenant.ID, team *id.Team, field string) error {
	if team == nil {
		return nil
	}
	teams, err := s.accounts.Teams(ctx, t)
	if err == nil && !slices.ContainsFunc(teams, func(known Team) bool { return known.ID == *team }) {
		err = fault.Bad(field, "is not a team of this website")
	}
	return err
}

// of returns the rule with the candidates for a conversation: those who are members of its team. A team that doesn't
// exist any more is like none.
func (a Assignment) of(team *id.Team) Assignment {
	if team == nil {
		return a
	}
	i := slices.IndexFunc(a.Teams, func(known Team) bool { return known.ID == *team })
	if i < 0 {
		return a
	}
	a.Candidates = slices.DeleteFunc(slices.Clone(a.Candidates), func(agent id.User) bool {
		return !slices.Contains(a.Teams[i].Members, agent)
	})
	return a
}

// full returns the teams in which no agent has room.
func (a Assignment) full(open map[id.User]int64, last id.User) (teams []id.Team) {
	for _, team := range a.Teams {
		if _, hasRoom := a.of(&team.ID).choose(open, last); !hasRoom {
			teams = append(teams, team.ID)
		}
	}
	return teams
}
