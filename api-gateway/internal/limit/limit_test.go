package limit

import (
	"testing"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/authz"
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
