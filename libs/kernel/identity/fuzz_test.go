package identity_test

import (
	"testing"

	"fivechat.dev/libs/kernel/identity"
)

// FuzzSecret: a well-formed secret has 41 characters, and changing one of them makes it malformed.
func FuzzSecret(f *testing.F) {
	f.Add(identity.NewSecret(), uint8(7))
	f.Add("", uint8(0))
	f.Add("5c_", uint8(1))
	f.Add("5c_\xff\xfe", uint8(2))
	f.Fuzz(func(t *testing.T, secret string, at uint8) {
		if len(identity.HashSecret(secret)) != 64 {
			t.Fatalf("the hash of %q has %d characters", secret, len(identity.HashSecret(secret)))
		}
		if !identity.WellFormed(secret) {
			return
		}
		if len(secret) != 41 {
			t.Fatalf("%q is well-formed", secret)
		}
		b := []byte(secret)
		b[int(at)%len(b)] ^= 1
		if identity.WellFormed(string(b)) {
			t.Fatalf("%q and %q are well-formed", secret, b)
		}
	})
}
