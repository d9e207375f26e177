package limit

import (
	"fmt"
	"strings"
	"testing"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/authz"
	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/identity"
)

// TestEveryRowIsLimited: by its address where anybody may ask, by every plan where a website is known.
func TestEveryRowIsLimited(t *testing.T) {
	t.Parallel()
	q := Default()
	for _, rows := range [][]route.Route{route.Public, route.Operator} {
		for _, r := range rows {
			_, byAddress := q.Addresses[r.Class]
			nobody := r.Rule.Caller == authz.Public.Caller || r.Rule.Caller == authz.Operator.Caller
			if nobody && !byAddress {
				t.Errorf("%s %s: anybody may ask, and its class %s is not limited by address", r.Method, r.Pattern, r.Class)
			}
			for _, plan := range []identity.Plan{identity.Free, identity.Pro} {
				p, byPlan := q.Plans[plan][r.Class]
				if byAddress == byPlan {
					t.Errorf("%s %s: its class %s is limited both by address and by the plan %s, or by neither", r.Method, r.Pattern, r.Class, plan)
				}
				if byPlan && (!p.Caller.valid() || !p.Website.valid()) {
					t.Errorf("%s on %s: %+v", r.Class, plan, p)
				}
			}
		}
	}
}

// TestShareOfAnAddress: where no quota of an address is set, it is a fifth of the website's, and at least the caller's.
func TestShareOfAnAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		website, caller, want Amount
	}{
		{Amount{6_000, 60}, Amount{240, 60}, Amount{1_200, 60}},
		{Amount{9, 3_600}, Amount{4, 3_600}, Amount{4, 3_600}},
		{Amount{600, 60}, Amount{240, 1}, Amount{240, 1}},
		{Amount{601, 60}, Amount{}, Amount{121, 60}},
		{Amount{1, 60}, Amount{}, Amount{1, 60}},
	} {
		if got := c.website.share(c.caller); got != c.want {
			t.Errorf("of %v, beside a caller's %v: %v, want %v", c.website, c.caller, got, c.want)
		}
	}
}

func TestParseRefusesAnAddressQuotaThatCannotBe(t *testing.T) {
	t.Parallel()
	const file = `{"plans":{"FREE":{"visitor":{"caller":{"requests":1,"seconds":1},"website":{"requests":1,"seconds":1},"address":%s}}}}`
	for address, wrong := range map[string]bool{
		`{"requests":5,"seconds":1}`: false, `{"requests":0,"seconds":0}`: false, `{"requests":5,"seconds":0}`: true, `{"requests":-1,"seconds":1}`: true,
	} {
		_, err := Parse(fmt.Appendf(nil, file, address))
		if named := err != nil && strings.Contains(fmt.Sprint(fault.From(err).Fields), "plans.FREE.visitor.address"); named != wrong {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestParseTakesStorageLimits: the file of quotas may state storage limits, which accounts uses, and wrong ones are named.
func TestParseTakesStorageLimits(t *testing.T) {
	t.Parallel()
	for text, names := range map[string]string{
		`{"storage":{"FREE":1073741824}}`: "", `{"storage":{"FREE":5}}`: "storage.FREE", `{"storage":{"GOLD":1073741824}}`: "storage.GOLD",
	} {
		_, err := Parse([]byte(text))
		if (err == nil) != (names == "") || err != nil && !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
