// Package proofs verifies what a website's backend signs to state which of its users a visitor is: a JWT with HS256, or
// the hexadecimal HMAC-SHA-256 of the user's id. Begin with Verifier. It knows nothing of where the secrets are.
//
// Invariant: no claim is read before its signature is verified with one of the website's own secrets, and the algorithm
// is never the token's choice.
package proofs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/searchterms"
	"fivechat.dev/services/accounts"
)

// The bounds of a token in time: how far its expiry may lie ahead, and the difference of clocks that is tolerated.
const (
	maxLifetime = 24 * time.Hour
	skew        = 60 * time.Second
)

// The bounds of the claims: a user's id and an e-mail address in bytes, a name in characters.
const (
	maxUserID = 200
	maxEmail  = 254
	maxName   = 100
)

// Verifier implements accounts.ProofVerifier.
type Verifier struct{}

// Verify implements accounts.ProofVerifier.
func (Verifier) Verify(
	p accounts.IdentityProof, secrets []string, now time.Time,
) (accounts.VerifiedIdentity, error) {
	if p.Token != "" {
		return byToken(p, secrets, now)
	}
	if !isUserID(p.UserID) {
		return accounts.VerifiedIdentity{}, fault.Bad("userId", "must be 1 to 200 bytes")
	}
	if !isSigned(p, secrets) {
		return accounts.VerifiedIdentity{}, fault.Bad("userHash",
			"must be the hexadecimal HMAC-SHA-256 of userId with an identity secret of this website")
	}
	return accounts.VerifiedIdentity{UserID: p.UserID}, nil
}

// isSigned reports whether one of the secrets made the hash of the user's id.
func isSigned(p accounts.IdentityProof, secrets []string) bool {
	given, err := hex.DecodeString(p.UserHash)
	if err != nil {
		return false
	}
	for _, secret := range secrets {
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte(p.UserID))
		if hmac.Equal(given, h.Sum(nil)) {
			return true
		}
	}
	return false
}

// claims are the members of a token that are read. Their types are checked after the signature.
type claims struct {
	jwt.RegisteredClaims

	Subject any `json:"sub"`
	Email   any `json:"email"`
	Name    any `json:"name"`
}

func byToken(p accounts.IdentityProof, secrets []string, now time.Time) (accounts.VerifiedIdentity, error) {
	keys := jwt.VerificationKeySet{}
	for _, secret := range secrets {
		keys.Keys = append(keys.Keys, []byte(secret))
	}
	var c claims
	_, err := jwt.ParseWithClaims(p.Token, &c, func(*jwt.Token) (any, error) { return keys, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(skew),
		jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return accounts.VerifiedIdentity{}, fault.Bad("token", problemOf(err))
	}
	if c.ExpiresAt.After(now.Add(maxLifetime + skew)) {
		return accounts.VerifiedIdentity{}, fault.Bad("token", "must expire within 24 hours (claim exp)")
	}
	v, err := c.identity()
	if err == nil && p.UserID != "" && p.UserID != v.UserID {
		err = fault.Bad("userId", "must be the token's claim sub, or absent")
	}
	if err != nil {
		return accounts.VerifiedIdentity{}, err
	}
	return v, nil
}

// problemOf says what is wrong with a token. Nothing is said about the claims of one whose signature is wrong.
func problemOf(err error) string {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return "has expired: sign a new one for each page"
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return "must have the claim exp, at most 24 hours ahead"
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued), errors.Is(err, jwt.ErrTokenNotValidYet):
		return "isn't valid yet (claims iat and nbf): compare the clocks"
	default:
		return "must be a JWT that is signed with HS256 and an identity secret of this website"
	}
}

// identity returns the user that verified claims state.
func (c claims) identity() (v accounts.VerifiedIdentity, err error) {
	var ok bool
	if v.UserID, ok = c.Subject.(string); !ok || !isUserID(v.UserID) {
		return v, fault.Bad("token", "must have the claim sub, the user's id as a text of 1 to 200 bytes")
	}
	if v.Email, ok = text(c.Email); !ok || len(v.Email) > maxEmail || v.Email != "" && !strings.Contains(v.Email, "@") {
		return v, fault.Bad("token", "has an e-mail claim that isn't an address of at most 254 bytes")
	}
	if v.Name, ok = text(c.Name); !ok || utf8.RuneCountInString(v.Name) > maxName {
		return v, fault.Bad("token", "has a claim name that isn't a text of at most 100 characters")
	}
	return v, nil
}

// text returns a claim that may be absent, without spaces around it.
func text(claim any) (string, bool) {
	if claim == nil {
		return "", true
	}
	s, ok := claim.(string)
	return strings.TrimSpace(s), ok && !searchterms.HasControl(s)
}

func isUserID(s string) bool { return s != "" && len(s) <= maxUserID && !searchterms.HasControl(s) }
