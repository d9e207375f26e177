// Package passwords hashes passwords with Argon2id, and estimates how many guesses one needs. Begin with Hasher, which
// implements accounts.Passwords.
package passwords

import (
	"context"

	"github.com/alexedwards/argon2id"
	"github.com/trustelem/zxcvbn"

	"fivechat.dev/libs/kernel/fault"
)

// strength is the least score of zxcvbn: 2 is more than 10^6 guesses. It refuses common passwords, their usual
// variants, and those that repeat the person's name or address.
const strength = 2

// estimated bounds the characters that zxcvbn reads, whose time grows with their square: 20 ms for 100.
const estimated = 72

// params is a recommendation of OWASP's Password Storage Cheat Sheet. One hash takes 19 MiB and about 30 ms of a
// processor.
var params = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// atOnce is how many passwords a process hashes at once, which bounds the memory. Further ones wait.
const atOnce = 2

// Hasher implements accounts.Passwords. It is safe for concurrent use.
type Hasher struct {
	room  chan struct{}
	dummy string // a hash that no person has
}

// New returns a Hasher.
func New() (*Hasher, error) {
	dummy, err := argon2id.CreateHash("nobody", params)
	return &Hasher{room: make(chan struct{}, atOnce), dummy: dummy}, err
}

// IsStrong implements accounts.Passwords.
func (h *Hasher) IsStrong(password string, about ...string) bool {
	read := []rune(password)
	read = read[:min(len(read), estimated)]
	return zxcvbn.PasswordStrength(string(read), append(about, "fivechat")).Score >= strength
}

// Hash implements accounts.Passwords. The hash is in the PHC string format.
func (h *Hasher) Hash(ctx context.Context, password string) (hash string, err error) {
	err = h.in(ctx, func() error {
		hash, err = argon2id.CreateHash(password, params)
		return err
	})
	return hash, err
}

// Matches implements accounts.Passwords.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (matches bool, err error) {
	compared := hash
	if compared == "" {
		compared = h.dummy
	}
	err = h.in(ctx, func() error {
		matches, err = argon2id.ComparePasswordAndHash(password, compared)
		return err
	})
	return matches && hash != "", err
}

// in runs do when there is room.
func (h *Hasher) in(ctx context.Context, do func() error) error {
	select {
	case h.room <- struct{}{}:
		defer func() { <-h.room }()
		return do()
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, "too many people are signing in, try again shortly", ctx.Err())
	}
}
