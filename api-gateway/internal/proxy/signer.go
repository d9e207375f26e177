package proxy

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"fivechat.dev/libs/identity"
)

// A signature is used again for signedFor, far less than the assertion's lifetime minus a request's deadline. Who verifies it
// looks at the clock on the wall, so its age is told by that too: a clock that was stepped has it signed anew.
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
	at        time.Time
}

func newSigner(keys *identity.Keyring) (*signer, error) {
	cache, err := lru.New[identity.Principal, signature](signatures)
	return &signer{keys, cache}, err
}

func (s *signer) sign(p identity.Principal) (string, error) {
	now := time.Now().Round(0)
	if c, ok := s.cache.Get(p); ok && !now.Before(c.at) && now.Sub(c.at) < signedFor {
		return c.assertion, nil
	}
	assertion, err := s.keys.Sign(p)
	if err == nil {
		s.cache.Add(p, signature{assertion, now})
	}
	return assertion, err
}
