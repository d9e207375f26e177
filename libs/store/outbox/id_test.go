package outbox

import (
	"testing"

	"github.com/google/uuid"
)

func TestIDsOfAKeyAscend(t *testing.T) {
	t.Parallel()
	now := uuid.MustParse("01932c07-8a00-7abc-8def-0123456789ab")
	for name, c := range map[string]struct{ last, want string }{
		"a clock idAfter": {"01932c07-8000-7fff-bfff-ffffffffffff", now.String()},
		"a clock ahead":   {"01932c07-92d0-7fff-bfff-ffffffffffff", "01932c07-92d1-7abc-8def-0123456789ab"},
		"the same":        {now.String(), "01932c07-8a01-7abc-8def-0123456789ab"},
		"a carry":         {"01932c07-ffff-7000-8000-000000000000", "01932c08-0000-7abc-8def-0123456789ab"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := idAfter(now, c.last)
			if err != nil || got != c.want || got <= c.last {
				t.Fatalf("%s idAfter %s, not %s: %v", got, c.last, c.want, err)
			}
			if v := uuid.MustParse(got).Version(); v != 7 {
				t.Fatalf("version %d", v)
			}
		})
	}
	if got, err := idAfter(now, "zzz"); err == nil {
		t.Fatalf("%s stands idAfter what is no id", got)
	}
}
