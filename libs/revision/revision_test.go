package revision_test

import (
	"testing"

	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/revision"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, r := range []revision.Of{{}, {ID: 1}, {ID: 1<<53 - 1, Version: 1 << 40}} {
		if back, err := revision.Parse(r.String()); err != nil || back != r {
			t.Errorf("%v: %v %v", r, back, err)
		}
	}
	for _, bad := range []string{"", ".", "1", "1.", ".1", "1.2.3", "é.1", "1.-", "99999999999999999999.1"} {
		if r, err := revision.Parse(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, r)
		}
	}
}

func TestOfTag(t *testing.T) {
	t.Parallel()
	if r, err := revision.OfTag(`"7.1z.aGVsbG8"`); err != nil || r != (revision.Of{ID: 7, Version: 71}) {
		t.Errorf("%v %v", r, err)
	}
	for _, bad := range []string{"", `""`, `"7.1"`, `7.1.a`, `W/"7.1.a"`, `"a"`} {
		if r, err := revision.OfTag(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, r)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	at := revision.Of{ID: 7, Version: 3}
	for name, c := range map[string]struct {
		required *revision.Precondition
		state    revision.Of
		ok       bool
	}{
		"nothing is required": {nil, at, true},
		"any":                 {&revision.Precondition{Any: true}, at, true},
		"any without states":  {&revision.Precondition{Any: true}, revision.Of{}, true},
		"this one":            {&revision.Precondition{Of: []revision.Of{{ID: 7, Version: 1}, at}}, at, true},
		"an earlier one":      {&revision.Precondition{Of: []revision.Of{{ID: 7, Version: 2}}}, at, false},
		"another row's":       {&revision.Precondition{Of: []revision.Of{{ID: 8, Version: 3}}}, at, false},
		"none":                {&revision.Precondition{}, at, false},
		"without states":      {&revision.Precondition{Of: []revision.Of{{}}}, revision.Of{}, false},
	} {
		ctx := t.Context()
		if c.required != nil {
			ctx = revision.Require(ctx, *c.required)
		}
		if err := revision.Check(ctx, c.state); (err == nil) != c.ok || err != nil && !fault.Is(err, fault.PreconditionFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
