package accounts

import (
	"testing"
	"time"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// TestEntriesAboutAPersonAreBounded: websites of others get them first, however many the person owns, and then the
// oldest. The list of memberships itself stays as it is.
func TestEntriesAboutAPersonAreBounded(t *testing.T) {
	t.Parallel()
	joined := func(number int, role identity.Role) MembershipOf {
		return MembershipOf{Membership: Membership{
			ID: id.Membership(number), Role: role, CreatedAt: time.Unix(int64(number), 0),
		}}
	}
	if got := noted([]MembershipOf{joined(2, identity.Owner), joined(1, identity.Owner)}); len(got) != 2 {
		t.Errorf("%d of two websites", len(got))
	}
	var all []MembershipOf
	for n := range 30 {
		all = append(all, joined(30-n, identity.Owner))
	}
	all = append(all, joined(31, identity.Agent))
	got := noted(all)
	if len(got) != maxNoted || got[0].ID != 31 || got[1].ID != 1 || got[maxNoted-1].ID != maxNoted-1 {
		t.Errorf("%d websites: %+v", len(got), got)
	}
	if all[0].ID != 30 {
		t.Error("the list has another order")
	}
}
