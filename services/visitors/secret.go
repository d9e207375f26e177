package visitors

import (
	"crypto/subtle"

	"fivechat.dev/libs/kernel/identity"
)

// Owner is what a visitor token stands for.
type Owner struct {
	ID         int64
	SecretHash string // identity.HashSecret of the visitor's secret; "" until one is issued
}

// proves reports whether secret is the owner's. Nothing proves an owner that has no secret yet.
func (o Owner) proves(secret string) bool {
	return o.SecretHash != "" && subtle.ConstantTimeCompare([]byte(o.SecretHash), []byte(identity.HashSecret(secret))) == 1
}

// newSecret makes a visitor's secret of 160 random bits. Only its hash is stored.
func newSecret() string { return "vsec_" + random() }
