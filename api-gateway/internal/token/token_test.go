package token_test

import (
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/api-gateway/internal/token"
	"fivechat.dev/libs/kernel/fault"
)

// FuzzAuthorization: the bearer is the text after the word Bearer. Any other header is refused as a missing credential.
func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{
		"", "Bearer x", "bearer x", "BEARER  x", "Bearer", "Bearer ", "Basic dTpw", "Bearer 5c_\xff", "Bearer a b",
		" Bearer x", "Bearer\tx",
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		secret, err := token.Bearer(http.Header{"Authorization": {one}})
		scheme, rest, _ := strings.Cut(one, " ")
		switch {
		case err != nil && !fault.Is(err, fault.Unauthenticated):
			t.Fatalf("%q: %v", one, err)
		case err == nil && (secret == "" || !strings.EqualFold(scheme, "Bearer") || !strings.Contains(rest, secret)):
			t.Fatalf("%q has the bearer %q", one, secret)
		}
		if _, err := token.Bearer(http.Header{"Authorization": {one, other}}); !fault.Is(err, fault.Unauthenticated) {
			t.Fatalf("two of them: %v", err)
		}
	})
}
