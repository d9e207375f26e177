package mongostore_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/mongostore"
)

func newTeam(t *testing.T, s *mongostore.Store, of tenant.ID, members ...id.User) accounts.Team {
	t.Helper()
	number, err := s.NextTeam(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return accounts.Team{
		ID:        number,
		WebsiteID: of,
		Name:      fmt.Sprint("Team ", number),
		Members:   append([]id.User{}, members...),
		CreatedAt: day,
		UpdatedAt: day,
		Version:   1,
	}
}

func ofTeam(team accounts.Team) accounts.Entry { return entry(team.WebsiteID) }

// newWebsite stores a website, and returns its id.
func newWebsite(t *testing.T, s *mongostore.Store) tenant.ID {
	t.Helper()
	number, err := s.NextWebsite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := accounts.Website{ID: number, Name: "Shop", URL: "https://shop.example", Plan: identity.Pro, CreatedAt: day}
	if err := s.AddWebsite(t.Context(), w, entry(number)); err != nil {
		t.Fatal(err)
	}
	return number
}

// TestUserLeavesTheTeams: in the transaction in which the user leaves the website, which also changes the version.
func TestUserLeavesTheTeams(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	w, other := newWebsite(t, s), newWebsite(t, s)
	ann, ben := addUser(t, s, w, "ann@example.com"), addUser(t, s, w, "ben@example.com")
	both, second, theirs := newTeam(t, s, w, ann.ID, ben.ID), newTeam(t, s, w, ben.ID), newTeam(t, s, other, ann.ID)
	for _, team := range []accounts.Team{both, second, theirs} {
		if err := s.AddTeam(ctx, team, entry(team.WebsiteID)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteUser(ctx, w, ann.ID, ofUser); err != nil {
		t.Fatal(err)
	}
	both.Members, both.Version = []id.User{ben.ID}, 2
	got, err := s.Team(ctx, w, both.ID)
	want(t, got, err, both)
	got, err = s.Team(ctx, w, second.ID)
	want(t, got, err, second)
	got, err = s.Team(ctx, other, theirs.ID)
	want(t, got, err, theirs)
}

// TestTeamsAreStored: each is changed and removed by its own website only.
func TestTeamsAreStored(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	w, other := newWebsite(t, s), newWebsite(t, s)
	team := newTeam(t, s, w, 5)
	if err := s.AddTeam(ctx, team, entry(w)); err != nil {
		t.Fatal(err)
	}
	rename := func(team accounts.Team) (accounts.Team, accounts.Entry, error) {
		team.Name, team.Version = "Renamed", team.Version+1
		return team, entry(team.WebsiteID), nil
	}
	_, err := s.SaveTeam(ctx, other, team.ID, rename)
	wantKind(t, err, fault.NotFound)
	wantKind(t, s.DeleteTeam(ctx, other, team.ID, ofTeam), fault.NotFound)
	_, err = s.Team(ctx, other, team.ID)
	wantKind(t, err, fault.NotFound)
	team.Name, team.Version = "Renamed", 2
	got, err := s.SaveTeam(ctx, w, team.ID, rename)
	want(t, got, err, team)
	all, err := s.Teams(ctx, w)
	want(t, all, err, []accounts.Team{team})
	if err := s.DeleteTeam(ctx, w, team.ID, ofTeam); err != nil {
		t.Error(err)
	}
	wantKind(t, s.DeleteTeam(ctx, w, team.ID, ofTeam), fault.NotFound)
	if all, err = s.Teams(ctx, w); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestTeamsAreBounded: also if the last ones are added at the same time.
func TestTeamsAreBounded(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t), t.Context()
	w := newWebsite(t, s)
	for range accounts.MaxTeams - 2 {
		if err := s.AddTeam(ctx, newTeam(t, s, w), entry(w)); err != nil {
			t.Fatal(err)
		}
	}
	var added atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		team := newTeam(t, s, w)
		all.Go(func() {
			var refused *fault.Error
			switch err := s.AddTeam(ctx, team, entry(w)); {
			case err == nil:
				added.Add(1)
			case !errors.As(err, &refused) || refused.Code != "too_many_teams":
				t.Error(err)
			}
		})
	}
	all.Wait()
	if teams, err := s.Teams(ctx, w); err != nil || len(teams) != accounts.MaxTeams || added.Load() != 2 {
		t.Errorf("%d teams, %d of them at last: %v", len(teams), added.Load(), err)
	}
	unknown := newTeam(t, s, tenant.ID{})
	wantKind(t, s.AddTeam(ctx, unknown, entry(w)), fault.NotFound)
}
