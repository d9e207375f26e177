package proxy

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"fivechat.dev/libs/identity"
)

// A signature is used again for signedFor, far less than the assertion's lifetime minus a request's deadline.
const (
	signedFor  = 10 * time.Second
	signatures = 16_384
)

// signer vouches for principals. The same few callers come again and again, so it remembers their signatures.
type signer struct {
	keys  *identity.Keyring
	cache *lru.Cache[identity.Principal, signature]
}

type signature struct {
	assertion string
	until     time.Time
}

func newSigner(keys *identity.Keyring) (*signer, error) {
	cache, err := lru.New[identity.Principal, signature](signatures)
	return &signer{keys, cache}, err
}

func (s *signer) sign(p identity.Principal) (string, error) {
	now := time.Now()
	if c, ok := s.cache.Get(p); ok && now.Before(c.until) {
		return c.assertion, nil
	}
	assertion, err := s.keys.Sign(p)
	if err == nil {
		s.cache.Add(p, signature{assertion, now.Add(signedFor)})
	}
	return assertion, err
}
