package visitors

import (
	"crypto/subtle"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
)

// Owner is the visitor that a token belongs to.
type Owner struct {
	ID         id.Visitor
	SecretHash string // identity.HashSecret of the visitor's secret; "" until one is issued
	// IsRefused is whether the website serves verified visitors only, and the visitor isn't. Only Resolve sets it.
	IsRefused bool
	IsBlocked bool // as Visitor.IsBlocked
}

// proves reports whether secret is the owner's. It is false for every secret if the owner has none yet.
func (o Owner) proves(secret string) bool {
	return o.SecretHash != "" && subtle.ConstantTimeCompare([]byte(o.SecretHash), []byte(identity.HashSecret(secret))) == 1
}

// newSecret returns a visitor's secret of 160 random bits. Only its hash is stored.
func newSecret() string { return "vsec_" + random() }
