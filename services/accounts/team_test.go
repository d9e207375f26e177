package accounts

import (
	"slices"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/optional"
)

func TestTeamsHaveBounds(t *testing.T) {
	t.Parallel()
	members := func(n int) optional.Value[[]id.User] { return optional.Of(make([]id.User, n)) }
	for name, c := range map[string]struct {
		patch TeamPatch
		wrong string
	}{
		"nothing":      {TeamPatch{}, ""},
		"longest":      {TeamPatch{optional.Of(strings.Repeat("ä", 100)), members(maxTeamMembers)}, ""},
		"no members":   {TeamPatch{Members: members(0)}, ""},
		"long name":    {TeamPatch{Name: optional.Of(strings.Repeat("ä", 101))}, "name"},
		"blank name":   {TeamPatch{Name: optional.Of(" \t")}, "name"},
		"null name":    {TeamPatch{Name: optional.Value[string]{Set: true, Null: true}}, "name"},
		"many members": {TeamPatch{Members: members(maxTeamMembers + 1)}, "members"},
		"null members": {TeamPatch{Members: optional.Value[[]id.User]{Set: true, Null: true}}, "members"},
	} {
		err := c.patch.Validate()
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
	}
}

// TestTeamHasEachMemberOnce: in ascending order. What a change doesn't name stays.
func TestTeamHasEachMemberOnce(t *testing.T) {
	t.Parallel()
	team := TeamPatch{Name: optional.Of(" Support "), Members: optional.Of([]id.User{9, 5, 9, 7})}.apply(Team{})
	renamed := TeamPatch{Name: optional.Of("Sales")}.apply(team)
	emptied := TeamPatch{Members: optional.Of([]id.User{})}.apply(renamed)
	if team.Name != "Support" || !slices.Equal(team.Members, []id.User{5, 7, 9}) {
		t.Errorf("%+v", team)
	}
	if renamed.Name != "Sales" || !slices.Equal(renamed.Members, team.Members) {
		t.Errorf("%+v", renamed)
	}
	if emptied.Name != "Sales" || emptied.Members == nil || len(emptied.Members) != 0 {
		t.Errorf("%+v", emptied)
	}
}
