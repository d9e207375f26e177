package accounts

import (
	"context"
	"fmt"
	"unicode/utf8"

	"fivechat.dev/libs/kernel/fault"
)

// The bounds of a password, in characters and in bytes.
const (
	minPassword = 10
	maxPassword = 1024
)

// checkPassword adds to wrong that a new password is too short or too long.
func checkPassword(password string, wrong *fault.Problems) {
	wrong.Check(utf8.RuneCountInString(password) >= minPassword && len(password) <= maxPassword, "password",
		fmt.Sprintf("must have at least %d characters and at most %d bytes", minPassword, maxPassword))
}

// newHash returns what is stored of a new password. It refuses one that is easy to guess, for a person with a name and
// an e-mail address.
func (p *People) newHash(ctx context.Context, password, email, name string) (string, error) {
	if !p.passwords.IsStrong(password, email, name) {
		return "", fault.Bad("password", "is too easy to guess: use a longer one, for example four words")
	}
	return p.passwords.Hash(ctx, password)
}
