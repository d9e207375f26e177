package mongostore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fivechat.dev/services/visitors"
)

// TestBlockIsOnEveryDevice: on those that the visitor has, on one that they get later, and after that on none.
func TestBlockIsOnEveryDevice(t *testing.T) {
	t.Parallel()
	f := newStore(t)
	browser := f.devices(t)
	first, second := browser("1"), browser("1")
	v := first.open(proven("7"))
	second.open(proven("7"))
	other := f.create(t, one)
	blocked := func(token string) bool {
		t.Helper()
		_, owner, err := f.Owner(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return owner.IsBlocked
	}
	set := func(at time.Time) {
		t.Helper()
		_, err := f.Save(t.Context(), one, v.Token, func(v visitors.Visitor) (visitors.Visitor, error) {
			v.BlockedAt = at
			return v, nil
		})
		wantDone(t, err)
	}
	set(day)
	third := browser("1")
	third.open(proven("7"))
	if !blocked(first.token) || !blocked(second.token) || !blocked(third.token) || blocked(other.Token) {
		t.Error("not the visitor's tokens are blocked, and no others")
	}
	set(time.Time{})
	if blocked(first.token) || blocked(second.token) || blocked(third.token) {
		t.Error("a token is still blocked")
	}
	published := f.published(t)
	for _, want := range []string{
		fmt.Sprintf(`visitor.blocked 1 %[1]d {"visitorId":%[1]d}`, v.ID),
		fmt.Sprintf(`visitor.unblocked 1 %[1]d {"visitorId":%[1]d}`, v.ID),
	} {
		if !slices.Contains(published, want) {
			t.Errorf("%s isn't among %v", want, published)
		}
	}
}
