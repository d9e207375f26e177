package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"fivechat.dev/libs/kernel/tenant"
)

func ring(t *testing.T, keys ...string) *Keyring {
	t.Helper()
	var bs [][]byte
	for _, k := range keys {
		bs = append(bs, []byte(strings.Repeat(k, 32)))
	}
	r, err := NewKeyring(bs...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerifyAcceptsValidAssertionsOnly(t *testing.T) {
	t.Parallel()
	website, _ := tenant.New(7)
	p := Principal{Kind: Token, Website: website, Level: Read, Plan: Pro, TokenID: 3}
	old, rotating, fresh := ring(t, "a"), ring(t, "b", "a"), ring(t, "b")
	signed, err := old.Sign(p)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rotating.Verify(signed); err != nil || got != p {
		t.Fatalf("while rotating: %+v, %v", got, err)
	}
	if _, err := fresh.Verify(signed); err == nil {
		t.Fatal("an assertion by a dropped key is accepted")
	}
	rotating.now = func() time.Time { return time.Now().Add(Lifetime + 2*time.Second) }
	if _, err := rotating.Verify(signed); err == nil {
		t.Fatal("an expired assertion is accepted because it was verified before")
	}
	forged := signed[:len(signed)-2] + "xx"
	unsigned, _ := jwt.NewWithClaims(jwt.SigningMethodNone,
		claims{Principal: p, Expires: time.Now().Add(time.Hour).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	eternal, _ := jwt.NewWithClaims(jwt.SigningMethodHS256,
		jwt.MapClaims{"kind": "operator"}).SignedString([]byte(strings.Repeat("a", 32)))
	for name, bad := range map[string]string{
		"forged": forged, "unsigned": unsigned, "without expiry": eternal, "empty": "", "noise": "a.b.c",
	} {
		if _, err := old.Verify(bad); err == nil {
			t.Errorf("%s assertion is accepted", name)
		}
	}
}

// TestSignCachesAssertions: Sign returns the same assertion for a while, for the same principal only, and not after
// the clock was set back.
func TestSignCachesAssertions(t *testing.T) {
	t.Parallel()
	r, began := ring(t, "a"), time.Now()
	website, _ := tenant.New(7)
	one := Principal{Kind: Token, Website: website, TokenID: 3}
	other := Principal{Kind: Token, Website: website, TokenID: 4}
	sign := func(p Principal, after time.Duration) string {
		t.Helper()
		r.now = func() time.Time { return began.Add(after) }
		signed, err := r.Sign(p)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Verify(signed); err != nil || got != p {
			t.Fatalf("%+v, %v", got, err)
		}
		return signed
	}
	first := sign(one, 0)
	if sign(one, signatureAge-time.Second) != first {
		t.Error("a second call signs again")
	}
	if sign(other, 0) == first {
		t.Error("two principals share an assertion")
	}
	if sign(one, signatureAge+time.Second) == first {
		t.Error("the assertion is older than signatureAge")
	}
	if again := sign(one, -time.Hour); again == first {
		t.Error("the assertion is from before a step of the clock")
	}
}

func TestKeyringRefusesWeakKeys(t *testing.T) {
	t.Parallel()
	strong := []byte(strings.Repeat("k", 32))
	for name, keys := range map[string][][]byte{
		"none": nil, "short": {strong[:31]}, "three": {strong, strong, strong},
	} {
		if _, err := NewKeyring(keys...); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
