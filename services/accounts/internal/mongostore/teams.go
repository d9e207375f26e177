package mongostore

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/libs/kernel/version"
	"fivechat.dev/libs/store/mongokit"
	"fivechat.dev/services/accounts"
)

// NextTeam implements accounts.Store.
func (s *Store) NextTeam(ctx context.Context) (id.Team, error) {
	n, err := s.teamIDs.Next(ctx)
	return id.Team(n), err
}

// Teams implements accounts.Store.
func (s *Store) Teams(ctx context.Context, t tenant.ID) ([]accounts.Team, error) {
	return s.teams.List(ctx, t, nil, mongokit.Query{Sort: newestFirst, Limit: accounts.MaxTeams, Index: newestFirst})
}

// Team implements accounts.Store.
func (s *Store) Team(ctx context.Context, t tenant.ID, number id.Team) (accounts.Team, error) {
	return s.teams.Get(ctx, t, byID(number))
}

// AddTeam implements accounts.Store.
func (s *Store) AddTeam(ctx context.Context, team accounts.Team, e accounts.Entry) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.countAddition(ctx, team.WebsiteID, "teamsVersion"); err != nil {
			return err
		}
		there, err := s.teams.Count(ctx, team.WebsiteID, nil)
		if err != nil {
			return err
		}
		if there >= accounts.MaxTeams {
			return fault.Coded(fault.Conflict, "too_many_teams",
				fmt.Sprintf("the website has %d teams, which is the limit", there))
		}
		if err := s.teams.Insert(ctx, team.WebsiteID, team); err != nil {
			return err
		}
		return s.AddEntry(ctx, e)
	})
}

// SaveTeam implements accounts.Store.
func (s *Store) SaveTeam(
	ctx context.Context, t tenant.ID, number id.Team, change func(accounts.Team) (accounts.Team, accounts.Entry, error),
) (accounts.Team, error) {
	return save(ctx, s, s.teams, t, number, func(team accounts.Team) (accounts.Team, accounts.Entry, error) {
		if err := version.Check(ctx, team.Revision()); err != nil {
			return team, accounts.Entry{}, err
		}
		return change(team)
	})
}

// DeleteTeam implements accounts.Store.
func (s *Store) DeleteTeam(
	ctx context.Context, t tenant.ID, number id.Team, entry func(accounts.Team) accounts.Entry,
) error {
	_, err := remove(ctx, s, s.teams, t, number, func(team accounts.Team) (accounts.Entry, error) {
		return entry(team), version.Check(ctx, team.Revision())
	})
	return err
}

// leaveTeams removes a user from all teams of a website, in the transaction of ctx.
func (s *Store) leaveTeams(ctx context.Context, t tenant.ID, user id.User) error {
	isMember := bson.D{{Key: "members", Value: user}}
	_, err := s.teams.UpdateAll(ctx, t, isMember, bson.D{
		{Key: "$pull", Value: isMember}, {Key: "$inc", Value: bson.D{{Key: "version", Value: 1}}},
	})
	return err
}
