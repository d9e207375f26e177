package harness

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"testing"
)

// SignUser returns the JWT that a website's backend makes for its user, with HS256. It uses no library, as a backend
// may not either.
func SignUser(secret string, claims Map) string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err) // claims are texts and numbers
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(Map{"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac(secret, signed))
}

// UserHash returns the hash that a website's backend makes of its user's id.
func UserHash(secret, userID string) string { return hex.EncodeToString(mac(secret, userID)) }

func mac(secret, text string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// NewIdentitySecret creates an identity secret as an admin of a website, and returns its id and the secret.
func (p Person) NewIdentitySecret(t testing.TB) (id int64, secret string) {
	t.Helper()
	made := p.Send(t, 201, "POST", "/identity-secrets", nil)
	return made.Int("id"), made.Text("secret")
}
