package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"strings"
)

// The form of an API token's secret: a mark by which scanners find one that leaked, random characters, and a checksum by which a
// mistyped one is told without asking anybody. What the shown beginning leaves unknown are still 160 bits.
const (
	secretMark   = "5c_"
	secretRandom = 32 // 190 bits
	secretCheck  = 6

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewSecret makes an API token's secret.
func NewSecret() string {
	random := make([]byte, 0, secretRandom)
	for buf := make([]byte, secretRandom); len(random) < secretRandom; {
		rand.Read(buf)
		for _, b := range buf {
			if b < 4*62 && len(random) < secretRandom { // the rest would make some characters likelier
				random = append(random, base62[b%62])
			}
		}
	}
	return secretMark + string(random) + checksum(string(random))
}

// inBase62 says which bytes are digits of base 62.
var inBase62 = func() (is [256]bool) {
	for _, digit := range []byte(base62) {
		is[digit] = true
	}
	return is
}()

// WellFormed says whether a secret has the form, and the checksum, of one that NewSecret made.
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

// checksum is a CRC-32 in base 62, always six characters.
func checksum(s string) string {
	n := crc32.ChecksumIEEE([]byte(s))
	var out [secretCheck]byte
	for i := range out {
		out[secretCheck-1-i] = base62[n%62]
		n /= 62
	}
	return string(out[:])
}

// HashSecret is what is kept of a secret, and what one is found by: its SHA-256 in hexadecimal.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}
