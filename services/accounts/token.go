package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"strings"
	"time"

	"fivechat.dev/libs/fault"
	"fivechat.dev/libs/identity"
	"fivechat.dev/libs/tenant"
)

// Token is an API token of a website. Its secret is not kept.
type Token struct {
	ID         int64          `bson:"_id"`
	WebsiteID  tenant.ID      `bson:"websiteId"`
	Hash       string         `bson:"hash"`
	Name       string         `bson:"name"`
	Level      identity.Level `bson:"level"`
	Prefix     string         `bson:"prefix"`     // the secret's beginning, for people to recognize it by
	LastUsedAt time.Time      `bson:"lastUsedAt"` // zero: never
	ExpiresAt  time.Time      `bson:"expiresAt"`  // zero: never
	CreatedAt  time.Time      `bson:"createdAt"`
}

// Place is the token's place in a newest-first list.
func (t Token) Place() (time.Time, int64) { return t.CreatedAt, t.ID }

// Expired says that the token's time is over.
func (t Token) Expired(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// NewToken is what an operator states about a token. A zero ExpiresAt is never.
type NewToken struct {
	Name      string
	Level     identity.Level
	ExpiresAt time.Time
}

func (n NewToken) check(now time.Time) error {
	var wrong fault.Problems
	wrong.Check(isName(strings.TrimSpace(n.Name)), "name", nameWanted)
	wrong.Check(n.Level.Valid(), "level", "must be READ, WRITE or READ_WRITE")
	wrong.Check(n.ExpiresAt.IsZero() || n.ExpiresAt.After(now), "expiresAt", "must lie in the future")
	return wrong.Err()
}

// The form of a secret: a mark by which scanners find one that leaked, random characters, and a checksum by which a
// mistyped one is told without asking the store. What the shown prefix leaves unknown are still 160 bits.
const (
	secretMark   = "5c_"
	secretRandom = 32
	secretCheck  = 6
	prefixLength = 8

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewSecret makes a token's secret.
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

// WellFormed says whether a secret has the form, and the checksum, of one that NewSecret made.
func WellFormed(secret string) bool {
	body, marked := strings.CutPrefix(secret, secretMark)
	if !marked || len(body) != secretRandom+secretCheck || strings.Trim(body, base62) != "" {
		return false
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

// Hash is what is kept of a secret, and what one is found by: its SHA-256 in hexadecimal.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
