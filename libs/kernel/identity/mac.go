package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// macDomain separates the keys of MAC from the keys that sign assertions: neither can be used to forge the other.
const macDomain = "fivechat message authentication 1"

// macKeys derives one key for MAC from each assertion key.
func macKeys(keys [][]byte) [][]byte {
	derived := make([][]byte, len(keys))
	for i, key := range keys {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(macDomain))
		derived[i] = h.Sum(nil)
	}
	return derived
}

// MAC authenticates parts for one purpose (HMAC-SHA-256, base64). Each part is preceded by its length, so that other
// parts or another purpose never have the same MAC.
func (k *Keyring) MAC(purpose string, parts ...string) string {
	return base64.RawStdEncoding.EncodeToString(mac(k.macs[0], purpose, parts))
}

// ValidMAC reports whether one of the keys made a MAC for this purpose and these parts.
func (k *Keyring) ValidMAC(code, purpose string, parts ...string) bool {
	given, err := base64.RawStdEncoding.DecodeString(code)
	if err != nil {
		return false
	}
	for _, key := range k.macs {
		if hmac.Equal(given, mac(key, purpose, parts)) {
			return true
		}
	}
	return false
}

func mac(key []byte, purpose string, parts []string) []byte {
	h := hmac.New(sha256.New, key)
	write := func(part string) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	write(purpose)
	for _, p := range parts {
		write(p)
	}
	return h.Sum(nil)
}
