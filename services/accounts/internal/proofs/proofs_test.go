package proofs_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/services/accounts"
	"fivechat.dev/services/accounts/internal/proofs"
)

const (
	secret  = "isec_current"
	old     = "isec_old"
	foreign = "isec_another_website"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func signed(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	s, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// claims are those of a user, with changes; a nil value removes a claim.
func claims(changes jwt.MapClaims) jwt.MapClaims {
	c := jwt.MapClaims{
		"sub": "4711", "email": "vera@customer.example", "name": "Vera", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	for name, v := range changes {
		if v == nil {
			delete(c, name)
		} else {
			c[name] = v
		}
	}
	return c
}

func hash(key, user string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(user))
	return hex.EncodeToString(h.Sum(nil))
}

// wrong returns the field that an error names, and what it says.
func wrong(err error) (field, message string) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 {
		return "", ""
	}
	return f.Fields[0].Field, f.Fields[0].Message
}

func verify(p accounts.IdentityProof, secrets ...string) (accounts.VerifiedIdentity, error) {
	return proofs.Verifier{}.Verify(p, secrets, now)
}

func TestSignedTokensAreVerified(t *testing.T) {
	t.Parallel()
	full := accounts.VerifiedIdentity{UserID: "4711", Email: "vera@customer.example", Name: "Vera"}
	for name, c := range map[string]struct {
		key    string
		claims jwt.MapClaims
		userID string
		want   accounts.VerifiedIdentity
	}{
		"the current secret":     {secret, nil, "", full},
		"a secret being rotated": {old, nil, "", full},
		"with the same userId":   {secret, nil, "4711", full},
		"only the user's id": {
			secret, jwt.MapClaims{"email": nil, "name": nil, "iat": nil}, "", accounts.VerifiedIdentity{UserID: "4711"},
		},
		"expired 59 s ago":         {secret, jwt.MapClaims{"exp": now.Add(-59 * time.Second).Unix()}, "", full},
		"issued 59 s ahead":        {secret, jwt.MapClaims{"iat": now.Add(59 * time.Second).Unix()}, "", full},
		"valid for a day":          {secret, jwt.MapClaims{"exp": now.Add(24 * time.Hour).Unix()}, "", full},
		"spaces around a name":     {secret, jwt.MapClaims{"name": " Vera "}, "", full},
		"a claim of another issue": {secret, jwt.MapClaims{"role": "admin"}, "", full},
	} {
		token := signed(t, jwt.SigningMethodHS256, []byte(c.key), claims(c.claims))
		got, err := verify(accounts.IdentityProof{Token: token, UserID: c.userID}, secret, old)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	good := signed(t, jwt.SigningMethodHS256, []byte(secret), claims(nil))
	parts := strings.Split(good, ".")
	other := strings.Split(signed(t, jwt.SigningMethodHS256, []byte(secret), claims(jwt.MapClaims{"sub": "1"})), ".")
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"another website's secret":  signed(t, jwt.SigningMethodHS256, []byte(foreign), claims(nil)),
		"alg none":                  signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims(nil)),
		"alg RS256":                 signed(t, jwt.SigningMethodRS256, private, claims(nil)),
		"alg HS512, right secret":   signed(t, jwt.SigningMethodHS512, []byte(secret), claims(nil)),
		"an empty secret":           signed(t, jwt.SigningMethodHS256, []byte(""), claims(nil)),
		"no signature":              parts[0] + "." + parts[1] + ".",
		"another token's signature": parts[0] + "." + parts[1] + "." + other[2],
		"another token's claims":    parts[0] + "." + other[1] + "." + parts[2],
		"foreign and expired": signed(t, jwt.SigningMethodHS256, []byte(foreign),
			claims(jwt.MapClaims{"exp": now.Add(-time.Hour).Unix()})),
		"no JWT": "a.b.c", "noise": "token",
	} {
		got, err := verify(accounts.IdentityProof{Token: token}, secret)
		field, message := wrong(err)
		if got != (accounts.VerifiedIdentity{}) || field != "token" || !strings.Contains(message, "signed with HS256") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := verify(accounts.IdentityProof{Token: good}); err == nil {
		t.Error("a website without secrets accepts a token")
	}
}

func TestSignedTokensWithWrongClaimsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claims         jwt.MapClaims
		userID         string
		field, message string
	}{
		"expired 61 s ago":  {jwt.MapClaims{"exp": now.Add(-61 * time.Second).Unix()}, "", "token", "has expired"},
		"no expiry":         {jwt.MapClaims{"exp": nil}, "", "token", "claim exp"},
		"valid for longer":  {jwt.MapClaims{"exp": now.Add(25 * time.Hour).Unix()}, "", "token", "within 24 hours"},
		"issued 61 s ahead": {jwt.MapClaims{"iat": now.Add(61 * time.Second).Unix()}, "", "token", "isn't valid yet"},
		"not valid yet":     {jwt.MapClaims{"nbf": now.Add(61 * time.Second).Unix()}, "", "token", "isn't valid yet"},
		"no user":           {jwt.MapClaims{"sub": nil}, "", "token", "claim sub"},
		"an empty user":     {jwt.MapClaims{"sub": ""}, "", "token", "claim sub"},
		"a number as user":  {jwt.MapClaims{"sub": 4711}, "", "token", "claim sub"},
		"a long user":       {jwt.MapClaims{"sub": strings.Repeat("u", 201)}, "", "token", "claim sub"},
		"no address":        {jwt.MapClaims{"email": "vera"}, "", "token", "e-mail claim"},
		"a list as address": {jwt.MapClaims{"email": []string{"a@b.example"}}, "", "token", "e-mail claim"},
		"a long name":       {jwt.MapClaims{"name": strings.Repeat("ä", 101)}, "", "token", "claim name"},
		"control character": {jwt.MapClaims{"name": "a\u0000b"}, "", "token", "claim name"},
		"another userId":    {nil, "4712", "userId", "claim sub"},
	} {
		token := signed(t, jwt.SigningMethodHS256, []byte(secret), claims(c.claims))
		got, err := verify(accounts.IdentityProof{Token: token, UserID: c.userID}, secret)
		field, message := wrong(err)
		if got != (accounts.VerifiedIdentity{}) || field != c.field || !strings.Contains(message, c.message) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestUserHashesAreVerified(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		userID, hash, field string
	}{
		"the current secret":       {"4711", hash(secret, "4711"), ""},
		"a secret being rotated":   {"4711", hash(old, "4711"), ""},
		"upper case":               {"4711", strings.ToUpper(hash(secret, "4711")), ""},
		"another website's secret": {"4711", hash(foreign, "4711"), "userHash"},
		"an empty secret":          {"4711", hash("", "4711"), "userHash"},
		"another user":             {"4712", hash(secret, "4711"), "userHash"},
		"half of it":               {"4711", hash(secret, "4711")[:32], "userHash"},
		"no hexadecimal digits":    {"4711", "hash", "userHash"},
		"no user":                  {"", hash(secret, ""), "userId"},
	} {
		got, err := verify(accounts.IdentityProof{UserID: c.userID, UserHash: c.hash}, secret, old)
		field, _ := wrong(err)
		if field != c.field || c.field == "" && (err != nil || got != (accounts.VerifiedIdentity{UserID: c.userID})) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
