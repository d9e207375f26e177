package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Header carries the signed assertion between the edge and the services, and among services.
const Header = "X-Fivechat-Assertion"

// Lifetime is how long an assertion is good for: longer than any request's deadline, short enough that a leaked one is
// soon worthless.
const Lifetime = 60 * time.Second

// Keyring signs with its first key and verifies with all, so that a key is rotated by adding the new one in front,
// rolling every component, and dropping the old one. Assertions are JWTs with HMAC-SHA256.
type Keyring struct {
	keys [][]byte
	now  func() time.Time
}

// NewKeyring makes a ring of one or two keys of at least 32 bytes each.
func NewKeyring(keys ...[]byte) (*Keyring, error) {
	if len(keys) == 0 || len(keys) > 2 {
		return nil, errors.New("identity: one or two assertion keys are needed")
	}
	for i, k := range keys {
		if len(k) < 32 {
			return nil, fmt.Errorf("identity: assertion key %d is shorter than 32 bytes", i+1)
		}
	}
	return &Keyring{keys: keys, now: time.Now}, nil
}

// ParseKeyring makes a ring of secrets as settings hold them.
func ParseKeyring(secrets []string) (*Keyring, error) {
	keys := make([][]byte, len(secrets))
	for i, s := range secrets {
		keys[i] = []byte(s)
	}
	return NewKeyring(keys...)
}

type claims struct {
	Principal
	Expires int64 `json:"exp"` // Unix seconds
}

// The methods jwt.Claims asks for; only the expiry is used.
func (c claims) GetExpirationTime() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(time.Unix(c.Expires, 0)), nil
}
func (claims) GetIssuedAt() (*jwt.NumericDate, error)  { return nil, nil }
func (claims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }
func (claims) GetIssuer() (string, error)              { return "", nil }
func (claims) GetSubject() (string, error)             { return "", nil }
func (claims) GetAudience() (jwt.ClaimStrings, error)  { return nil, nil }

// Sign vouches for p for Lifetime.
func (k *Keyring) Sign(p Principal) (string, error) {
	c := claims{Principal: p, Expires: k.now().Add(Lifetime).Unix()}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(k.keys[0])
}

// Verify gives the Principal of an assertion that one of our components signed and that has not expired.
func (k *Keyring) Verify(assertion string) (Principal, error) {
	var err error
	for _, key := range k.keys {
		var c claims
		_, err = jwt.ParseWithClaims(assertion, &c, func(*jwt.Token) (any, error) { return key, nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(k.now))
		if err == nil {
			return c.Principal, nil
		}
	}
	return Principal{}, fmt.Errorf("identity: %w", err)
}
