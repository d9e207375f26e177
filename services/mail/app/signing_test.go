package app

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"fivechat.dev/services/mail"
)

// TestAnswersAreSignedWithTheKeyOfTheSettings verifies the signature of a mail with the record to publish.
func TestAnswersAreSignedWithTheKeyOfTheSettings(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.Domain, c.SigningKey = "tickets.shop.example", filepath.Join(t.TempDir(), "dkim.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
	if err := os.WriteFile(c.SigningKey, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	keys, err := c.signingKeys(slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil || len(keys) != 1 || !strings.Contains(said.String(), keys[0].Record()) {
		t.Fatal(keys, err, said.String())
	}
	letter := mail.Composition{
		From: mail.Mailbox{Address: "ticket-7@tickets.shop.example"}, To: mail.Mailbox{Address: "vera@c.example"},
		MessageID: "1@tickets.shop.example", Date: time.UnixMilli(1_700_000_000_000), Text: "Yes",
	}
	raw, err := composer{keys}.Compose(letter)
	if err != nil {
		t.Fatal(err)
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			if name != "fivechat._domainkey.tickets.shop.example" {
				t.Errorf("the record of %s is looked up", name)
			}
			return []string{keys[0].Record()}, nil
		},
	})
	if err != nil || len(found) != 1 || found[0].Err != nil || found[0].Domain != c.Domain {
		t.Errorf("the signatures are %+v: %v", found, err)
	}
	if raw, err = (composer{}).Compose(letter); err != nil || bytes.Contains(raw, []byte("DKIM-Signature")) {
		t.Errorf("without a key the mail is signed: %v\n%s", err, raw)
	}
}

func TestWrongSigningKeysAreRefused(t *testing.T) {
	t.Parallel()
	c := Default()
	log := slog.New(slog.DiscardHandler)
	if keys, err := c.signingKeys(log); err != nil || len(keys) != 0 {
		t.Errorf("without a key: %v, %v", keys, err)
	}
	c.SigningKey = filepath.Join(t.TempDir(), "dkim.pem")
	_, err := c.signingKeys(log)
	if err == nil || !strings.Contains(err.Error(), "FIVECHAT_MAIL_DKIM_KEY") {
		t.Errorf("a file that doesn't exist: %v", err)
	}
	if err := os.WriteFile(c.SigningKey, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = c.signingKeys(log)
	if err == nil || !strings.Contains(err.Error(), "must be PEM") ||
		strings.Contains(err.Error(), "secret") {
		t.Errorf("a file that is no key: %v", err)
	}
}
