package outgoing

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"

	"fivechat.dev/libs/kernel/fault"
	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/idna"
)

// minRSA is the size of an RSA key in bits: receivers don't trust smaller ones (RFC 8301).
const minRSA = 1024

// Key is the key of a domain with which mail is signed.
type Key struct {
	domain   string
	selector string
	signer   crypto.Signer
}

// NewKey returns the key of a domain: selector._domainkey.domain has its public part. text is a PEM block with a
// PKCS #8 key (RSA or Ed25519) or a PKCS #1 key. The error is an Invalid fault, which never has a part of the key.
func NewKey(domain, selector string, text []byte) (Key, error) {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || asciiAddress("a@"+ascii) == "" {
		return Key{}, fault.Bad("domain", "must be a domain")
	}
	if !isToken(selector, 63) {
		return Key{}, fault.Bad("selector", "must be letters, digits and hyphens")
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, fault.Bad("key", "must be PEM")
	}
	signer, err := parseSigner(block)
	if err != nil {
		return Key{}, err
	}
	return Key{ascii, selector, signer}, nil
}

func parseSigner(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "RSA PRIVATE KEY" {
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return nil, fault.Bad("key", "must be a private key in PKCS #1 or PKCS #8")
		}
		return checkedRSA(key)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fault.Bad("key", "must be a private key in PKCS #1 or PKCS #8")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return checkedRSA(key)
	case ed25519.PrivateKey:
		return key, nil
	default:
		return nil, fault.Bad("key", "must be RSA or Ed25519")
	}
}

func checkedRSA(key *rsa.PrivateKey) (crypto.Signer, error) {
	if key.N.BitLen() < minRSA {
		return nil, fault.Bad("key", fmt.Sprintf("must have at least %d bits", minRSA))
	}
	return key, nil
}

// RecordName is the name of the DNS record that a receiver looks up.
func (k Key) RecordName() string { return k.selector + "._domainkey." + k.domain }

// Record is the text of that TXT record. A record above 255 bytes is divided into several strings in a zone.
func (k Key) Record() string {
	switch public := k.signer.Public().(type) {
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	default:
		// An RSA key that was parsed can be encoded.
		encoded, _ := x509.MarshalPKIXPublicKey(public)
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(encoded)
	}
}

// signedFields are signed if they exist. Those twice in the list may not be added afterwards either.
var signedFields = []string{
	"From", "From", "To", "To", "Cc", "Subject", "Subject", "Date", "Date", "Message-ID", "Reply-To", "Reply-To",
	"In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Type", "Auto-Submitted", "List-Unsubscribe",
	"List-Unsubscribe-Post", "Content-Language",
}

// Sign returns a mail with a signature of each key in front: an RSA key beside an Ed25519 key, because many receivers
// know RSA only.
func Sign(raw []byte, keys ...Key) ([]byte, error) {
	signatures := ""
	for _, k := range keys {
		s, err := dkim.NewSigner(&dkim.SignOptions{
			Domain:                 k.domain,
			Selector:               k.selector,
			Signer:                 k.signer,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed,
			BodyCanonicalization:   dkim.CanonicalizationRelaxed,
			HeaderKeys:             signedFields,
		})
		if err != nil {
			return nil, fmt.Errorf("signing for %s: %w", k.domain, err)
		}
		if _, err := s.Write(raw); err != nil {
			return nil, fmt.Errorf("signing for %s: %w", k.domain, err)
		}
		if err := s.Close(); err != nil {
			return nil, fmt.Errorf("signing for %s: %w", k.domain, err)
		}
		signatures += s.Signature()
	}
	return append(bytes.NewBufferString(signatures).Bytes(), raw...), nil
}
