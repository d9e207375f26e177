package visitors

import (
	"slices"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/visitorcontext"
)

// Identity is the user of the website that a visitor is. If it is verified, the website's backend has signed every
// member. Otherwise the page states it, and anyone could have. Identities aren't changed but replaced.
type Identity struct {
	UserID   string   `bson:"userId"`
	Email    string   `bson:"email"` // "" if unknown
	Name     string   `bson:"name"`  // "" if unknown
	Verified bool     `bson:"verified"`
	Devices  []string `bson:"devices,omitempty"` // tokens of further devices, the oldest first; each has its own secret
}

// maxDevices is how many further devices of a visitor are known. The next one replaces the oldest.
const maxDevices = 20

// Claim is what a page says about the user that its visitor is. With a token or a hash it can be verified.
type Claim struct {
	UserID   string // with Token it may be "": the token states it
	Email    string // only of an unverified claim
	UserHash string // HMAC-SHA-256 of UserID with an identity secret of the website, in hexadecimal
	Token    string // JWT, signed with an identity secret of the website
}

// Empty reports whether the page names no user. An address alone is nothing.
func (c Claim) Empty() bool { return c.UserID == "" && !c.signed() }

// signed reports whether the claim is to be verified.
func (c Claim) signed() bool { return c.UserHash != "" || c.Token != "" }

// The maximum lengths of a user's id, an e-mail address and a token, in bytes.
const (
	maxUserID = 200
	maxEmail  = 254
	maxProof  = 4 << 10
)

// Validate returns an Invalid fault that lists every wrong field.
func (c Claim) Validate() error {
	var wrong fault.Problems
	wrong.Check(len(c.UserID) <= maxUserID && (c.UserID != "" || c.UserHash == ""), "userId", "must be 1 to 200 bytes")
	wrong.Check(len(c.Email) <= maxEmail, "email", "must be at most 254 bytes")
	wrong.Check(len(c.Token) <= maxProof, "token", "must be at most 4096 bytes")
	wrong.Check(len(c.UserHash) <= maxProof, "userHash", "must be 64 hexadecimal digits")
	wrong.Check(c.Token == "" || c.UserHash == "", "userHash", "must be absent if there is a token")
	return fault.Within("identity", wrong.Err())
}

// user is the identity that a claim states without proof.
func (c Claim) user() *Identity { return &Identity{UserID: c.UserID, Email: c.Email} }

// verified reports whether the website's backend has signed who the visitor is.
func (v Visitor) verified() bool { return v.Identity != nil && v.Identity.Verified }

// accepts reports whether the visitor can be the user of an identity: nothing says that they are another user.
func (v Visitor) accepts(user *Identity) bool {
	return user == nil || v.Identity == nil || v.Identity.UserID == user.UserID
}

// as returns the visitor with what an identity adds to what is known. An unverified one changes nothing about a
// verified visitor. The error is Conflict if the visitor is another user by now.
func (v Visitor) as(user *Identity) (Visitor, error) {
	switch {
	case !v.accepts(user):
		return v, fault.New(fault.Conflict, "the visitor is another user by now")
	case user == nil, v.verified() && !user.Verified:
		return v, nil
	}
	next := *user
	if was := v.Identity; was != nil {
		next.Devices = was.Devices
		if was.Verified == user.Verified {
			next.Email, next.Name = orElse(user.Email, was.Email), orElse(user.Name, was.Name)
		}
	}
	if user.Name != "" && (v.Identity == nil || v.Identity.Name != user.Name) {
		v.Name = user.Name
	}
	v.Identity = &next
	if next.Verified {
		v.VerifiedUser = next.UserID
	}
	return v, nil
}

// adds reports whether as changes the visitor.
func (v Visitor) adds(user *Identity) bool {
	next, err := v.as(user)
	if err != nil || next.Identity == v.Identity {
		return err != nil
	}
	is, was := *next.Identity, Identity{}
	if v.Identity != nil {
		was = *v.Identity
	}
	return is.UserID != was.UserID || is.Email != was.Email || is.Name != was.Name || is.Verified != was.Verified
}

// withDevice returns the visitor with a further device, which is known by a token and a secret of its own.
func (v Visitor) withDevice(token, secret string) Visitor {
	next := *v.Identity
	next.Devices = append(slices.Clone(next.Devices), token)
	next.Devices = next.Devices[max(0, len(next.Devices)-maxDevices):]
	v.Identity, v.SecretHash = &next, identity.HashSecret(secret)
	return v
}

// Tokens are all tokens of the visitor: their own, and those of further devices.
func (v Visitor) Tokens() []string {
	if v.Identity == nil {
		return []string{v.Token}
	}
	return append([]string{v.Token}, v.Identity.Devices...)
}

// said returns the part of a page's patch that takes effect: what is verified can't be overwritten. The context of a
// verified visitor has no userId, and no e-mail address if it is verified; Identity has them.
func (p Patch) said(v Visitor) Patch {
	if !v.verified() {
		return p
	}
	if v.Identity.Name != "" {
		p.Name.Set, p.Name.Null, p.Name.V = false, false, ""
	}
	kept := visitorcontext.Context{"userId": null}
	if v.Identity.Email != "" {
		kept["email"] = null
	}
	for key, value := range p.Context {
		if kept[key] == nil {
			kept[key] = value
		}
	}
	p.Context = kept
	return p
}

// null removes a key of a context.
var null = []byte("null")

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
