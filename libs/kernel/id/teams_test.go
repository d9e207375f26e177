package id_test

import (
	"testing"

	"fivechat.dev/libs/kernel/id"
)

func TestTeamsAreNumbersOrNone(t *testing.T) {
	t.Parallel()
	teams, err := id.ParseTeams([]string{"7", "none"})
	if err != nil || len(teams) != 2 || *teams[0] != 7 || teams[1] != nil {
		t.Errorf("%v, %v", teams, err)
	}
	for _, wrong := range []string{"", "0", "-1", "007", "me", "None", "9007199254740992"} {
		if teams, err := id.ParseTeams([]string{"7", wrong}); err == nil {
			t.Errorf("%q: %v", wrong, teams)
		}
	}
}
