package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"
)

// Header carries the signed assertion between the edge and the services, and among services.
const Header = "X-Fivechat-Assertion"

// Lifetime is how long an assertion is good for: longer than any request's deadline, short enough that a leaked one is
// soon worthless.
const Lifetime = 60 * time.Second

// A signature is used again for signedFor, far less than Lifetime minus a request's deadline. Who verifies it looks at the
// clock on the wall, so its age is told by that too: a clock that was stepped has it signed anew.
const signedFor = 10 * time.Second

// remembered is how many signatures, and how many assertions that were verified, a ring remembers.
const remembered = 16_384

// Keyring signs with its first key and verifies with all, so that a key is rotated by adding the new one in front,
// rolling every component, and dropping the old one. Assertions are JWTs with HMAC-SHA256. The same few callers come again
// and again, so it remembers what it signed, and what it verified until that expires.
type Keyring struct {
	keys     [][]byte
	macs     [][]byte // of MAC, one for each key
	now      func() time.Time
	signed   *lru.Cache[Principal, signature]
	verified *lru.Cache[string, claims]
}

type signature struct {
	assertion string
	at        time.Time
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
	signed, err := lru.New[Principal, signature](remembered)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	verified, err := lru.New[string, claims](remembered)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return &Keyring{keys: keys, macs: macKeys(keys), now: time.Now, signed: signed, verified: verified}, nil
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

// Sign vouches for p, for at least Lifetime minus signedFor.
func (k *Keyring) Sign(p Principal) (string, error) {
	now := k.now().Round(0)
	if s, ok := k.signed.Get(p); ok && !now.Before(s.at) && now.Sub(s.at) < signedFor {
		return s.assertion, nil
	}
	c := claims{Principal: p, Expires: now.Add(Lifetime).Unix()}
	assertion, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(k.keys[0])
	if err == nil {
		k.signed.Add(p, signature{assertion, now})
	}
	return assertion, err
}

// Verify gives the Principal of an assertion that one of our components signed and that has not expired.
func (k *Keyring) Verify(assertion string) (Principal, error) {
	if c, ok := k.verified.Get(assertion); ok && k.now().Before(time.Unix(c.Expires, 0)) {
		return c.Principal, nil
	}
	var err error
	for _, key := range k.keys {
		var c claims
		_, err = jwt.ParseWithClaims(assertion, &c, func(*jwt.Token) (any, error) { return key, nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(k.now))
		if err == nil {
			k.verified.Add(assertion, c)
			return c.Principal, nil
		}
	}
	return Principal{}, fmt.Errorf("identity: %w", err)
}
