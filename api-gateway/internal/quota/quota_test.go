package quota

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/kernel/authz"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
)

// TestEveryRowIsLimited: public rows by address, rows of a known website by every plan.
func TestEveryRowIsLimited(t *testing.T) {
	t.Parallel()
	q := Default()
	for _, rows := range [][]route.Route{route.Public, route.Operator} {
		for _, r := range rows {
			_, byAddress := q.Addresses[r.Class]
			isPublic := r.Rule.Caller == authz.Public.Caller || r.Rule.Caller == authz.Operator.Caller
			if isPublic && !byAddress {
				t.Errorf(
					"%s %s: it is public, but its class %s isn't limited by address", r.Method, r.Pattern,
					r.Class,
				)
			}
			for _, plan := range []identity.Plan{identity.Free, identity.Pro} {
				p, byPlan := q.Plans[plan][r.Class]
				if byAddress == byPlan {
					t.Errorf(
						"%s %s: its class %s is limited both by address and by the plan %s, or by neither", r.Method,
						r.Pattern, r.Class, plan,
					)
				}
				if byPlan && (!p.Caller.valid() || !p.Website.valid()) {
					t.Errorf("%s on %s: %+v", r.Class, plan, p)
				}
			}
		}
	}
}

// TestAddressQuotaDefaultsToAShare: without a quota of its own, an address has a fifth of the website's, and at least
// the caller's.
func TestAddressQuotaDefaultsToAShare(t *testing.T) {
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
		if got := c.website.part(c.caller); got != c.want {
			t.Errorf("of %v, beside a caller's %v: %v, want %v", c.website, c.caller, got, c.want)
		}
	}
}

func TestParseRefusesInvalidAddressQuotas(t *testing.T) {
	t.Parallel()
	const file = `{"plans":{"FREE":{"visitor":{"caller":{"requests":1,"seconds":1},` +
		`"website":{"requests":1,"seconds":1},"address":%s}}}}`
	for address, wrong := range map[string]bool{
		`{"requests":5,"seconds":1}`:  false,
		`{"requests":0,"seconds":0}`:  false,
		`{"requests":5,"seconds":0}`:  true,
		`{"requests":-1,"seconds":1}`: true,
	} {
		_, err := Parse(fmt.Appendf(nil, file, address))
		if named := err != nil &&
			strings.Contains(fmt.Sprint(fault.From(err).Fields), "plans.FREE.visitor.address"); named != wrong {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestParseTakesStorageLimits: the quota file may contain storage limits, which accounts uses. Invalid ones are named.
func TestParseTakesStorageLimits(t *testing.T) {
	t.Parallel()
	for text, names := range map[string]string{
		`{"storage":{"FREE":1073741824}}`: "",
		`{"storage":{"FREE":5}}`:          "storage.FREE",
		`{"storage":{"GOLD":1073741824}}`: "storage.GOLD",
	} {
		_, err := Parse([]byte(text))
		if (err == nil) != (names == "") || err != nil && !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestParseListsValidNames: the error for an unknown class or plan lists the valid ones.
func TestParseListsValidNames(t *testing.T) {
	t.Parallel()
	const amount = `{"requests":5,"seconds":60}`
	const quota = `{"caller":` + amount + `,"website":` + amount + `}`
	const byPlan = "import, read, stream, upload, visitor, write"
	const byAddress = "export, file, health, operator, page, public, session, settings, signIn"
	const valid = "1 to 1000000 requests in 1 to 3600 seconds"
	for file, want := range map[string]string{
		`{"plans":{"FREE":{"reads":` + quota + `}}}`: "plans.FREE.reads must be one of " + byPlan,
		`{"plans":{"PRO":{"page":` + quota + `}}}`:   "plans.PRO.page must be one of " + byPlan,
		`{"plans":{"GOLD":{}}}`:                      "plans.GOLD must be one of FREE, PRO",
		`{"addresses":{"read":` + amount + `}}`:      "addresses.read must be one of " + byAddress,
		`{"addresses":{"page":{"requests":0}}}`:      "addresses.page needs " + valid,
		`{"plans":{"PRO":{"read":{"caller":` + amount + `}}}}`: "plans.PRO.read needs caller and website, each " +
			valid,
	} {
		if _, err := Parse([]byte(file)); err == nil || fault.From(err).Message != want {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}

// TestConfigurationPageListsQuotas: the tables of docs/configuration.md list the classes and their default quotas.
func TestConfigurationPageListsQuotas(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	q := Default()
	stated := func(p Pair) string { return number(p.Caller.Requests) + " | " + number(p.Website.Requests) }
	for class, free := range q.Plans[identity.Free] {
		row := fmt.Sprintf("| `%s` | ", class)
		want := " | " + stated(free) + " | " + stated(q.Plans[identity.Pro][class]) + " |\n"
		if !hasRow(string(page), row, want) {
			t.Errorf("docs/configuration.md has no row %s… %s", row, want)
		}
	}
	for class, amount := range q.Addresses {
		row := fmt.Sprintf("| `%s` | ", class)
		if want := " | " + number(amount.Requests) + " |\n"; !hasRow(string(page), row, want) {
			t.Errorf("docs/configuration.md has no row %s… %s", row, want)
		}
	}
}

// hasRow reports whether a line of a page begins and ends with the given texts.
func hasRow(page, begin, end string) bool {
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, begin) && strings.HasSuffix(line, end) {
			return true
		}
	}
	return false
}

// number formats n below a million with commas.
func number(n int) string {
	if n < 1_000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1_000, n%1_000)
}
