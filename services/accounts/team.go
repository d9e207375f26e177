package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
)

// The bounds of teams.
const (
	MaxTeams       = 50  // of a website
	maxTeamMembers = 100 // of a team
)

// Team is a group of a website's users. A conversation can be assigned to one.
type Team struct {
	ID        id.Team   `bson:"_id"`
	WebsiteID tenant.ID `bson:"websiteId"`
	Name      string    `bson:"name"`
	Members   []id.User `bson:"members"` // in ascending order
	CreatedAt time.Time `bson:"createdAt"`
	UpdatedAt time.Time `bson:"updatedAt"`
	Version   int64     `bson:"version"` // incremented by every change, also when a member leaves the website
}

// Revision is the version of the team, for ETags.
func (t Team) Revision() version.Of { return version.Of{ID: int64(t.ID), Version: t.Version} }

func (t Team) audited() fields { return fields{"name": t.Name, "members": t.Members} }

// TeamPatch is a partial update of a team, or the input for a new one, which needs a name. Absent fields leave the
// stored value unchanged.
type TeamPatch struct {
	Name    optional.Value[string]
	Members optional.Value[[]id.User]
}

// Validate reports every invalid field.
func (p TeamPatch) Validate() error {
	var wrong fault.Problems
	if p.Name.Set {
		wrong.Check(isName(strings.TrimSpace(p.Name.V)), "name", nameRule)
	}
	wrong.Check(len(p.Members.V) <= maxTeamMembers, "members", fmt.Sprintf("must be at most %d", maxTeamMembers))
	wrong.Check(!p.Members.Null, "members", "must be a list of users")
	return wrong.Err()
}

func (p TeamPatch) apply(t Team) Team {
	set(p.Name, &t.Name, "")
	t.Name = strings.TrimSpace(t.Name)
	if p.Members.Set {
		t.Members = append([]id.User{}, slices.Compact(slices.Sorted(slices.Values(p.Members.V)))...)
	}
	return t
}

// checkMembers returns an Invalid fault unless all members are users of the website.
func (s *Service) checkMembers(ctx context.Context, t tenant.ID, p TeamPatch) error {
	if err := p.Validate(); err != nil {
		return err
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(p.Members.V)))
	found, err := s.UsersOf(ctx, t, distinct)
	if err == nil && len(found) < len(distinct) {
		err = fault.Bad("members", "must be users of this website")
	}
	return err
}

// Teams returns the teams of a website, in the order of their names.
func (s *Service) Teams(ctx context.Context, t tenant.ID) ([]Team, error) {
	teams, err := s.store.Teams(ctx, t)
	slices.SortStableFunc(teams, func(a, b Team) int { return strings.Compare(a.Name, b.Name) })
	return teams, err
}

// Team returns a team of the website.
func (s *Service) Team(ctx context.Context, t tenant.ID, number id.Team) (Team, error) {
	return s.store.Team(ctx, t, number)
}

// CreateTeam adds a team to a website. The error is Conflict if the website has MaxTeams.
func (s *Service) CreateTeam(ctx context.Context, t tenant.ID, p TeamPatch, by By) (Team, error) {
	p.Name.Set = true
	if err := s.checkMembers(ctx, t, p); err != nil {
		return Team{}, err
	}
	number, err := s.store.NextTeam(ctx)
	if err != nil {
		return Team{}, err
	}
	now := s.now()
	team := p.apply(Team{ID: number, WebsiteID: t, Members: []id.User{}, CreatedAt: now, UpdatedAt: now, Version: 1})
	e, err := s.entry(ctx, t, by, "team", "create", int64(number))
	if err != nil {
		return Team{}, err
	}
	return team, s.store.AddTeam(ctx, team, e.changing(nil, team.audited()))
}

// UpdateTeam changes a team.
func (s *Service) UpdateTeam(ctx context.Context, t tenant.ID, number id.Team, p TeamPatch, by By) (Team, error) {
	if err := s.checkMembers(ctx, t, p); err != nil {
		return Team{}, err
	}
	e, err := s.entry(ctx, t, by, "team", "update", int64(number))
	if err != nil {
		return Team{}, err
	}
	return s.store.SaveTeam(ctx, t, number, func(team Team) (Team, Entry, error) {
		before := team.audited()
		team = p.apply(team)
		team.UpdatedAt = s.now()
		team.Version++
		return team, e.changing(before, team.audited()), nil
	})
}

// DeleteTeam removes a team. Conversations keep its id.
func (s *Service) DeleteTeam(ctx context.Context, t tenant.ID, number id.Team, by By) error {
	e, err := s.entry(ctx, t, by, "team", "delete", int64(number))
	if err != nil {
		return err
	}
	return s.store.DeleteTeam(ctx, t, number, func(team Team) Entry { return e.changing(team.audited(), nil) })
}
