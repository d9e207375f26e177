package accounts_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/accounts"
)

func TestWrongAssignmentsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a     accounts.Assignment
		wrong string
	}{
		{accounts.Assignment{Mode: accounts.Manual, Capacity: 1}, ""},
		{accounts.Assignment{Mode: accounts.RoundRobin, Capacity: 100}, ""},
		{accounts.Assignment{Mode: accounts.LeastBusy, Capacity: 101}, "capacity"},
		{accounts.Assignment{Mode: accounts.LeastBusy}, "capacity"},
		{accounts.Assignment{Mode: "random", Capacity: 1}, "mode"},
		{accounts.Assignment{Capacity: -1}, "mode,capacity"},
	} {
		if got := fieldsOf(c.a.Validate()); got != c.wrong {
			t.Errorf("%+v: %q, want %q", c.a, got, c.wrong)
		}
	}
}

// ruled is the store of a website with a rule, or nil, and users that have been seen.
type ruled struct {
	accounts.Store
	rule *accounts.Assignment
	seen []accounts.User
}

func (r *ruled) Website(context.Context, tenant.ID) (accounts.Website, error) {
	return accounts.Website{Assignment: r.rule}, nil
}

func (r *ruled) Teams(context.Context, tenant.ID) ([]accounts.Team, error) {
	return []accounts.Team{{ID: 3}}, nil
}

func (r *ruled) SeenUsers(context.Context, tenant.ID, time.Time, int64) ([]accounts.User, error) {
	return r.seen, nil
}

// TestCandidatesAreOnline: the candidates are the agents with the status online. Without a rule, there are none, and no
// teams.
func TestCandidatesAreOnline(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	store := &ruled{seen: []accounts.User{
		{ID: 5, LastSeenAt: now, ActiveAt: now},
		{ID: 6, LastSeenAt: now, ActiveAt: now, IsAway: true},
		{ID: 7, LastSeenAt: now, ActiveAt: now.Add(-time.Hour)},
		{ID: 8, LastSeenAt: now.Add(-30 * time.Second)},
	}}
	s := accounts.New(store, nil, nil, nil, nil, nil, nil, func() time.Time { return now })
	for _, c := range []struct {
		rule *accounts.Assignment
		mode accounts.AssignmentMode
		want []id.User
	}{
		{nil, accounts.Manual, nil},
		{&accounts.Assignment{Mode: accounts.Manual, Capacity: 3}, accounts.Manual, nil},
		{&accounts.Assignment{Mode: accounts.LeastBusy, Capacity: 3}, accounts.LeastBusy, []id.User{5, 8}},
	} {
		store.rule = c.rule
		a, got, teams, err := s.Candidates(t.Context(), tenant.ID{})
		if err != nil || a.Mode != c.mode || !slices.Equal(got, c.want) || (len(teams) == 1) != (c.mode != accounts.Manual) {
			t.Errorf("%+v: %+v, %v, %v, %v", c.rule, a, got, teams, err)
		}
	}
}
