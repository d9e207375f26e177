package identity_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/identity"
)

func TestNewSecretIsWellFormedAndUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		s := identity.NewSecret()
		if !identity.WellFormed(s) || seen[s] {
			t.Fatalf("%q: well-formed %t, seen before %t", s, identity.WellFormed(s), seen[s])
		}
		seen[s] = true
	}
}

func TestWellFormedRefusesEveryMistypedCharacter(t *testing.T) {
	t.Parallel()
	s := identity.NewSecret()
	for i := range s {
		for _, c := range "0aZ-" {
			if wrong := s[:i] + string(c) + s[i+1:]; wrong != s && identity.WellFormed(wrong) {
				t.Errorf("%q is well-formed, with one character changed from %q", wrong, s)
			}
		}
	}
}

func TestWellFormedAcceptsFixedSecrets(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("0", 32)
	for secret, want := range map[string]bool{
		"5c_" + zeros + "2wjyrI":          true, // fixed, so that later versions accept old tokens
		"5c_" + zeros + "2wjyrx":          false,
		"5c_" + zeros:                     false,
		"5c_":                             false,
		"":                                false,
		"5C_" + zeros + "000000":          false,
		identity.NewSecret() + "0":        false,
		" " + identity.NewSecret():        false,
		identity.NewSecret()[3:]:          false,
		"6c_" + identity.NewSecret()[3:]:  false,
		identity.NewSecret():              true,
		"5c_" + zeros[1:] + "-2wjyrI":     false,
		"5c_" + strings.Repeat("0", 1024): false,
	} {
		if got := identity.WellFormed(secret); got != want {
			t.Errorf("WellFormed(%q) = %t", secret, got)
		}
	}
}

func TestHashSecretIsSHA256(t *testing.T) {
	t.Parallel()
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := identity.HashSecret("abc"); got != want {
		t.Errorf("HashSecret = %s, want %s", got, want)
	}
}
