package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"strings"
)

// An API token's secret consists of a prefix, by which scanners find a leaked secret; random characters; and a
// checksum, by which a mistyped secret is refused without a lookup. The characters that a list of tokens hides still
// have 160 bits.
const (
	secretMark   = "5c_"
	secretRandom = 32 // 190 bits
	secretCheck  = 6

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewSecret returns a new secret for an API token.
func NewSecret() string {
	random := make([]byte, 0, secretRandom)
	for buf := make([]byte, secretRandom); len(random) < secretRandom; {
		rand.Read(buf)
		for _, b := range buf {
			if b < 4*62 && len(random) < secretRandom { // a modulo of more bytes would make some characters likelier
				random = append(random, base62[b%62])
			}
		}
	}
	return secretMark + string(random) + checksum(string(random))
}

// NewSessionSecret returns the secret of a session or of an invitation's link: 52 characters of base 32, with 260
// random bits. It doesn't have the form of an API token.
func NewSessionSecret() string { return rand.Text() + rand.Text() }

// PersonalMark is the beginning of every personal access token, by which scanners find a leaked one.
const PersonalMark = "5p_"

// NewPersonalSecret returns the secret of a personal access token: the mark and 260 random bits.
func NewPersonalSecret() string { return PersonalMark + NewSessionSecret() }

// inBase62 reports for each byte whether it is a digit of base 62.
var inBase62 = func() (is [256]bool) {
	for _, digit := range []byte(base62) {
		is[digit] = true
	}
	return is
}()

// WellFormed reports whether secret has the format of NewSecret and a valid checksum.
func WellFormed(secret string) bool {
	body, marked := strings.CutPrefix(secret, secretMark)
	if !marked || len(body) != secretRandom+secretCheck {
		return false
	}
	for i := range len(body) {
		if !inBase62[body[i]] {
			return false
		}
	}
	return checksum(body[:secretRandom]) == body[secretRandom:]
}

// checksum returns the CRC-32 of s in base 62, always six characters.
func checksum(s string) string {
	n := crc32.ChecksumIEEE([]byte(s))
	var out [secretCheck]byte
	for i := range out {
		out[secretCheck-1-i] = base62[n%62]
		n /= 62
	}
	return string(out[:])
}

// HashSecret returns the SHA-256 of a secret in hexadecimal. Stores keep only this hash, and find tokens by it.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}
