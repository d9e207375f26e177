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

// Lifetime is how long an assertion is valid: longer than any request's deadline, and short enough that a leaked
// assertion is soon worthless.
const Lifetime = 60 * time.Second

// signatureAge is how long Sign returns the same assertion for a principal. It is far less than Lifetime minus a
// request's deadline. Verifying compares wall clock times, so this age is measured on the wall clock too: after a step
// of the clock Sign makes a new assertion.
const signatureAge = 10 * time.Second

// cacheSize bounds each of a ring's two caches: assertions that it signed, and assertions that it verified.
const cacheSize = 16_384

// Keyring signs with its first key and verifies with every key. To rotate keys, add the new one in front, restart
// every component, then drop the old one. Assertions are JWTs with HMAC-SHA256. Most requests come from few callers,
// so a ring caches what it signed, and what it verified until that expires. It is safe for concurrent use.
type Keyring struct {
	keys     [][]byte
	macs     [][]byte // for MAC, one for each key
	now      func() time.Time
	signed   *lru.Cache[Principal, signature]
	verified *lru.Cache[string, claims]
}

type signature struct {
	assertion string
	at        time.Time
}

// NewKeyring returns a ring of one or two keys of at least 32 bytes each.
func NewKeyring(keys ...[]byte) (*Keyring, error) {
	if len(keys) == 0 || len(keys) > 2 {
		return nil, errors.New("identity: one or two assertion keys are needed")
	}
	for i, k := range keys {
		if len(k) < 32 {
			return nil, fmt.Errorf("identity: assertion key %d is shorter than 32 bytes", i+1)
		}
	}
	signed, err := lru.New[Principal, signature](cacheSize)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	verified, err := lru.New[string, claims](cacheSize)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return &Keyring{keys: keys, macs: macKeys(keys), now: time.Now, signed: signed, verified: verified}, nil
}

// ParseKeyring returns a ring of the secrets in a setting.
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

// claims implements jwt.Claims. Only the expiry is used.
func (c claims) GetExpirationTime() (*jwt.NumericDate, error) {
	return jwt.NewNumericDate(time.Unix(c.Expires, 0)), nil
}
func (claims) GetIssuedAt() (*jwt.NumericDate, error)  { return nil, nil }
func (claims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }
func (claims) GetIssuer() (string, error)              { return "", nil }
func (claims) GetSubject() (string, error)             { return "", nil }
func (claims) GetAudience() (jwt.ClaimStrings, error)  { return nil, nil }

// Sign returns an assertion of p that is valid for at least Lifetime minus signatureAge.
func (k *Keyring) Sign(p Principal) (string, error) {
	now := k.now().Round(0)
	if s, ok := k.signed.Get(p); ok && !now.Before(s.at) && now.Sub(s.at) < signatureAge {
		return s.assertion, nil
	}
	c := claims{Principal: p, Expires: now.Add(Lifetime).Unix()}
	assertion, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(k.keys[0])
	if err == nil {
		k.signed.Add(p, signature{assertion, now})
	}
	return assertion, err
}

// Verify returns the Principal of an assertion that one of our components signed and that hasn't expired.
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
