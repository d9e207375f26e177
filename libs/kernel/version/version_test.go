package version_test

import (
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/version"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, r := range []version.Of{{}, {ID: 1}, {ID: 1<<53 - 1, Version: 1 << 40}} {
		if back, err := version.Parse(r.String()); err != nil || back != r {
			t.Errorf("%v: %v %v", r, back, err)
		}
	}
	for _, bad := range []string{"", ".", "1", "1.", ".1", "1.2.3", "é.1", "1.-", "99999999999999999999.1"} {
		if r, err := version.Parse(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, r)
		}
	}
}

func TestOfTag(t *testing.T) {
	t.Parallel()
	if r, err := version.OfTag(`"7.1z.aGVsbG8"`); err != nil || r != (version.Of{ID: 7, Version: 71}) {
		t.Errorf("%v %v", r, err)
	}
	for _, bad := range []string{"", `""`, `"7.1"`, `7.1.a`, `W/"7.1.a"`, `"a"`} {
		if r, err := version.OfTag(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, r)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	at := version.Of{ID: 7, Version: 3}
	for name, c := range map[string]struct {
		required *version.Precondition
		state    version.Of
		ok       bool
	}{
		"nothing is required": {nil, at, true},
		"any":                 {&version.Precondition{Any: true}, at, true},
		"any without states":  {&version.Precondition{Any: true}, version.Of{}, true},
		"this one":            {&version.Precondition{Of: []version.Of{{ID: 7, Version: 1}, at}}, at, true},
		"an earlier one":      {&version.Precondition{Of: []version.Of{{ID: 7, Version: 2}}}, at, false},
		"another row's":       {&version.Precondition{Of: []version.Of{{ID: 8, Version: 3}}}, at, false},
		"none":                {&version.Precondition{}, at, false},
		"without states":      {&version.Precondition{Of: []version.Of{{}}}, version.Of{}, false},
	} {
		ctx := t.Context()
		if c.required != nil {
			ctx = version.Require(ctx, *c.required)
		}
		if err := version.Check(ctx, c.state); (err == nil) != c.ok ||
			err != nil && !fault.Is(err, fault.PreconditionFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
