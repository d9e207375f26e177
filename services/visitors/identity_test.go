package visitors_test

import (
	"strings"
	"testing"

	"fivechat.dev/services/visitors"
)

func TestClaimsAreBounded(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		claim visitors.Claim
		wrong string
	}{
		"nothing":            {visitors.Claim{}, ""},
		"a user":             {visitors.Claim{UserID: long(200), Email: long(254)}, ""},
		"a token":            {visitors.Claim{Token: long(4096)}, ""},
		"a hash":             {visitors.Claim{UserID: "7", UserHash: long(64)}, ""},
		"a long user":        {visitors.Claim{UserID: long(201)}, "identity.userId"},
		"an address alone":   {visitors.Claim{Email: "a@b.example"}, ""},
		"a hash alone":       {visitors.Claim{UserHash: long(64)}, "identity.userId"},
		"a long address":     {visitors.Claim{UserID: "7", Email: long(255)}, "identity.email"},
		"a long token":       {visitors.Claim{Token: long(4097)}, "identity.token"},
		"a long hash":        {visitors.Claim{UserID: "7", UserHash: long(4097)}, "identity.userHash"},
		"a token and a hash": {visitors.Claim{UserID: "7", UserHash: "a", Token: "b"}, "identity.userHash"},
		"every member too long": {
			visitors.Claim{UserID: long(201), Email: long(255), Token: long(4097)},
			"identity.userId,identity.email,identity.token",
		},
	} {
		if got := fieldsOf(c.claim.Validate()); got != c.wrong {
			t.Errorf("%s: wrong = %q, want %q", name, got, c.wrong)
		}
	}
}
