package outgoing

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"github.com/emersion/go-msgauth/dkim"
)

// keyOf returns the key of a domain for a private key.
func keyOf(t *testing.T, selector string, private any) Key {
	t.Helper()
	k, err := NewKey("desk.example", selector, pkcs8(t, private))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pkcs8(t *testing.T, private any) []byte {
	t.Helper()
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func ed25519Key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return private
}

// verify returns the error of each signature of a mail.
func verify(t *testing.T, raw []byte, keys ...Key) []error {
	t.Helper()
	all, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			for _, k := range keys {
				if k.RecordName() == name {
					return []string{k.Record()}, nil
				}
			}
			return nil, errors.New("no record")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	for _, v := range all {
		errs = append(errs, v.Err)
	}
	return errs
}

func TestSignaturesVerify(t *testing.T) {
	t.Parallel()
	keys := []Key{keyOf(t, "r1", rsaKey(t, 2048)), keyOf(t, "e1", ed25519Key(t))}
	raw, err := Compose(letter())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := Sign(raw, keys...)
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, signed)
	if !bytes.HasSuffix(signed, raw) {
		t.Error("signing changed the mail")
	}
	if errs := verify(t, signed, keys...); len(errs) != 2 || errs[0] != nil || errs[1] != nil {
		t.Errorf("the signatures are %v", errs)
	}
	for what, changed := range map[string][]byte{
		"subject":       bytes.Replace(signed, []byte("\r\nSubject: "), []byte("\r\nSubject: x"), 1),
		"text":          bytes.Replace(signed, []byte("Hallo"), []byte("Hullo"), 1),
		"a second From": append([]byte("From: b@evil.example\r\n"), signed...),
		"a second type": append([]byte("Content-Type: text/html\r\n"), signed...),
	} {
		for _, err := range verify(t, changed, keys...) {
			if err == nil {
				t.Errorf("the signature is valid after a change of: %s", what)
			}
		}
	}
}

func TestUnusableKeysAreRefused(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := pkcs8(t, ed25519Key(t))
	for name, c := range map[string]struct {
		domain, selector string
		text             []byte
	}{
		"domain":   {"desk example\r\n", "a", good},
		"selector": {"desk.example", "a;b", good},
		"no PEM":   {"desk.example", "a", []byte("secret")},
		"no key":   {"desk.example", "a", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")})},
		"curve":    {"desk.example", "a", pkcs8(t, curve)},
		"no PKCS1": {"desk.example", "a", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("secret")})},
	} {
		_, err := NewKey(c.domain, c.selector, c.text)
		if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
