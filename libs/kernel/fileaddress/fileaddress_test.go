package fileaddress_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/tenant"
)

func keyring(t *testing.T, signature string) *identity.Keyring {
	t.Helper()
	ring, err := identity.NewKeyring([]byte(strings.Repeat(signature, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// signatureOf returns the signature of an address.
func signatureOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Path, "/files/7/") {
		t.Fatalf("the address is %s: %v", address, err)
	}
	return u.Query().Get("signature")
}

func TestAddressOpensOneFileForALimitedTime(t *testing.T) {
	t.Parallel()
	website, _ := tenant.New(3)
	now := time.Date(2026, 12, 1, 11, 59, 0, 0, time.UTC)
	s := fileaddress.New(keyring(t, "a"), func() time.Time { return now })
	signature := signatureOf(t, s.Of(website, 7, fileaddress.Content))
	if got, err := s.Check(7, fileaddress.Content, signature); err != nil || got != website {
		t.Errorf("a valid address: %v, %v", got, err)
	}
	for name, c := range map[string]struct {
		file      id.File
		part      fileaddress.Part
		signature string
	}{
		"another file":    {8, fileaddress.Content, signature},
		"another part":    {7, fileaddress.Thumbnail, signature},
		"another website": {7, fileaddress.Content, "4" + signature[1:]},
		"a later end":     {7, fileaddress.Content, strings.Replace(signature, ".1", ".2", 1)},
		"no signature":    {7, fileaddress.Content, ""},
		"noise":           {7, fileaddress.Content, "3.x.y"},
	} {
		if _, err := s.Check(c.file, c.part, c.signature); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := fileaddress.New(keyring(t, "b"), func() time.Time { return now })
	if _, err := other.Check(7, fileaddress.Content, signature); !fault.Is(err, fault.NotFound) {
		t.Errorf("the address of another installation: %v", err)
	}
	now = now.Add(12 * time.Hour)
	if _, err := s.Check(7, fileaddress.Content, signature); err != nil {
		t.Errorf("after 12 hours: %v", err)
	}
	now = now.Add(12 * time.Hour)
	if _, err := s.Check(7, fileaddress.Content, signature); fault.From(err).Code != "address_expired" {
		t.Errorf("after 24 hours: %v", err)
	}
}

func TestAddressStaysTheSameForHours(t *testing.T) {
	t.Parallel()
	website, _ := tenant.New(3)
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	s := fileaddress.New(keyring(t, "a"), func() time.Time { return now })
	first := s.Of(website, 7, fileaddress.Content)
	now = now.Add(11 * time.Hour)
	if again := s.Of(website, 7, fileaddress.Content); again != first {
		t.Errorf("%s, then %s", first, again)
	}
}
