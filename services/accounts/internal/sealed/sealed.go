// Package sealed encrypts the secrets that accounts stores and has to read again: those of authenticator apps and of
// identity providers. Secrets that are only compared are stored as hashes instead.
//
// Begin with New and Box.Seal. The encryption is AES-256-GCM with a random nonce, under a key that HKDF-SHA-256
// derives from the setting FIVECHAT_SECRET_KEYS. The context of a secret (its kind and its owner's id) is
// authenticated with it, so that a stored value that is moved to another row can't be opened there.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"fivechat.dev/libs/kernel/fault"
)

// Bounds of the setting: the number of keys, and the bytes of one.
const (
	maxKeys = 8
	minKey  = 32
)

// Box seals with its first key and opens with all. It is safe for concurrent use. A Box without keys refuses both.
type Box struct {
	keys []cipher.AEAD
}

// Validate reports keys that New refuses.
func Validate(keys []string) error {
	if len(keys) > maxKeys {
		return fmt.Errorf("FIVECHAT_SECRET_KEYS: more than %d keys", maxKeys)
	}
	for i, k := range keys {
		if len(k) < minKey {
			return fmt.Errorf("FIVECHAT_SECRET_KEYS: key %d is shorter than %d bytes", i+1, minKey)
		}
	}
	return nil
}

// New returns a Box of the keys of the setting, at most 8 of at least 32 bytes each.
func New(keys []string) (*Box, error) {
	if err := Validate(keys); err != nil {
		return nil, err
	}
	b := &Box{}
	for _, k := range keys {
		derived, err := hkdf.Key(sha256.New, []byte(k), nil, "fivechat sealed secrets", 32)
		if err != nil {
			return nil, fmt.Errorf("sealed: %w", err)
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return nil, fmt.Errorf("sealed: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("sealed: %w", err)
		}
		b.keys = append(b.keys, aead)
	}
	return b, nil
}

// Seal returns a secret's encrypted form for a context. The error is Unavailable without keys.
func (b *Box) Seal(secret, context string) (string, error) {
	if len(b.keys) == 0 {
		return "", fault.Coded(
			fault.Unavailable, "secrets_unconfigured",
			"this installation can't store secrets: its operator has to set FIVECHAT_SECRET_KEYS",
		)
	}
	return base64.RawStdEncoding.EncodeToString(b.keys[0].Seal(nil, nil, []byte(secret), []byte(context))), nil
}

// Open returns the secret of an encrypted form. The error is Unavailable if no key opens it: the key was removed from
// the setting, or the form is of another context.
func (b *Box) Open(sealed, context string) (string, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("sealed: %w", err)
	}
	for _, k := range b.keys {
		if secret, err := k.Open(nil, nil, raw, []byte(context)); err == nil {
			return string(secret), nil
		}
	}
	return "", fault.Wrap(
		fault.Unavailable, "a stored secret can't be read",
		errors.New("sealed: no key of FIVECHAT_SECRET_KEYS opens it, or it is another row's"),
	)
}
